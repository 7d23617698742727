import { assert, assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { Random } from "../simulation/random.ts";
import { CHANNELS, ROOMS, stored, Walker, write } from "../support/cursor_walker.ts";
import { until, within } from "../support/deadline.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";

const MESSAGES = 2400;
const WRITERS = 6;

/** A server that is killed, and ended, and started again; clients find the one that there is. */
class Servers {
  readonly #env: Readonly<Record<string, string>>;
  #current: TestServer | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  get url(): string {
    if (this.#current === undefined) throw new Error("There is no server just now");
    return this.#current.url;
  }

  async start(): Promise<void> {
    this.#current = await startServer(this.#env);
  }

  async end(signal: Deno.Signal): Promise<void> {
    const server = this.#current!;
    server.process.kill(signal);
    const { code } = await within(server.process.status, "the process ends");
    this.#current = undefined;
    await server[Symbol.asyncDispose]();
    if (signal === "SIGTERM") assertEquals(code, 0);
  }
}

/** A mode of authentication: its settings, and what each name brings. */
interface Mode {
  readonly env: Readonly<Record<string, string>>;
  readonly credentialOf: (name: string) => Promise<string>;
}

function openMode(): Mode {
  return { env: {}, credentialOf: (name) => Promise.resolve(`key-of-at-least-128-bits-${name}`) };
}

function tokenMode(): Mode {
  const secret = crypto.randomUUID();
  return {
    env: { AUTH: "token", AUTH_SECRET: secret },
    credentialOf: async (name) =>
      await issue(await createHmac(secret), {
        sub: name,
        exp: Math.floor(Date.now() / 1000) + 3600,
        rooms: ROOMS,
      }),
  };
}

for (const [name, mode, seed] of [["open", openMode, 1], ["token", tokenMode, 2]] as const) {
  Deno.test(`a reader walks from transport to transport over a kill and a restart: nothing is lost, nothing comes twice (${name} mode, seed ${seed})`, async () => {
    using database = new TemporaryDatabase();
    const { env, credentialOf } = mode();
    const servers = new Servers({ MESSAGES_PER_SECOND: "0", DATABASE: database.name, ...env });
    await servers.start();
    const random = new Random(seed);
    const walker = new Walker(servers, await credentialOf("reader"), random.fork(), MESSAGES);
    // Who has a key before it is written to has an inbox, and begins where everything begins.
    await walker.pollOnce(0);

    let acknowledged = 0;
    const writer = await credentialOf("writer");
    const writing = Promise.all(Array.from({ length: WRITERS }, (_, index) => {
      const refs = Array.from({ length: MESSAGES / WRITERS }, (_, i) => `ref ${index} ${i}`);
      return write(servers, writer, random.fork(), refs, () => acknowledged++);
    }));
    const restarting = (async () => {
      for (const [index, signal] of (["SIGKILL", "SIGTERM"] as const).entries()) {
        await until(() => acknowledged > (index + 1) * MESSAGES / 3, "enough is written");
        await servers.end(signal);
        await servers.start();
      }
    })();
    const transports = ["short poll", "events", "socket", "long poll"] as const;
    let breaks = 0;
    for (let hop = 0; walker.count < MESSAGES; hop++) {
      // In turn, so that every one comes after every other, or by chance.
      const transport = hop % 2 === 0 ? transports[hop / 2 % 4]! : random.pick(transports);
      try {
        await walker.hop(transport);
      } catch (error) {
        const { name, message } = error as Error;
        if (name === "AssertionError" || message.startsWith("Nothing came")) throw error;
        breaks++;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const ids = (await writing).flat();
    await restarting;
    await until(() => walker.pollOnce(0), "everything is read");
    await walker.gone();

    let count = 0;
    for (const channel of CHANNELS) {
      const entries = await stored(servers, await credentialOf("reader"), channel);
      assertEquals(walker.seen.get(channel), entries, channel);
      assertEquals(entries.map((entry) => parseInt(entry)), entries.map((_, index) => index + 1));
      count += entries.length;
    }
    assertEquals(count, MESSAGES);
    const seen = new Set([...walker.seen.values()].flat().map((entry) => entry.split(" ")[1]));
    assertEquals(ids.filter((id) => !seen.has(id)), [], "what was acknowledged");
    for (const transport of transports) assert(walker.hops[transport]! > 3, transport);
    assert(breaks > 0, "the reader has noticed the restarts");
    await servers.end("SIGTERM");
  });
}
