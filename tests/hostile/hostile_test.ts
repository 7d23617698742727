import { assert, assertEquals } from "@std/assert";
import { createMask, encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { createKey, encodeHandshakeRequest } from "../../lib/websocket/handshake.ts";
import { Bystanders } from "../support/bystanders.ts";
import { until } from "../support/deadline.ts";
import { descriptorCount, residentBytes } from "../support/process.ts";
import { RawClient } from "../support/raw_client.ts";
import { startServer } from "../support/server.ts";
import { checkLog } from "../support/siege.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const encoder = new TextEncoder();

/** What no client may send, and how its own connection ends: by a close code, or without one. */
const FRAMES: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["a reserved bit", hex("c1 81 00000000 61")],
  ["a reserved opcode", hex("83 81 00000000 61")],
  ["a reserved control opcode", hex("8b 80 00000000")],
  ["a fragmented ping", hex("09 80 00000000")],
  [
    "a ping of 126 bytes",
    encodeFrame({ opcode: OPCODE.Ping, payload: new Uint8Array(126), mask: 1 }),
  ],
  ["a continuation of nothing", hex("80 81 00000000 61")],
  ["a message inside a message", hex("01 81 00000000 61 81 81 00000000 62")],
  ["a close frame of one byte", hex("88 81 00000000 03")],
  ["a close frame with code 1005", hex("88 82 00000000 03ed")],
  ["a close frame with code 0", hex("88 82 00000000 0000")],
  ["a close reason that is no UTF-8", hex("88 83 00000000 03e8 ff")],
  ["a text that is no UTF-8", hex("81 82 00000000 c328")],
  ["a text that ends within a character", hex("81 81 00000000 f0")],
  ["a length of 2^63", hex("82 ff 8000000000000000 00000000")],
  ["a length of 2^63 - 1", hex("82 ff 7fffffffffffffff 00000000")],
  ["a text of 2 MiB", encodeFrame({ opcode: OPCODE.Text, payload: "a".repeat(2 ** 21), mask: 1 })],
  [
    "a close frame twice, and a message after it",
    hex("88 80 00000000 88 80 00000000 81 80 00000000"),
  ],
];

/** What is not even a handshake. */
const REQUESTS: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["random bytes", crypto.getRandomValues(new Uint8Array(4096))],
  ["a TLS greeting", hex("16 0301 0200 0100 01fc 0303")],
  ["the preface of HTTP/2", encoder.encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
  ["an endless line", encoder.encode("GET /" + "a".repeat(1_000_000))],
  ["an endless header", encoder.encode("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(1_000_000))],
  [
    "ten thousand headers",
    encoder.encode("GET / HTTP/1.1\r\n" + "X: a\r\n".repeat(10_000) + "\r\n"),
  ],
  ["a NUL in a header", encoder.encode("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")],
  [
    "two lengths",
    encoder.encode(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ),
  ],
  [
    "a bad chunk",
    encoder.encode("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
  ],
  ["no host", encoder.encode("GET /ws/eve HTTP/1.1\r\n\r\n")],
  ["an absolute address", encoder.encode("GET http://[::: HTTP/1.1\r\nHost: a\r\n\r\n")],
  ["a bad host", encoder.encode("GET / HTTP/1.1\r\nHost: a b:c:d/[\r\n\r\n")],
  ["half a request", encoder.encode("GET /ws/eve HT")],
  ["nothing", new Uint8Array()],
];

/** Names that try to be something else; each is either a name like others or refused. */
const PATHS: readonly string[] = [
  "/ws/__proto__",
  "/ws/constructor?room=__proto__",
  "/ws/toString?room=hasOwnProperty",
  "/ws/%0d%0aSet-Cookie:%20a=b",
  "/ws/a%00b",
  "/ws/%f0%9f%99",
  "/ws/%",
  "/ws/eve?room=%ff",
  "/ws/eve?room=%0a",
  "/ws/eve?" + "room=a&".repeat(2_000),
  "/ws/" + "%F0%9F%91%8D%F0%9F%8F%BD".repeat(500),
  "/ws/" + "e%CC%81".repeat(500),
];

/** Commands of the rich protocol that try to be something else. */
const COMMANDS: readonly (readonly [what: string, text: string])[] = [
  ["deep arrays", "[".repeat(20_000) + "]".repeat(20_000)],
  ["deep objects", '{"a":'.repeat(8_000) + "1" + "}".repeat(8_000)],
  ["a prototype", '{"__proto__":{"type":"ping"},"constructor":{"prototype":{"room":"lobby"}}}'],
  ["a type that is a method", '{"type":"hasOwnProperty"}'],
  ["a number as large as none", '{"type":"delete","room":"lobby","offset":1e999}'],
  [
    "a number with a fraction too fine",
    '{"type":"history","room":"lobby","before":9007199254740993.5}',
  ],
  ["a negative offset", '{"type":"history","room":"lobby","after":-1}'],
  ["half a surrogate pair in a body", '{"type":"message","room":"lobby","body":"\\ud800"}'],
  [
    "a control character in a ref",
    '{"type":"message","room":"lobby","body":"a","ref":"\\u0000\\n"}',
  ],
  ["a room of 500 characters", `{"type":"join","room":"${"x".repeat(500)}"}`],
  ["another's inbox", '{"type":"join","room":"@talker"}'],
  ["another's inbox, spelled otherwise", '{"type":"history","room":"@ＴＡＬＫＥＲ"}'],
  ["an inbox by its name in the log", '{"type":"join","room":"@talker/k:a"}'],
  ["a claim by its name in the log", '{"type":"join","room":"~talker"}'],
  ["a position of nothing", '{"type":"join","room":"x","position":"' + "9".repeat(100) + ':1"}'],
  ["a thousand joins", '{"type":"join","room":"x"}'],
];

Deno.test("no bytes end the process or the listener, or disturb another room's chat", async (t) => {
  await using server = await startServer({
    MESSAGES_PER_SECOND: "0",
    CONNECTIONS_PER_IP_MAX: "0",
    PING_SECONDS: "2",
  });
  await using bystanders = await Bystanders.open(server);
  await bystanders.talk();
  const { pid } = server.process;
  const descriptorsBefore = await descriptorCount(pid);

  async function step(name: string, attack: () => Promise<unknown>): Promise<void> {
    await t.step(name, async () => {
      await attack();
      await bystanders.talk();
    });
  }

  for (const path of ["/ws", "/ws/mallory"]) {
    for (const [what, bytes] of FRAMES) {
      await step(`${path}: ${what}`, async () => {
        using client = await RawClient.open(server.port, path);
        await client.write(bytes);
        const { type } = await client.untilClosed();
        assert(type === "close" || type === "end" || type === "reset");
      });
    }

    await step(`${path}: a declared gigabyte with nothing behind it`, async () => {
      const before = await residentBytes(pid);
      using client = await RawClient.open(server.port, path);
      await client.write(hex("82 ff 0000000040000000 00000000"));
      await client.untilClosed();
      const growth = await residentBytes(pid) - before;
      assert(growth < 100_000_000, "a declared length costs no memory");
    });

    await step(`${path}: 100,000 empty fragments`, async () => {
      using client = await RawClient.open(server.port, path);
      await client.write(hex("01 80 00000000"));
      const fragments = new Uint8Array(6 * 10_000);
      for (let i = 0; i < 10_000; i++) fragments.set([0x00, 0x80], i * 6);
      for (let i = 0; i < 10; i++) await client.write(fragments);
      await client.sendClose(1000);
      await client.untilClosed();
    });

    await step(`${path}: 10,000 pings whose answers nobody reads`, async () => {
      using client = await RawClient.open(server.port, path);
      const pings = new Uint8Array(131 * 1_000);
      const ping = encodeFrame({ opcode: OPCODE.Ping, payload: new Uint8Array(125), mask: 1 });
      for (let i = 0; i < 1_000; i++) pings.set(ping, i * 131);
      for (let i = 0; i < 10; i++) await client.write(pings);
    });

    await step(`${path}: sockets that are left in the middle of everything`, async () => {
      const frame = encodeFrame({
        opcode: OPCODE.Text,
        payload: "x".repeat(500),
        mask: createMask(),
      });
      for (let cut = 0; cut < 40; cut++) {
        using client = await RawClient.open(server.port, path);
        await client.write(frame.subarray(0, cut));
      }
      const handshake = encodeHandshakeRequest({ path, host: "127.0.0.1", key: createKey() });
      for (let cut = 0; cut <= handshake.length; cut += 8) {
        using client = await RawClient.connect(server.port);
        await client.write(handshake.subarray(0, cut));
      }
    });

    await step(`${path}: frames in the packet of the handshake`, async () => {
      using client = await RawClient.connect(server.port);
      const handshake = encodeHandshakeRequest({ path, host: "127.0.0.1", key: createKey() });
      await client.write(
        new Uint8Array([...handshake, ...hex("81 82 00000000 6869 88 80 00000000")]),
      );
      assertEquals((await client.readHead()).status, 101);
      await client.untilClosed();
    });
  }

  for (const [what, bytes] of REQUESTS) {
    await step(`a request: ${what}`, async () => {
      using client = await RawClient.connect(server.port);
      await client.write(bytes);
    });
  }

  for (const path of PATHS) {
    await step(`a path: ${path.slice(0, 60)}`, async () => {
      using client = await RawClient.open(server.port, path);
      await client.sendText("<script>alert(1)</script>");
      await client.sendClose();
      await client.untilClosed();
    });
  }

  for (const [what, text] of COMMANDS) {
    await step(`a command: ${what}`, async () => {
      using client = await RawClient.open(server.port, "/ws/mallory", {
        subprotocols: ["natter.v1"],
      });
      for (let i = 0; i < (what === "a thousand joins" ? 1000 : 1); i++) {
        await client.sendText(text);
      }
      await client.sendText('{"type":"ping"}');
      while (true) {
        const event = await client.next();
        if (event.type === "close" || (event.type === "text" && event.text.includes('"pong"'))) {
          break;
        }
        assert(event.type === "text", event.type);
        assert(!event.text.includes('"internal"'), event.text.slice(0, 500));
      }
      await client.sendClose();
    });
  }

  await step("500 sockets that come and go at once", async () => {
    await Promise.all(Array.from({ length: 500 }, async (_, i) => {
      using client = await RawClient.open(server.port, i % 2 === 0 ? "/ws" : `/ws/user${i}`);
      await client.sendText("hi");
    }));
  });

  // Peers that are gone without a word are found by the ping; then every descriptor is back.
  await until(
    async () => await descriptorCount(pid) <= descriptorsBefore,
    "the descriptors are back",
  );
  await bystanders.talk();
  assertEquals(await (await fetch(new URL("healthz", server.url))).text(), "ok\n");
  checkLog(server.log, ["<script>", "xxxxx"], ["Natter is listening"]);
});
