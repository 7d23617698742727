import { assertEquals } from "@std/assert";
import { addressKey, clientAddress } from "../lib/address.ts";

Deno.test("an address is counted under its key", () => {
  const keys: readonly (readonly [address: string, key: string | undefined])[] = [
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:5678", "203.0.113.7"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
    ["[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["999.1.1.1", undefined],
    ["example.com", undefined],
    ["1:2", undefined],
    ["", undefined],
    ["unknown", undefined],
  ];
  for (const [address, key] of keys) assertEquals(addressKey(address), key, address);
});

Deno.test("as many entries of X-Forwarded-For are believed as there are proxies", () => {
  const forwarded = "6.6.6.6, 203.0.113.7, 10.0.0.2";
  assertEquals(clientAddress("10.0.0.1", forwarded, 0), "10.0.0.1");
  assertEquals(clientAddress("10.0.0.1", forwarded, 1), "10.0.0.2");
  assertEquals(clientAddress("10.0.0.1", forwarded, 2), "203.0.113.7");
  assertEquals(clientAddress("10.0.0.1", "203.0.113.7", 2), "203.0.113.7");
  assertEquals(clientAddress("10.0.0.1", null, 2), "10.0.0.1");
});

Deno.test("an entry that is no address counts as the proxy's own", () => {
  for (const entry of ["unknown", "_hidden", "<script>", "", "1.2.3", "a".repeat(10_000)]) {
    assertEquals(clientAddress("10.0.0.1", entry, 1), "10.0.0.1");
  }
});
