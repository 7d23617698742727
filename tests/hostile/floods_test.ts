import { assert, assertEquals } from "@std/assert";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, type RawAnswer } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege, type Siege } from "../support/siege.ts";
import { HTTP_TEXT, KEYS } from "./support.ts";

const PER_SECOND = 10, BURST = 30;
const REFUSALS_MAX = 10 * BURST;
const ROOMS_MAX = 40;

/** Sends one command again and again, until its answers say enough. */
async function flood(
  { server }: Siege,
  command: Record<string, unknown>,
  count: number,
): Promise<RichClient> {
  const client = await RichClient.open(server.url, "/ws/mallory", KEYS[0]);
  await client.joined("lobby");
  for (let i = 0; i < count; i++) client.send(command);
  return client;
}

Deno.test("whoever floods is refused, and in the end put out; nobody else notices", async (t) => {
  const env = {
    MESSAGES_PER_SECOND: `${PER_SECOND}`,
    MESSAGES_BURST: `${BURST}`,
    ROOMS_MAX: `${ROOMS_MAX}`,
    NAME_HOLD_SECONDS: "1",
  };
  await besiege(t, { env, words: 1 }, async (siege) => {
    const { server, secrets, step } = siege;
    const { port } = server;
    secrets.push(...KEYS, "hushed", "mallory");
    /** The most that one bucket gives out in the time since then. */
    const allowedSince = (startedAt: number) =>
      BURST + Math.ceil((performance.now() - startedAt) / 1000 * PER_SECOND);
    const startedAt = performance.now();

    await step("messages on a plain socket", async () => {
      const client = await Client.open(server.url, "/ws/mallory");
      for (let i = 0; i < 2 * BURST; i++) client.send("hushed");
      assertEquals((await within(client.closed, "the end")).code, 4505);
    });

    await step("the bucket is not full again for one who reconnects", async () => {
      const client = await Client.open(server.url, "/ws/mallory");
      for (let i = 0; i < 2 * BURST; i++) client.send("hushed");
      assertEquals((await within(client.closed, "the end")).code, 4505);
      const allowed = allowedSince(startedAt);
      // The place of the next message of the room tells how many there are.
      const headers = [...HTTP_TEXT, `Authorization: Bearer ${KEYS[2]}`];
      const { status, body } = await ask(port, "POST /messages/witness", headers, "hushed");
      assertEquals(status, 201);
      const taken = JSON.parse(body).offset - 1;
      assert(taken >= BURST && taken <= allowed, `${taken} of ${allowed}`);
    });

    await step("messages on a rich socket", async () => {
      const message = { type: "message", room: "lobby", body: "hushed", ref: "r" };
      const client = await RichClient.open(server.url, "/ws/flooder", KEYS[1]);
      await client.joined("lobby");
      const refused: number[] = [];
      let sent = 0, answered = 0;
      // One that is taken on a machine that is busy begins the count anew: then there is another batch.
      while (answered === sent) {
        for (let i = 0; i < BURST + REFUSALS_MAX + 100; i++) {
          client.send({ ...message, ref: `${++sent}` });
        }
        while (answered < sent) {
          const event = await client.next("ack", "error").catch(() => undefined);
          if (event === undefined) break;
          answered = Math.max(answered, Number(event.ref));
          if (event.type === "ack") continue;
          assertEquals(event.code, "rate_limited");
          assert(event.retryAfterMs > 0);
          refused.push(Number(event.ref));
        }
      }
      const end = await within(client.closed, "the end");
      assertEquals(end, { code: 4505, reason: "too many messages" });
      let row = 0, longest = 0;
      for (const [i, ref] of refused.entries()) {
        row = ref - 1 === refused[i - 1] ? row + 1 : 1;
        longest = Math.max(longest, row);
      }
      assert(longest > 0 && longest <= REFUSALS_MAX, `${longest}`);
    });

    await step("commands that are none", async () => {
      for (const text of ["", "{}", "[]", "hushed", '{"type":"__proto__"}']) {
        using client = await RawClient.open(port, "/ws/mallory", { subprotocols: ["natter.v1"] });
        for (let i = 0; i < 10; i++) await client.sendText(text);
        const end = await client.untilClosed();
        assert(end.type === "close" && end.code === 4505, text);
        await client.sendClose();
      }
    });

    await step("publishing over HTTP without a key, under ever new names", async () => {
      const startedAt = performance.now();
      const answers: RawAnswer[] = [];
      await until(async () => {
        const more = Array.from(
          { length: 4 * BURST },
          (_, i) => ask(port, `POST /messages/guest${answers.length + i}`, HTTP_TEXT, "hushed"),
        );
        answers.push(...await Promise.all(more));
        return answers.some(({ status }) => status === 429);
      }, "some are refused");
      const allowed = allowedSince(startedAt);
      const statuses = answers.map(({ status }) => status);
      const taken = statuses.filter((status) => status === 201).length;
      assert(taken <= allowed, `${taken} of ${allowed}`);
      assertEquals(statuses.filter((status) => status !== 201 && status !== 429), []);
      const refused = answers.find(({ status }) => status === 429)!;
      assert(/^retry-after: [1-9]/im.test(refused.head), refused.head);
    });

    await step("typing", async () => {
      await using reader = await RichClient.open(server.url, "/ws/reader");
      await reader.next("joined");
      await using client = await flood(siege, { type: "typing", room: "lobby" }, 5000);
      client.send({ type: "ping" });
      await client.next("pong");
      await reader.next("typing");
      reader.send({ type: "ping" });
      let heard = 1;
      while ((await reader.next("typing", "pong")).type === "typing") heard++;
      assert(heard < 10, `${heard}`);
    });

    await step("history, joins and leaves", async () => {
      for (
        const command of [
          { type: "history", room: "lobby", limit: 200 },
          { type: "join", room: "elsewhere" },
          { type: "leave", room: "elsewhere" },
          { type: "delete", room: "lobby", offset: 1 },
        ]
      ) {
        await using client = await flood(siege, { ...command, ref: "r" }, 2000);
        client.send({ type: "ping", ref: "last" });
        while (true) {
          const event = await client.next("pong", "error").catch(() => undefined);
          // Or it has been put out: a deletion is counted like a message.
          if (event === undefined || event.type === "pong") break;
          assert(event.code !== "internal", event.message);
        }
      }
    });

    await step("as many rooms as there may be, which come back", async () => {
      const clients = await Promise.all(Array.from({ length: 4 }, async (_, i) => {
        const client = await RichClient.open(server.url, `/ws/collector${i}`);
        await client.next("joined");
        for (let k = 0; k < 31; k++) {
          client.send({ type: "join", room: `new-${i}-${k}`, ref: `${k}` });
        }
        return client;
      }));
      const answers: Record<string, number> = {};
      for (const client of clients) {
        for (let k = 0; k < 31; k++) {
          const { type, code } = await client.next("joined", "error");
          answers[code ?? type] = (answers[code ?? type] ?? 0) + 1;
        }
      }
      assert(answers["rooms_full"]! > 0, JSON.stringify(answers));
      assert(answers["joined"]! < ROOMS_MAX, JSON.stringify(answers));
      const late = await Client.open(server.url, "/ws/late?room=one-more");
      assertEquals((await within(late.closed, "the end")).code, 4002);
      for (const client of clients) await client[Symbol.asyncDispose]();
      await until(async () => {
        await using client = await RichClient.open(server.url, "/ws/late?room=one-more");
        return await client.next("joined").then(() => true, () => false);
      }, "rooms that are left do not count");
    });
  });
});
