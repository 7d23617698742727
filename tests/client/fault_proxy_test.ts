import { assertEquals, assertRejects } from "@std/assert";
import { until, within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";

/** A server that says back what it hears, with a proxy before it. */
class Echo implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #ended: Promise<unknown>;
  proxy!: FaultProxy;

  private constructor() {
    this.#ended = (async () => {
      for await (const conn of this.#listener) {
        conn.readable.pipeTo(conn.writable).catch(() => {});
      }
    })();
  }

  static async start(): Promise<Echo> {
    const echo = new Echo();
    echo.proxy = await FaultProxy.listen((echo.#listener.addr as Deno.NetAddr).port);
    return echo;
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(this.proxy.url).port) });
  }

  /** Past the proxy. */
  connectDirectly(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.proxy.target });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    this.#listener.close();
    await this.#ended;
  }
}

const HELLO = new TextEncoder().encode("hello, hello");

/** Reads so many bytes, or to the end. */
async function read(conn: Deno.Conn, bytes: number): Promise<string> {
  const buffer = new Uint8Array(bytes);
  let length = 0;
  while (length < bytes) {
    const read = await within(conn.read(buffer.subarray(length)), "bytes");
    if (read === null) break;
    length += read;
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

Deno.test("a healthy proxy hands everything on, and the ends of both streams", async () => {
  await using echo = await Echo.start();
  using conn = await echo.connect();
  await conn.write(HELLO);
  await conn.closeWrite();
  assertEquals(await read(conn, 100), "hello, hello");
  await until(() => echo.proxy.open === 0, "the pair is gone");
  assertEquals(echo.proxy.accepted, 1);
});

Deno.test("cut: an orderly end, or a reset", async () => {
  await using echo = await Echo.start();
  for (const how of ["fin", "reset"] as const) {
    using conn = await echo.connect();
    await conn.write(HELLO);
    assertEquals(await read(conn, HELLO.length), "hello, hello");
    echo.proxy.cut(how);
    if (how === "fin") assertEquals(await read(conn, 1), "");
    else await assertRejects(() => read(conn, 1), Deno.errors.ConnectionReset);
  }
});

Deno.test("cutAfter: in the midst of what is said, to the byte", async () => {
  await using echo = await Echo.start();
  using conn = await echo.connect();
  echo.proxy.cutAfter(HELLO.length + 5, "fin");
  await conn.write(HELLO);
  assertEquals(await read(conn, 100), "hello");
});

Deno.test("stall, delay and split hold up and change nothing", async () => {
  await using echo = await Echo.start();
  using conn = await echo.connect();
  const { proxy } = echo;
  proxy.split(1);
  proxy.delay(1);
  await conn.write(HELLO);
  assertEquals(await read(conn, HELLO.length), "hello, hello");
  for (const directions of [["up"], ["down"], []] as const) {
    proxy.heal();
    proxy.stall(...directions);
    await conn.write(HELLO);
    let isHeard = false;
    const heard = read(conn, HELLO.length).then((text) => {
      isHeard = true;
      return text;
    });
    // Another connection, past the proxy, shows that there has been time for it.
    using other = await echo.connectDirectly();
    await other.write(HELLO);
    assertEquals(await read(other, HELLO.length), "hello, hello");
    assertEquals(isHeard, false);
    proxy.heal();
    assertEquals(await heard, "hello, hello");
  }
});

Deno.test("refuse resets newcomers; swallow keeps them without an answer until it is healed", async () => {
  await using echo = await Echo.start();
  const { proxy } = echo;
  proxy.refuse();
  await assertRejects(async () => {
    using conn = await echo.connect();
    await conn.write(HELLO);
    await read(conn, 1);
  });
  proxy.swallow();
  using conn = await echo.connect();
  await conn.write(HELLO);
  await until(() => proxy.open === 1, "it is held");
  proxy.heal();
  await assertRejects(() => read(conn, 1), Deno.errors.ConnectionReset);
  using served = await echo.connect();
  await served.write(HELLO);
  assertEquals(await read(served, HELLO.length), "hello, hello");
});
