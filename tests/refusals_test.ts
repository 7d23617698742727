import { assert, assertEquals } from "@std/assert";
import { REFUSAL_LINES_MAX, REFUSAL_LINES_MS } from "../lib/limits.ts";
import { createLogger } from "../lib/logger.ts";
import { Refusals } from "../lib/refusals.ts";
import { FakeClock } from "./support/fake_clock.ts";

const WHO = { address: "192.0.2.1", requestId: "id" };

function createRefusals() {
  const clock = new FakeClock(), lines: string[] = [];
  const logger = createLogger("json", (line) => lines.push(line), () => 0);
  return { clock, lines, refusals: new Refusals(logger, clock) };
}

Deno.test("refusals are counted by cause, and each cause has its own lines", () => {
  const { lines, refusals } = createRefusals();
  refusals.refused("busy", WHO);
  refusals.refused("forbidden", { address: "192.0.2.2", requestId: undefined });
  refusals.refused("busy", WHO);
  refusals.count("internal");
  assertEquals([...refusals.counts], [["busy", 2], ["forbidden", 1], ["internal", 1]]);
  const told = lines.map((line) => JSON.parse(line));
  assertEquals(told.map(({ cause, address, requestId }) => [cause, address, requestId]), [
    ["busy", "192.0.2.1", "id"],
    ["forbidden", "192.0.2.2", undefined],
    ["busy", "192.0.2.1", "id"],
  ]);
});

Deno.test("a flood of refusals does not flood the log, which says how many were left out", async () => {
  const { clock, lines, refusals } = createRefusals();
  for (let i = 0; i < REFUSAL_LINES_MAX; i++) refusals.refused("rate_limited", WHO);
  assertEquals(lines.length, REFUSAL_LINES_MAX);
  for (let i = 0; i < 1234; i++) refusals.refused("rate_limited", WHO);
  assertEquals(lines.length, REFUSAL_LINES_MAX);
  await clock.advance(REFUSAL_LINES_MS);
  assertEquals(lines.length, REFUSAL_LINES_MAX + 1);
  const { message, cause, more } = JSON.parse(lines.at(-1)!);
  assertEquals([message, cause, more], ["Refused, and 1,234 more", "rate_limited", 1234]);
  refusals.refused("rate_limited", WHO);
  assertEquals(lines.length, REFUSAL_LINES_MAX + 2, "a new window");
  await clock.advance(REFUSAL_LINES_MS);
  assertEquals(lines.length, REFUSAL_LINES_MAX + 2, "nothing was left out");
  assertEquals(refusals.counts.get("rate_limited"), REFUSAL_LINES_MAX + 1235);
});

Deno.test("what was left out is said before the process ends, once", async () => {
  const { clock, lines, refusals } = createRefusals();
  for (let i = 0; i <= REFUSAL_LINES_MAX; i++) refusals.refused("busy", WHO);
  refusals.close();
  assertEquals(JSON.parse(lines.at(-1)!).more, 1);
  const { length } = lines;
  await clock.advance(REFUSAL_LINES_MS);
  assert(lines.length === length);
});
