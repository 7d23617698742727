import { assert, assertEquals } from "@std/assert";
import { CLIENTS_MAX } from "./dialects.ts";
import { clientsIn, SCENARIOS, titleOf } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";

/** Descriptors that a process may have, less some for itself. */
const DESCRIPTORS_MAX = 20_000 - 100;

Deno.test("a scenario is for servers that there are, and divides by some of them", () => {
  for (const [name, { servers, against = [] }] of Object.entries(SCENARIOS)) {
    assertEquals(servers.filter((server) => !(server in SERVERS)), [], name);
    assertEquals(against.filter((server) => !servers.includes(server)), [], name);
  }
});

Deno.test("whoever speaks has a name of the usual width, and all fit into a process", () => {
  for (const scenario of Object.values(SCENARIOS)) {
    if (scenario.kind === "closed" || scenario.kind === "open") {
      assert(scenario.clients <= CLIENTS_MAX);
    }
    assert(clientsIn(scenario) <= DESCRIPTORS_MAX, titleOf(scenario));
  }
});

Deno.test("no two scenarios have one title", () => {
  const titles = Object.values(SCENARIOS).map(titleOf);
  assertEquals(new Set(titles).size, titles.length);
});
