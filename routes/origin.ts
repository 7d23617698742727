/**
 * Which pages may connect (docs/protocol.md, "Refusals before the upgrade").
 *
 * @module
 */

/**
 * Tells why a request's `Origin` is refused. Browsers send one with every WebSocket handshake and let no
 * page choose it (RFC 6455, section 10.2), so that a page of another site cannot use its visitor's
 * network or name; a request without one is not a page's.
 *
 * @param request The request.
 * @param allowedOrigins Serialized origins beside the server's own, or `*`.
 * @returns The reason, or `undefined` where the origin is allowed.
 */
export function checkOrigin(
  request: Request,
  allowedOrigins: readonly string[],
): string | undefined {
  const origin = request.headers.get("Origin");
  if (origin === null || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) {
    return undefined;
  }
  return isSameOrigin(origin, request.headers.get("Host")) ? undefined : "Origin is not allowed";
}

/** Compares host and port only: behind a proxy that ends TLS, the page's scheme is not the server's. */
function isSameOrigin(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.origin !== origin) return false; // `null`, or more than an origin
  const own = `${url.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === url.host;
}
