/**
 * Readers that do not read, while 48 MB go past them.
 *
 * @module
 */

import { assert } from "@std/assert";
import { residentBytes } from "./process.ts";
import { RichClient } from "./rich_client.ts";
import { startServer, type TestServer, TIGHT_HEAP_FLAGS } from "./server.ts";
import { TemporaryDatabase } from "./temporary_database.ts";

const KEY = "a-key-of-at-least-128-bits";

/** `SEND_BUFFER_BYTES_MAX`, and 8 MB of the rings. */
const COST_BYTES_MAX = 1_048_576 + 8 * 1024 * 1024;

/**
 * Publishes 6,000 messages of 8 KB in the lobby, each acknowledged.
 *
 * @returns The most that the server grew by, in bytes.
 */
export async function publish48Megabytes(server: TestServer): Promise<number> {
  const writer = await RichClient.open(server.url, "/ws/writer", KEY);
  await writer.joined("lobby");
  const before = await residentBytes(server.process.pid);
  const body = "x".repeat(8000);
  let growth = 0;
  for (let i = 0; i < 6000; i += 100) {
    for (let k = 0; k < 100; k++) {
      writer.send({ type: "message", room: "lobby", body: `${i + k} ${body}`, ref: `${i + k}` });
    }
    for (let k = 0; k < 100; k++) await writer.next("ack");
    if (i % 500 === 0) growth = Math.max(growth, await residentBytes(server.process.pid) - before);
  }
  await writer.client[Symbol.asyncDispose]();
  return growth;
}

/**
 * Asserts that a server with 48 MB going past a reader grows by at most {@linkcode COST_BYTES_MAX} more
 * than one without that reader.
 *
 * @param openReader Opens one that reads nothing of what follows.
 */
export async function assertStallIsBounded(
  openReader: (server: TestServer) => Promise<Disposable>,
): Promise<void> {
  async function growth(isStalled: boolean): Promise<number> {
    using file = new TemporaryDatabase();
    const env = { MESSAGES_PER_SECOND: "0", STALL_SECONDS: "3600", DATABASE: file.name };
    await using server = await startServer(env, TIGHT_HEAP_FLAGS);
    using _reader = isStalled ? await openReader(server) : undefined;
    return await publish48Megabytes(server);
  }
  // What 48 MB cost when they are kept for the reader would be there in every try.
  const without: number[] = [], withStalled: number[] = [];
  for (let i = 0; i < 4; i++) {
    without.push(await growth(false));
    withStalled.push(await growth(true));
    if (Math.min(...withStalled) - Math.min(...without) <= COST_BYTES_MAX && i > 0) return;
  }
  assert(false, `with it ${withStalled}, without it ${without}`);
}
