/**
 * Which address a request came from, for the limits on addresses.
 *
 * @module
 */

/**
 * The client's address, seen through a known number of proxies. Each proxy appends the address that it
 * saw to `X-Forwarded-For`, so that only the last `trustProxy` entries are not the client's own words.
 *
 * @param remote The address of the connection itself.
 * @param forwardedFor The value of `X-Forwarded-For`, or `null`.
 * @param trustProxy How many proxies stand in front of the server.
 * @returns The address, as {@linkcode addressKey} makes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clientAddress } from "./address.ts";
 *
 * assertEquals(clientAddress("10.0.0.1", "6.6.6.6, 203.0.113.7", 1), "203.0.113.7");
 * assertEquals(clientAddress("10.0.0.1", "6.6.6.6, 203.0.113.7", 0), "10.0.0.1");
 * ```
 */
export function clientAddress(
  remote: string,
  forwardedFor: string | null,
  trustProxy: number,
): string {
  if (trustProxy === 0 || forwardedFor === null) return addressKey(remote) ?? remote;
  const hops = forwardedFor.split(",").slice(-trustProxy);
  return addressKey(hops[0]!.trim()) ?? addressKey(remote) ?? remote;
}

/**
 * What the limits take for one address: an IPv4 address whole, an IPv6 address by its first 64 bits
 * (RFC 4291, section 2.5.1: the rest is one site's own to choose), an IPv4-mapped one as IPv4.
 *
 * @param address An IP address, perhaps with a port or a zone.
 * @returns The key, or `undefined` where the text is no IP address.
 */
export function addressKey(address: string): string | undefined {
  const ipv4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?$/.exec(address)?.[1];
  if (ipv4 !== undefined) return URL.canParse(`http://${ipv4}`) ? ipv4 : undefined;
  const ipv6 = /^\[?([\da-f:.]+)(?:%[^\]]*)?(?:\](?::\d+)?)?$/i.exec(address)?.[1];
  if (ipv6 === undefined || !URL.canParse(`http://[${ipv6}]`)) return undefined;
  const groups = ipv6Groups(new URL(`http://[${ipv6}]`).hostname.slice(1, -1));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join(".");
  }
  return groups.slice(0, 4).map((group) => group.toString(16)).join(":") + "::/64";
}

/** The eight groups of an IPv6 address in the URL standard's form: hexadecimal, at most one `::`. */
function ipv6Groups(hostname: string): number[] {
  const [head = "", tail] = hostname.split("::").map((part) => part === "" ? [] : part.split(":"));
  const start = [...head], end = tail ?? [];
  const zeros = Array<string>(8 - start.length - end.length).fill("0");
  return [...start, ...zeros, ...end].map((group) => parseInt(group, 16));
}
