import { assertEquals } from "@std/assert";
import { ConnectionCounter } from "../lib/connection_counter.ts";
import { REFUSED_SOCKETS_MAX, REFUSED_SOCKETS_PER_IP_MAX } from "../lib/limits.ts";

Deno.test("sockets are admitted up to the limit, then told that the server is full, then turned away", () => {
  const counter = new ConnectionCounter({ connectionsMax: 3, connectionsPerIpMax: 0 });
  const admissions = Array.from(
    { length: 3 + REFUSED_SOCKETS_MAX + 1 },
    (_, i) => counter.enter(`address ${i}`, "plain"),
  );
  assertEquals(admissions.slice(0, 4), ["admitted", "admitted", "admitted", "full"]);
  assertEquals(admissions.slice(-2), ["full", "turned away"]);
  assertEquals(counter.total, 3 + REFUSED_SOCKETS_MAX);
});

Deno.test("one address is limited, another is not", () => {
  const counter = new ConnectionCounter({ connectionsMax: 0, connectionsPerIpMax: 2 });
  const admissions = Array.from(
    { length: 2 + REFUSED_SOCKETS_PER_IP_MAX + 1 },
    () => counter.enter("a", "plain"),
  );
  assertEquals(admissions.slice(1, 3), ["admitted", "full"]);
  assertEquals(admissions.slice(-2), ["full", "turned away"]);
  assertEquals(counter.enter("b", "plain"), "admitted");
});

Deno.test("who leaves makes room, and an address without sockets is forgotten", () => {
  const counter = new ConnectionCounter({ connectionsMax: 0, connectionsPerIpMax: 1 });
  assertEquals(counter.enter("a", "plain"), "admitted");
  assertEquals(counter.enter("a", "plain"), "full");
  counter.leave("a", "plain");
  assertEquals(counter.enter("a", "plain"), "full");
  counter.leave("a", "plain");
  counter.leave("a", "plain");
  assertEquals([counter.total, counter.addresses], [0, 0]);
  assertEquals(counter.enter("a", "plain"), "admitted");
});

Deno.test("0 is no limit", () => {
  const counter = new ConnectionCounter({ connectionsMax: 0, connectionsPerIpMax: 0 });
  for (let i = 0; i < 50_000; i++) assertEquals(counter.enter("a", "plain"), "admitted");
});
