/**
 * Which pages may use the server (docs/protocol.md, "Cross-site requests").
 *
 * @module
 */

/**
 * Tells why a request's origin is refused. Browsers send `Origin` with every WebSocket handshake, and with
 * whatever a script of another site asks, and let no page choose it (RFC 6455, section 10.2), so that a page
 * of another site cannot use its visitor's network or name. A GET that no script made, such as that of an
 * image, has none; of these browsers say with `Sec-Fetch-Site` where they come from (W3C Fetch Metadata). A
 * request without either is not a page's.
 *
 * @param request The request.
 * @param allowedOrigins Serialized origins beside the server's own, or `*`.
 * @returns The reason, or `undefined` where the request is allowed.
 */
export function checkOrigin(
  request: Request,
  allowedOrigins: readonly string[],
): string | undefined {
  const origin = request.headers.get("Origin");
  if (origin !== null) {
    return isAllowedOrigin(origin, request.headers.get("Host"), allowedOrigins)
      ? undefined
      : "Origin is not allowed";
  }
  const site = request.headers.get("Sec-Fetch-Site") ?? "none";
  // `none`: the user's own doing, such as an address that was typed.
  const isOwn = site === "none" || site === "same-origin";
  return isOwn || allowedOrigins.includes("*") ? undefined : "Another site may not ask for this";
}

/**
 * Whether pages of an origin may use the server.
 *
 * @param origin The value of `Origin`; `null` stands for what has no origin, and is not allowed.
 * @param host The value of `Host`.
 * @param allowedOrigins Serialized origins beside the server's own, or `*`.
 */
export function isAllowedOrigin(
  origin: string,
  host: string | null,
  allowedOrigins: readonly string[],
): boolean {
  return allowedOrigins.includes("*") || allowedOrigins.includes(origin) ||
    isSameOrigin(origin, host);
}

/** Compares host and port only: behind a proxy that ends TLS, the page's scheme is not the server's. */
function isSameOrigin(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.origin !== origin) return false; // `null`, or more than an origin
  const own = `${url.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === url.host;
}
