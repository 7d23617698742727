import { assert, assertEquals } from "@std/assert";
import { until } from "../support/deadline.ts";
import { descriptorCount, residentBytes } from "../support/process.ts";
import { RawClient } from "../support/raw_client.ts";
import { head, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege } from "../support/siege.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";

const KEY = "hushed-key-of-the-writer-1";
const MEBIBYTE = 1024 * 1024;
const TOTAL_BYTES_MAX = 8 * MEBIBYTE;
const READERS = 100;
/** A frame may be begun while there is room for a byte of it. */
const FRAME_BYTES = MEBIBYTE / 4;
/**
 * What a process grows by while 32 MiB go through it to one who reads, and more. On `serve` the unread
 * frames of 100 readers would take 80 MiB beside it; on `frames` readers share what is written to them.
 */
const PASSING_BYTES = 100 * MEBIBYTE;
/** What engine and allocator keep after all of that. */
const LASTING_BYTES = 400 * MEBIBYTE;

/** Publishes 32 MiB in 4,096 messages, each acknowledged; returns the most that the server grew by meanwhile. */
async function publish(url: string, pid: number, read: () => Promise<unknown>): Promise<number> {
  await using writer = await RichClient.open(url, "/ws/writer?room=aside", KEY);
  writer.send({ type: "join", room: "lobby" });
  await writer.joined("lobby");
  const before = await residentBytes(pid);
  const body = "hushed".padEnd(8192, "x");
  let growth = 0;
  for (let i = 0; i < 4096; i += 64) {
    for (let k = 0; k < 64; k++) {
      writer.send({ type: "message", room: "lobby", body, ref: `${i + k}` });
    }
    for (let k = 0; k < 64; k++) await writer.next("ack");
    for (let k = 0; k < 64; k++) await read();
    if (i % 512 === 0) growth = Math.max(growth, await residentBytes(pid) - before);
  }
  return growth;
}

Deno.test("whoever is slow, or never reads, holds only what a bound allows", async (t) => {
  using database = new TemporaryDatabase();
  const env = {
    DATABASE: database.name,
    MESSAGES_PER_SECOND: "0",
    SEND_BUFFERS_TOTAL_BYTES_MAX: `${TOTAL_BYTES_MAX}`,
    STALL_SECONDS: "3600",
    PING_SECONDS: "3600",
  };
  await besiege(
    t,
    { env, words: 5, growthBytesMax: LASTING_BYTES },
    async ({ server, secrets, step }) => {
      const { port, url, process: { pid } } = server;
      secrets.push(KEY, "hushed");

      await step(
        "heads that never end hold a descriptor each, as long as their peers like",
        async () => {
          const before = await descriptorCount(pid);
          const slow = await Promise.all(Array.from({ length: 200 }, () => RawHttp.connect(port)));
          for (const byte of "GET /healthz HTTP/1.1\r\n") {
            for (const http of slow) await http.write(byte);
          }
          // A connection is made, and takes what is written, before the server has accepted it.
          await until(async () => await descriptorCount(pid) >= before + 200, "all are there");
          for (const http of slow) await http.write("Host: a\r\nConnection: close\r\n\r\n");
          for (const http of slow) {
            assertEquals((await http.answer()).status, 200);
            http[Symbol.dispose]();
          }
        },
      );

      await step("bodies of one byte a second are answered with 408", async () => {
        const slow = await Promise.all(Array.from({ length: 50 }, () => RawHttp.connect(port)));
        using stack = new DisposableStack();
        for (const http of slow) {
          stack.use(http);
          await http.write(head("POST /messages/mallory", [
            "Host: a",
            "Content-Type: text/plain",
            "Content-Length: 6000",
          ]));
        }
        const drip = setInterval(() => slow.forEach((http) => void http.write("h")), 1000);
        stack.defer(() => clearInterval(drip));
        const statuses = await Promise.all(slow.map((http) => http.status()));
        assertEquals(statuses.filter((status) => status !== 408), []);
      });

      await step(
        "100 readers that never read cost what all may have together, and a frame each",
        async () => {
          const stalled = await Promise.all(
            Array.from(
              { length: 100 },
              (_, i) => RawClient.open(port, `/ws/stalled${i}`, { subprotocols: ["natter.v1"] }),
            ),
          );
          await using reader = await RichClient.open(url, "/ws/reader");
          await reader.next("joined");
          let next = 1;
          const growth = await publish(url, pid, async () => {
            assertEquals((await reader.next("message", "gap")).offset, next++);
          });
          for (const client of stalled) client[Symbol.dispose]();
          const growthMax = TOTAL_BYTES_MAX + READERS * FRAME_BYTES + PASSING_BYTES;
          assert(growth <= growthMax, `${growth / MEBIBYTE} MiB`);
        },
      );

      await step("answers that nobody reads cost one of them for each connection", async () => {
        const before = await residentBytes(pid);
        const request = head("GET /api/rooms/lobby/messages?limit=200", ["Host: a"]);
        const stalled = await Promise.all(Array.from({ length: 50 }, async () => {
          const http = await RawHttp.connect(port);
          await http.write(request.repeat(100));
          return http;
        }));
        using other = await RawHttp.connect(port);
        await other.write(head("GET /healthz", ["Host: a", "Connection: close"]));
        assertEquals((await other.answer()).status, 200);
        const growth = await residentBytes(pid) - before;
        for (const http of stalled) http[Symbol.dispose]();
        // Were they all made before they are taken, they would be a gibibyte.
        assert(growth <= LASTING_BYTES, `${growth / MEBIBYTE} MiB`);
      });
    },
  );
});
