import { assert, assertEquals } from "@std/assert";
import { until } from "../support/deadline.ts";
import { HANDSHAKE, HANDSHAKE_LINES } from "../support/handshake.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head } from "../support/raw_http.ts";
import { besiege, type Siege } from "../support/siege.ts";
import { HTTP_TEXT, KEYS } from "./support.ts";

Deno.test("new names are counted by address, and only proxies say which address", async (t) => {
  const outcomes = async (siege: Siege, count: number, forwardedFor: (i: number) => string) => {
    const ends = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const name = crypto.randomUUID().slice(0, 30);
      using client = await RawClient.open(siege.server.port, `/ws/${name}`, {
        headers: { "X-Forwarded-For": forwardedFor(i) },
        subprotocols: ["natter.v1"],
      });
      const event = await client.next();
      const code = event.type === "close" ? event.code : 0;
      ends.set(code, (ends.get(code) ?? 0) + 1);
      await client.sendClose();
    }
    return ends;
  };
  const random = () => crypto.getRandomValues(new Uint8Array(4)).join(".");
  // Of each: how many proxies there are, what a stranger says, and whether that gets more names.
  const table: readonly (readonly [
    trusted: string,
    what: string,
    forwardedFor: (i: number) => string,
    isLimited: boolean,
  ])[] = [
    ["0", "made-up addresses", random, true],
    ["1", "made-up addresses before the proxy's word", () => `${random()}, 198.51.100.1`, true],
    ["1", "the proxy's word", (i) => `198.51.100.${i + 10}`, false],
    ["1", "one site's IPv6 addresses", (i) => `2001:db8::${i}`, true],
    ["1", "many sites' IPv6 addresses", (i) => `2001:db8:0:${i + 1}::1`, false],
    ["1", "what is no address", (i) => `hushed${i}`, true],
    ["2", "made-up addresses before two proxies", () => `${random()}, 192.0.2.1, 10.0.0.1`, true],
    ["2", "the first proxy's word", (i) => `192.0.2.${i + 10}, 10.0.0.1`, false],
  ];
  for (const trusted of ["0", "1", "2"]) {
    const env = { CLAIMS_PER_MINUTE: "8", TRUST_PROXY: trusted };
    await besiege(t, { env, words: 1 }, async (siege) => {
      // An address may stand in the log, and nothing that only stood in its place.
      siege.secrets.push("hushed");
      for (const [setting, what, forwardedFor, isLimited] of table) {
        if (setting !== trusted) continue;
        await siege.step(`TRUST_PROXY=${trusted}: ${what}`, async () => {
          const ends = await outcomes(siege, 16, forwardedFor);
          if (isLimited) assert(ends.get(4002)! >= 7, JSON.stringify([...ends]));
          else assertEquals([...ends], [[0, 16]]);
        });
      }
      await siege.step(`TRUST_PROXY=${trusted}: publishing under new names`, async () => {
        const statuses = [];
        for (let i = 0; i < 16; i++) {
          const headers = [
            ...HTTP_TEXT,
            "X-Forwarded-For: 203.0.113.9, 203.0.113.9",
            `Authorization: Bearer ${crypto.randomUUID()}`,
          ];
          statuses.push(
            (await ask(siege.server.port, `POST /messages/n${i}`, headers, "hushed")).status,
          );
        }
        assert(statuses.includes(429), `${statuses}`);
      });
    });
  }
});

Deno.test("sockets above the limits are told so, a bounded number of them, and places come back", async (t) => {
  const env = { CONNECTIONS_PER_IP_MAX: "30", CONNECTIONS_MAX: "60", TRUST_PROXY: "1" };
  await besiege(t, { env, words: 2 }, async ({ server, step }) => {
    const connect = async (address: string) => {
      const client = await RawClient.connect(server.port);
      const { status } = await client.request({
        path: `/ws/${crypto.randomUUID().slice(0, 30)}`,
        host: "a",
        key: HANDSHAKE["Sec-WebSocket-Key"]!,
        subprotocols: ["natter.v1"],
        headers: { "X-Forwarded-For": address },
      });
      if (status !== 101) return { client, outcome: status };
      const event = await client.next();
      return { client, outcome: event.type === "close" ? event.code : 0 };
    };
    const count = (sockets: readonly { outcome: number }[]) => {
      const counts: Record<number, number> = {};
      for (const { outcome } of sockets) counts[outcome] = (counts[outcome] ?? 0) + 1;
      return counts;
    };
    // Neither answers the close frame, so all that were told hold their places: on `frames` for 5 s.
    await step("from one address, then from many", async () => {
      const one = await Promise.all(Array.from({ length: 60 }, () => connect("192.0.2.1")));
      assertEquals(count(one), { 0: 30, 4002: 20, 503: 10 });
      const many = await Promise.all(Array.from({ length: 60 }, (_, i) => connect(`192.0.3.${i}`)));
      assertEquals(count(many)[0], 60 - 50 - 2, "the refused hold places until they are gone");
      assertEquals(count(many)[4002], 52);
      for (const { client } of [...one, ...many]) client[Symbol.dispose]();
    });
    await step("the places are free again", async () => {
      await until(async () => {
        const sockets = await Promise.all(Array.from({ length: 30 }, () => connect("192.0.2.1")));
        for (const { client } of sockets) client[Symbol.dispose]();
        return sockets.every(({ outcome }) => outcome === 0);
      }, "thirty come in");
    });
    await step("1,000 that leave with their handshake", async () => {
      const left = Array.from({ length: 1000 }, async () => {
        using client = await RawClient.connect(server.port);
        const handshake = head("GET /ws/a", [
          "Host: a",
          ...HANDSHAKE_LINES,
          "X-Forwarded-For: 192.0.2.1",
          `Authorization: Bearer ${KEYS[0]}`,
        ]);
        await client.write(new TextEncoder().encode(handshake));
      });
      await Promise.all(left);
      await until(async () => {
        const { client, outcome } = await connect("192.0.2.1");
        client[Symbol.dispose]();
        return outcome === 0;
      }, "one comes in");
    });
  });
});
