import { assert } from "@std/assert";
import { encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { residentBytes } from "../support/process.ts";
import { RawClient } from "../support/raw_client.ts";
import { besiege } from "../support/siege.ts";

const MEBIBYTE = 1024 * 1024;
const PEERS = 50;
/** What so many peers may cost together: engine and allocator keep a share of what went through them. */
const GROWTH_BYTES_MAX = 64 * MEBIBYTE;

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

/** A block of the same frame again and again. */
function block(frame: Uint8Array, bytes: number): Uint8Array {
  const count = Math.ceil(bytes / frame.length);
  const block = new Uint8Array(count * frame.length);
  for (let i = 0; i < count; i++) block.set(frame, i * frame.length);
  return block;
}

const masked = (opcode: number, payload: Uint8Array | string, fin = true) =>
  encodeFrame({ opcode, payload, fin, mask: 0x37fa213d });

/** Streams without an end: how each begins, and what follows again and again. */
const STREAMS: readonly (readonly [what: string, start: Uint8Array, more: Uint8Array])[] = [
  ["a frame of a terabyte", hex("82 ff 0000010000000000 00000000"), block(hex("00"), MEBIBYTE)],
  [
    "fragments of 16 KiB",
    masked(OPCODE.Text, "a", false),
    block(masked(OPCODE.Continuation, "a".repeat(16_384), false), MEBIBYTE),
  ],
  [
    "empty fragments",
    masked(OPCODE.Text, "a", false),
    block(masked(OPCODE.Continuation, "", false), MEBIBYTE),
  ],
  ["pings", new Uint8Array(0), block(masked(OPCODE.Ping, "a".repeat(125)), MEBIBYTE)],
  ["pongs", new Uint8Array(0), block(masked(OPCODE.Pong, "a".repeat(125)), MEBIBYTE)],
  [
    "pings inside a text",
    masked(OPCODE.Text, "a", false),
    block(masked(OPCODE.Ping, ""), MEBIBYTE),
  ],
];

Deno.test("frames: 50 peers with a stream without an end, who read nothing, cost next to nothing", async (t) => {
  const env = { TRANSPORT: "frames", PING_SECONDS: "3600", MESSAGES_PER_SECOND: "0" };
  await besiege(t, { env, words: 2 }, async ({ server, step }) => {
    const { port, process: { pid } } = server;
    for (const path of ["/ws", "/ws/mallory"]) {
      for (const [what, start, more] of STREAMS) {
        await step(`${path}: ${what}`, async () => {
          const before = await residentBytes(pid);
          const peers = await Promise.all(
            Array.from({ length: PEERS }, () => RawClient.open(port, path)),
          );
          // Whoever is ended takes no more; the others are left in the midst of it.
          await Promise.all(peers.map(async (peer) => {
            await peer.write(start);
            await peer.write(more);
          }));
          const growth = await residentBytes(pid) - before;
          for (const peer of peers) peer[Symbol.dispose]();
          assert(growth <= GROWTH_BYTES_MAX, `${growth / MEBIBYTE} MiB`);
        });
      }
    }
  });
});
