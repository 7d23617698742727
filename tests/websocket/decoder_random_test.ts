import { assert, assertEquals } from "@std/assert";
import { encodeFrame, type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { Random } from "../simulation/random.ts";
import { Receiver } from "./judge.ts";
import { concat, cut, handlerInto, read, type Role, ROLES, show } from "./support.ts";

const { Continuation, Text, Binary, Ping, Pong } = OPCODE;

/** Makes messages of random kind, size and fragments, with control frames between fragments. */
function createConversation(random: Random): { frames: Frame[]; events: string[] } {
  const below = (end: number) => random.below(end);
  const octets = (length: number) => Uint8Array.from({ length }, () => below(256));
  const mask = () => below(4) === 0 ? 0 : below(2 ** 32);
  const letters = ["a", "\0", "é", "漢", "\ufeff", "\ufffd", "😀", "\u{10ffff}"];
  const lengths = [() => 0, () => 1, () => 120 + below(12), () => below(400)];
  const frames: Frame[] = [];
  const events: string[] = [];

  for (let count = 0; count < 60; count++) {
    const length = below(30) === 0 ? 65_530 + below(12) : lengths[below(4)]!();
    const text = below(2) === 0
      ? Array.from({ length: Math.ceil(length / 2) }, () => letters[below(8)]).join("")
      : undefined;
    const payload = text === undefined ? octets(length) : new TextEncoder().encode(text);
    const ends = Array.from({ length: below(4) }, () => below(payload.length + 1));
    ends.sort((a, b) => a - b).push(payload.length);
    let start = 0;
    for (const [i, end] of ends.entries()) {
      const opcode = i > 0 ? Continuation : text === undefined ? Binary : Text;
      const fin = i === ends.length - 1;
      frames.push({ opcode, payload: payload.subarray(start, end), fin, mask: mask() });
      start = end;
      if (!fin && below(3) === 0) {
        const opcode = below(2) === 0 ? Ping : Pong;
        const payload = octets(below(126));
        frames.push({ opcode, payload, mask: mask() });
        events.push(`${opcode === Ping ? "ping" : "pong"} ${show(payload)}`);
      }
    }
    events.push(text === undefined ? `binary ${show(payload)}` : `text ${text}`);
  }
  return { frames, events };
}

function* cutAtRandom(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random.next() ** 3 * 3000);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What npm ws makes of the same bytes. */
function judge(role: Role, bytes: Uint8Array): string[] {
  const events: string[] = [];
  const handler = handlerInto(events);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  new Receiver({ isServer: role === "server" })
    .on("message", (data: Uint8Array, isBinary: boolean) => {
      if (isBinary) handler.binary(data);
      else handler.text(decoder.decode(data));
    })
    .on("ping", handler.ping)
    .on("pong", handler.pong)
    .on(
      "conclude",
      (code: number, reason: Uint8Array) => handler.close(code, decoder.decode(reason)),
    )
    .on("error", (error: Error) => events.push(`error ${error.message}`))
    .write(bytes.slice());
  return events;
}

Deno.test("thousands of random frames come back as they were, at random splits", () => {
  let count = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const { frames, events } = createConversation(random);
    count += frames.length;
    const role = ROLES[seed % 2]!;
    const bytes = concat(
      frames.map(({ mask, ...frame }) =>
        encodeFrame(role === "server" ? { ...frame, mask } : frame)
      ),
    );
    assertEquals(read(role, cutAtRandom(bytes, random)), events, `seed ${seed}`);
    assertEquals(judge(role, bytes), events, `npm ws, seed ${seed}`);
  }
  assert(count > 5000, `${count} frames`);
});

Deno.test("random bytes never do worse than a ProtocolError, whatever their split", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const random = new Random(seed);
    const role = ROLES[seed % 2]!;
    const bytes = Uint8Array.from({ length: 60 }, () => random.below(256));
    // Often a good beginning, so that more than the first byte is reached.
    if (seed % 4 > 0) bytes.set(role === "server" ? [0x81, 0x84] : [0x02, 0x05]);
    const events = read(role, [bytes]);
    assertEquals(read(role, cut(bytes, 1)), events, `seed ${seed}`);
    assertEquals(read(role, cutAtRandom(bytes, random)), events, `seed ${seed}`);
  }
});
