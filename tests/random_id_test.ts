import { assertEquals, assertMatch } from "@std/assert";
import { randomId } from "../lib/random_id.ts";

Deno.test("ids have 12 characters of Base64url, and no two are the same", () => {
  const ids = Array.from({ length: 1000 }, randomId);
  for (const id of ids) assertMatch(id, /^[\w-]{12}$/);
  assertEquals(new Set(ids).size, ids.length);
});
