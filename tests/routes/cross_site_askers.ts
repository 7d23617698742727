/**
 * The pages that ask: own ones, allowed ones, and those of other sites.
 *
 * @module
 */

/** A page that asks, and whether it may. */
export interface Asker {
  readonly why: string;
  readonly headers: Record<string, string>;
  readonly isAllowed: boolean;
}

/** A page by its origin. */
export const origin = (value: string, isAllowed: boolean, why = value): Asker => ({
  why,
  headers: { "Origin": value },
  isAllowed,
});

const site = (value: string, isAllowed: boolean, more: Record<string, string> = {}): Asker => ({
  why: `Sec-Fetch-Site: ${value} ${JSON.stringify(more)}`,
  headers: { "Sec-Fetch-Site": value, ...more },
  isAllowed,
});

/** With ALLOWED_ORIGINS=https://shop.example,http://localhost:3000. */
export const LISTED: readonly Asker[] = [
  { why: "no page", headers: {}, isAllowed: true },
  origin("https://chat.example", true, "the own origin"),
  origin("http://chat.example", true, "the own origin, before a proxy that ends TLS"),
  origin("https://shop.example", true, "the first of the list"),
  origin("http://localhost:3000", true, "the second of the list"),
  origin("https://shop.example.evil.example", false, "more at the end"),
  origin("https://shop.example.evil", false, "another suffix"),
  origin("https://evilshop.example", false, "more at the beginning"),
  origin("https://evil.shop.example", false, "a subdomain"),
  origin("https://chat.example.evil.example", false, "the own name and more"),
  origin("https://evilchat.example", false, "the own name after more"),
  origin("https://example", false, "the parent"),
  origin("http://shop.example", false, "another scheme"),
  origin("https://localhost:3000", false, "another scheme with the port"),
  origin("https://shop.example:443", false, "the default port, which browsers leave out"),
  origin("https://shop.example:8443", false, "another port"),
  origin("http://localhost", false, "without its port"),
  origin("http://localhost:30000", false, "a longer port"),
  origin("https://chat.example:8443", false, "another port of the own host"),
  origin("https://chat.example:80", false, "another scheme's port"),
  origin("HTTPS://SHOP.EXAMPLE", false, "upper case, which browsers do not send"),
  origin("https://Chat.example", false, "a capital letter"),
  origin("https://shop.example.", false, "a trailing dot"),
  origin("https://chat.example.", false, "a trailing dot after the own name"),
  origin("https://shop.example/", false, "a path"),
  origin("https://shop.example?", false, "a query"),
  origin("https://shop.example#", false, "a fragment"),
  origin("https://user@shop.example", false, "a user"),
  origin("https://shop.example@evil.example", false, "the name as a user"),
  origin("https://shop.example:x@evil.example", false, "the name as a user with a password"),
  origin("https://shop.example\\@evil.example", false, "a backslash"),
  origin("https://shop.example, https://shop.example", false, "the same twice"),
  origin("https://shop.example https://evil.example", false, "two in one"),
  origin("https://evil.example, https://shop.example", false, "two"),
  origin("null", false),
  origin("", false, "empty"),
  origin("*", false),
  origin("shop.example", false, "no scheme"),
  origin("//shop.example", false, "no scheme, with slashes"),
  origin("file://", false, "a file"),
  origin("data:text/html,hi", false, "data"),
  origin("chrome-extension://shop.example", false, "an extension"),
  origin("https://xn--shp-qla.example", false, "another name"),
  site("none", true),
  site("same-origin", true),
  site("same-site", false),
  site("cross-site", false),
  site("", false),
  site("Same-Origin", false),
  site("same-origin, cross-site", false),
  site("cross-site", true, { "Origin": "https://shop.example" }),
  site("same-site", true, { "Origin": "https://chat.example" }),
  site("same-origin", false, { "Origin": "https://evil.example" }),
  site("none", false, { "Origin": "null" }),
];

/** With ALLOWED_ORIGINS=*. */
export const EVERYBODY: readonly Asker[] = [
  origin("https://evil.example", true),
  origin("null", true),
  origin("http://localhost:1", true),
  site("cross-site", true),
  site("same-site", true),
];

/** Without ALLOWED_ORIGINS. */
export const NOBODY: readonly Asker[] = [
  origin("https://chat.example", true),
  origin("https://shop.example", false),
  origin("null", false),
  site("cross-site", false),
];

/** With the server at another port. */
export const AT_PORT: readonly Asker[] = [
  origin("http://chat.example:8000", true),
  origin("https://chat.example:8000", true),
  origin("http://chat.example", false),
  origin("http://chat.example:80", false),
  origin("http://chat.example:8001", false),
];
