/**
 * Keys and tokens with a provider that is really there: a server that is rotated, stopped, and misbehaves.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { JWKS_COOLDOWN_MS, JWKS_FRESH_MS, JWKS_TIMEOUT_MS } from "../../lib/limits.ts";
import { until, within } from "../support/deadline.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { createPair, issue, keySet, PAIR_ALGORITHMS } from "./support.ts";

const old = await Promise.all(PAIR_ALGORITHMS.map((alg) => createPair(alg, `${alg} 1`)));
const renewed = await Promise.all(PAIR_ALGORITHMS.map((alg) => createPair(alg, `${alg} 2`)));

/** A provider on a port of its own, what it answers, and an authenticator that asks it. */
class World {
  readonly clock = new FakeClock();
  readonly errors: string[] = [];
  requests = 0;
  answer: (request: Request) => Response | Promise<Response> = () => new Response(keySet(...old));
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #port = 0;
  #client = Deno.createHttpClient({});

  readonly authenticator = createTokenAuthenticator({
    jwks: new JwksKeys({
      url: new URL("http://login.localhost/keys"),
      // Started again it has another port, of which nobody was told.
      fetch: (url, init) => {
        const { pathname } = new URL(url);
        return fetch(`http://127.0.0.1:${this.#port}${pathname}`, {
          ...init,
          client: this.#client,
        });
      },
      clock: this.clock,
      onError: (error) => this.errors.push(String(error)),
    }),
    now: () => this.clock.wallNow(),
  });

  start(): void {
    const handler = (request: Request) => {
      this.requests++;
      return this.answer(request);
    };
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(options, handler);
    this.#port = this.#server.addr.port;
  }

  async stop(): Promise<void> {
    // Connections that are kept alive would keep the server alive.
    this.#client.close();
    this.#client = Deno.createHttpClient({});
    await within(this.#server!.shutdown(), "the provider's end");
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server !== undefined) await this.stop();
    this.#client.close();
  }

  /** What is said of each pair's token. */
  async answers(pairs: typeof old): Promise<string[]> {
    const exp = this.clock.wallNow() / 1000 + 60;
    return await Promise.all(pairs.map(async (pair) => {
      const token = await issue(pair, { sub: "alice", exp });
      const result = await within(this.authenticator.authenticate(token), "an answer to a token");
      return "unauthorized" in result ? result.unauthorized : result.author!;
    }));
  }
}

const good = ["u:alice", "u:alice", "u:alice"];
const unknown = good.map(() => "token of an unknown key");
const outOfReach = good.map(() => "keys out of reach");

Deno.test("a provider's life: started late, rotated, stopped, started again", async () => {
  await using world = new World();
  assertEquals(await world.answers(old), outOfReach);
  world.start();
  assertEquals(await world.answers(old), outOfReach);
  await world.clock.advance(JWKS_COOLDOWN_MS);
  assertEquals(await world.answers(old), good);
  assertEquals(world.requests, 1);

  world.answer = () => new Response(keySet(...old, ...renewed));
  assertEquals(await world.answers(renewed), unknown);
  await world.clock.advance(JWKS_COOLDOWN_MS);
  assertEquals(await world.answers(renewed), good);
  assertEquals(await world.answers(old), good);
  assertEquals(world.requests, 2);

  world.answer = () => new Response(keySet(...renewed));
  await world.clock.advance(JWKS_FRESH_MS);
  await until(async () => (await world.answers(old))[0] !== "u:alice", "the old keys are gone");
  assertEquals(await world.answers(old), unknown);
  assertEquals(await world.answers(renewed), good);
  assertEquals(world.requests, 3);

  await world.stop();
  await world.clock.advance(24 * 3600 * 1000);
  assertEquals(await world.answers(renewed), good);
  assertEquals(await world.answers(old), outOfReach);
  assertEquals(world.errors.length, 2);

  world.start();
  world.answer = () => new Response(keySet(...old));
  await world.clock.advance(JWKS_COOLDOWN_MS);
  assertEquals(await world.answers(old), good);
  assertEquals(await world.answers(renewed), unknown);
  assertEquals(world.requests, 4);
});

Deno.test("a provider that does not begin to answer is given up", async () => {
  await using world = new World();
  const asked = Promise.withResolvers<void>();
  const hanging = Promise.withResolvers<Response>();
  world.answer = () => {
    asked.resolve();
    return hanging.promise;
  };
  world.start();
  const answers = world.answers(old);
  await within(asked.promise, "a request for the keys");
  await world.clock.advance(JWKS_TIMEOUT_MS);
  assertEquals(await answers, outOfReach);
  assertEquals(world.errors.length, 1);
  assert(world.errors[0]!.includes("within 5000 ms"), world.errors[0]);
  hanging.resolve(new Response());
});

Deno.test("a provider that stops in the middle of its answer is given up", async () => {
  await using world = new World();
  const sent = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  world.answer = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"keys":[')),
        pull: () => sent.resolve(),
        cancel: () => gone.resolve(),
      }),
    );
  world.start();
  const answers = world.answers(old);
  await within(sent.promise, "the beginning of an answer");
  await world.clock.advance(JWKS_TIMEOUT_MS);
  assertEquals(await answers, outOfReach);
  assert(world.errors[0]!.includes("within 5000 ms"), world.errors[0]);
  await within(gone.promise, "the end of the answer");
});

Deno.test("a provider that sends bytes without end is cut off", async () => {
  await using world = new World();
  const gone = Promise.withResolvers<void>();
  const bytes = new TextEncoder().encode(" ".repeat(1024));
  world.answer = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(bytes),
        cancel: () => gone.resolve(),
      }),
    );
  world.start();
  assertEquals(await world.answers(old), outOfReach);
  assert(world.errors[0]!.includes("more than 262144 bytes"), world.errors[0]);
  await within(gone.promise, "the end of the answer");
});

Deno.test("a provider's other answers are not taken for keys, nor is a redirect followed", async () => {
  const answers: readonly (readonly [name: string, answer: () => Response, error: string])[] = [
    ["not found", () => new Response("not found", { status: 404 }), "answered 404"],
    ["unavailable", () => new Response(keySet(...old), { status: 503 }), "answered 503"],
    [
      "a redirect",
      () => new Response(keySet(...old), { status: 307, headers: { Location: "/elsewhere" } }),
      "answered 307",
    ],
    ["a page", () => new Response("<!doctype html><h1>Login</h1>"), "a set"],
    ["bytes", () => new Response(crypto.getRandomValues(new Uint8Array(1000))), "a set"],
    [
      "what is not compressed, though it says so",
      () => new Response(keySet(...old), { headers: { "Content-Encoding": "gzip" } }),
      "",
    ],
  ];
  for (const [name, answer, message] of answers) {
    await using world = new World();
    world.answer = answer;
    world.start();
    assertEquals(await world.answers(old), outOfReach, name);
    assertEquals(world.requests, 1, name);
    assertEquals(world.errors.length, 1, name);
    assert(world.errors[0]!.includes(message), `${name}: ${world.errors[0]}`);
    world.answer = () => new Response(keySet(...old));
    await world.clock.advance(JWKS_COOLDOWN_MS);
    assertEquals(await world.answers(old), good, name);
  }
});

Deno.test("a compressed set is bounded by what it unfolds to", async () => {
  await using world = new World();
  const text = new Blob([keySet(...old).padEnd(50_000_000)]).stream();
  const packed = new Uint8Array(
    await new Response(text.pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
  world.answer = () => new Response(packed, { headers: { "Content-Encoding": "gzip" } });
  world.start();
  assertEquals(await world.answers(old), outOfReach);
  assert(world.errors[0]!.includes("more than 262144 bytes"), world.errors[0]);
});
