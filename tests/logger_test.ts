import { assertEquals } from "@std/assert";
import type { LogFormat } from "../lib/config.ts";
import { createLogger, holdBack } from "../lib/logger.ts";

function logged(format: LogFormat, name: string): string[] {
  const lines: string[] = [];
  createLogger(format, (line) => lines.push(line), () => 0).error("Refused", { name, count: 2 });
  return lines;
}

Deno.test("a JSON line is one object", () => {
  assertEquals(logged("json", "alice").map((line) => JSON.parse(line)), [
    {
      time: "1970-01-01T00:00:00.000Z",
      level: "error",
      message: "Refused",
      name: "alice",
      count: 2,
    },
  ]);
});

Deno.test("a text line has the time, the level, the message and the fields", () => {
  assertEquals(logged("text", "alice"), [
    '1970-01-01T00:00:00.000Z error Refused name="alice" count=2',
  ]);
});

Deno.test("no value makes a line of its own, nor a control sequence for a terminal", () => {
  for (const format of ["text", "json"] as const) {
    const [line, ...more] = logged(format, "a\r\nb\u001b[2J\u009b2J\u2028c");
    assertEquals(more, []);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(line!), false, line);
  }
});

Deno.test("lines below the level are not written, and fields without a value neither", () => {
  const levels = ["debug", "info", "warn", "error"] as const;
  for (const [rank, level] of levels.entries()) {
    const lines: string[] = [];
    const logger = createLogger("text", (line) => lines.push(line), () => 0, level);
    for (const own of levels) logger[own]("It happened", { at: undefined });
    const written = levels.slice(rank).map((own) => `1970-01-01T00:00:00.000Z ${own} It happened`);
    assertEquals(lines, written);
  }
});

Deno.test("lines that are held back come in their order once they may, with the others behind them", () => {
  const lines: string[] = [];
  const logger = holdBack(createLogger("text", (line) => lines.push(line), () => 0));
  logger.warn("One");
  logger.debug("Below the level");
  logger.error("Two", { a: 1 });
  assertEquals(lines, []);
  logger.release();
  logger.info("Three");
  logger.release();
  assertEquals(lines.map((line) => line.slice(25)), ["warn One", "error Two a=1", "info Three"]);
});
