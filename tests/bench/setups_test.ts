import { assert, assertEquals } from "@std/assert";
import { CLIENTS_MAX } from "./dialects.ts";
import { clientsIn } from "./scenarios.ts";
import { CLUSTER_SCENARIOS, COUNTED_RATE, LOCAL, SETUPS } from "./setups.ts";

Deno.test("a load is for setups that there are, and for the one that others are compared with", () => {
  for (const [name, { servers }] of Object.entries(CLUSTER_SCENARIOS)) {
    assertEquals(servers.filter((setup) => !(setup in SETUPS)), [], name);
    assert(servers.includes(LOCAL), name);
  }
});

Deno.test("everybody has a name of the usual width, and each instance as many clients", () => {
  for (const [name, scenario] of Object.entries(CLUSTER_SCENARIOS)) {
    assert(clientsIn(scenario) <= CLIENTS_MAX, name);
    for (const setup of scenario.servers) {
      const { instances } = SETUPS[setup]!;
      assertEquals(Math.floor(clientsIn(scenario) / instances) > 1, true, `${name} ${setup}`);
    }
  }
});

Deno.test("several instances share a log", () => {
  for (const [name, { instances, keeping }] of Object.entries(SETUPS)) {
    assertEquals(instances > 1 && keeping === undefined, false, name);
  }
});

Deno.test("round trips are counted at the rate that is said, in whole bursts", () => {
  const counted = CLUSTER_SCENARIOS["counted"]!;
  assert(counted.kind === "open");
  assertEquals(counted.messagesPerSecond, COUNTED_RATE);
  assertEquals(COUNTED_RATE % counted.burst!, 0);
});
