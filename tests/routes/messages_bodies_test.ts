import { assert, assertEquals } from "@std/assert";
import { REQUEST_BODY_MS_MAX } from "../../lib/limits.ts";
import { createTestApp } from "../support/app.ts";
import { bodies, post, UNLIMITED } from "./messages_support.ts";

/** Limits at the bound − 1, the bound, and the bound + 1. */
Deno.test("a body has as many bytes as the setting says, as a text and in JSON", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  const escaped = (text: string) => `{"body":"${[...text].map(() => "\\u0061").join("")}"}`; // six bytes a character
  for (
    const [text, status] of [
      ["a".repeat(99), 201],
      ["a".repeat(100), 201],
      ["a".repeat(101), 413],
      ["é".repeat(50), 201],
      [`${"é".repeat(50)}a`, 413],
    ] as const
  ) {
    for (const type of ["text/plain", "application/json"]) {
      const body = type === "text/plain" ? text : JSON.stringify({ body: text });
      const answer = await post(testApp, "/messages/alice", { body, type });
      assertEquals(answer.status, status, `${type} ${text.length}`);
      if (status === 413) assertEquals(answer.json.code, "body_too_large");
    }
    const answer = await post(testApp, "/messages/alice", {
      body: escaped("a".repeat(text.length)),
      type: "application/json",
    });
    assertEquals(answer.status, text.length > 100 ? 413 : 201, "escaped");
  }
});

/** A body in chunks, of which no header tells the length. */
function chunked(bytes: number, chunkBytes = 64, onPull = () => {}): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      onPull();
      if (sent >= bytes) return controller.close();
      const length = Math.min(chunkBytes, bytes - sent);
      sent += length;
      controller.enqueue(new Uint8Array(length).fill(0x20)); // spaces: JSON may have any number
    },
  });
}

Deno.test("a request has as many bytes as it may have, with a length or in chunks", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  const jsonMax = 6 * 100 + 1024;
  for (const [type, max] of [["text/plain", 100], ["application/json", jsonMax]] as const) {
    for (const bytes of [max - 1, max, max + 1]) {
      const padded = type === "text/plain"
        ? "a".repeat(bytes)
        : `${JSON.stringify({ body: "a" })}`.padEnd(bytes);
      const whole = await post(testApp, "/messages/alice", { body: padded, type });
      assertEquals(whole.status, bytes > max ? 413 : 201, `${type} ${bytes}`);
      const inChunks = await post(testApp, "/messages/alice", { body: chunked(bytes), type });
      // Spaces alone are a text, and no JSON.
      const taken = type === "text/plain" ? 201 : 400;
      assertEquals(inChunks.status, bytes > max ? 413 : taken, `${type} ${bytes} in chunks`);
    }
  }
  const declared = await post(testApp, "/messages/alice", {
    body: "a",
    headers: { "Content-Length": "1000000000000" },
  });
  assertEquals(declared.status, 413, "a length that is only said");
});

Deno.test("of a body that is far too long no more is read than it may have", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  let pulls = 0;
  const body = chunked(1_000_000, 50, () => pulls++);
  assertEquals((await post(testApp, "/messages/alice", { body })).status, 413);
  assert(pulls <= 5, `${pulls} chunks were asked for`);
});

Deno.test("a body that breaks off is refused", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, LOG_LEVEL: "warn" });
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array([0x61]));
      controller.error(new TypeError("The peer has gone"));
    },
  });
  const { status, json } = await post(testApp, "/messages/alice", { body });
  assertEquals([status, json.code], [400, "bad_request"]);
  assertEquals([await bodies(testApp), testApp.log], [[], []]);
});

Deno.test("a body that takes too long to come is refused, and not waited for any more", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { promise: isCancelled, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([0x61])),
    cancel: () => resolve(),
  });
  const { setTimeout } = globalThis;
  const rung: number[] = [];
  // The time passes at once.
  globalThis.setTimeout = ((call: () => void, ms: number) => {
    if (ms !== REQUEST_BODY_MS_MAX) return setTimeout(call, ms);
    rung.push(ms);
    return setTimeout(call, 0);
  }) as typeof setTimeout;
  try {
    const { status, json } = await post(testApp, "/messages/alice", { body });
    assertEquals([status, json.code, rung], [408, "request_timeout", [10_000]]);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  await isCancelled;
});
