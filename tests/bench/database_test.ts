import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { makeDatabase, removeDatabases } from "./database.ts";

Deno.test("a server without a database is told nothing, one in memory makes no file", () => {
  assertEquals(makeDatabase({}).env, {});
  assertEquals(makeDatabase({ database: ":memory:" }).env, { DATABASE: ":memory:" });
});

Deno.test("a file is a fresh one each time, and its directory goes away with it", () => {
  const first = makeDatabase({ database: "a file" });
  const second = makeDatabase({ database: "a file" });
  const [one, two] = [first, second].map(({ env }) => env["DATABASE"]!);
  try {
    assert(one !== two);
    assert(one!.includes("/data/bench-"));
    Deno.writeTextFileSync(one!, "");
    first.remove();
    first.remove();
    assertThrows(() => Deno.statSync(dirname(one!)), Deno.errors.NotFound);
    assert(Deno.statSync(dirname(two!)).isDirectory);
  } finally {
    removeDatabases();
  }
  assertThrows(() => Deno.statSync(dirname(two!)), Deno.errors.NotFound);
});
