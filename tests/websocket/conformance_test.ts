import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createMask, encodeCloseFrame } from "../../lib/websocket/frame.ts";
import { RawClient, type RawEvent } from "../support/raw_client.ts";
import { startServer } from "../support/server.ts";
import { longCases, SHORT_CASES } from "./conformance_cases.ts";
import type { ConformanceCase } from "./conformance_frames.ts";

const MIB = 1024 * 1024;
const ENV = {
  TRANSPORT: "frames",
  ECHO_BYTES_MAX: `${16 * MIB}`,
  SEND_BUFFER_BYTES_MAX: `${64 * MIB}`,
};

/** Sends a case in pieces of a size, and checks all that comes back, up to the end of the connection. */
async function check(port: number, one: ConformanceCase, size: number): Promise<void> {
  const { id, what, bytes, events, close } = one;
  const name = `${id}: ${what}, by ${size}`;
  using client = await RawClient.open(port, "/ws");
  const written = (async () => {
    for (let at = 0; at < bytes.length; at += size) {
      await client.write(bytes.subarray(at, at + size));
    }
    if (close === undefined) await client.write(encodeCloseFrame(1000, "", createMask()));
  })();
  for (const event of events) assertSame(await client.next(), event, name);
  const end = await client.next();
  assertEquals(end.type === "close" ? end.code : end, close ?? 1000, name);
  await written;
  assertEquals(await client.next(), { type: "end" }, name);
}

/** Without a comparison of every byte by the assertion, which takes minutes for megabytes. */
function assertSame(actual: RawEvent, expected: RawEvent, name: string): void {
  if (actual.type === "text" && expected.type === "text" && actual.text === expected.text) return;
  if (actual.type === "binary" && expected.type === "binary") {
    if (Buffer.compare(actual.bytes, expected.bytes) === 0) return;
  }
  assertEquals(actual, expected, name);
}

Deno.test("every short case of the conformance suite holds, whole and byte by byte", async () => {
  await using server = await startServer(ENV);
  for (const one of SHORT_CASES) {
    await check(server.port, one, one.bytes.length || 1);
    if (one.bytes.length < 1024) await check(server.port, one, 1);
    else await check(server.port, one, 997);
  }
});

Deno.test("every long case of the conformance suite holds, whole and in pieces", async () => {
  await using server = await startServer(ENV);
  for (const one of longCases()) {
    await check(server.port, one, one.bytes.length || 1);
    if (one.bytes.length <= 4 * MIB) await check(server.port, one, 1460);
  }
});
