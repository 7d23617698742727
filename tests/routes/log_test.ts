import { assert, assertEquals, assertMatch } from "@std/assert";
import { REQUEST_ID_CHARS_MAX } from "../../lib/limits.ts";
import { createTestApp, type TestApp } from "../support/app.ts";

const KEY = "a-key-of-the-test-0123456789";

function linesOf({ log }: TestApp) {
  return log.splice(0).map((line) => JSON.parse(line));
}

Deno.test("every answer names its request, and its line in the log too", async () => {
  const app = await createTestApp({ LOG_LEVEL: "debug" });
  const ids: (string | null)[] = [];
  for (const path of ["/healthz", "/nowhere?token=secret", "/poll/alice?wait=0", "/ws/alice"]) {
    ids.push((await app.request(path)).headers.get("X-Request-Id"));
  }
  assertEquals(new Set(ids).size, 4);
  const requests = linesOf(app).filter(({ message }) => message === "Request");
  assertEquals(
    requests.map(({ requestId, method, route, status }) => [
      requestId,
      method,
      route,
      status,
    ]),
    [
      [ids[0], "GET", "/healthz", 200],
      [ids[1], "GET", "/*", 404],
      [ids[2], "GET", "/poll/:username", 200],
      [ids[3], "GET", "/ws/:username", 426],
    ],
  );
});

Deno.test("a proxy's id is taken where proxies are believed, and only if it is one", async () => {
  const given = async (env: Record<string, string>, id: string) => {
    const app = await createTestApp(env);
    const response = await app.request("/healthz", { headers: { "X-Request-Id": id } });
    return response.headers.get("X-Request-Id");
  };
  const longest = "x".repeat(REQUEST_ID_CHARS_MAX);
  assertEquals(await given({ TRUST_PROXY: "1" }, "7f3a:b-c_d.e"), "7f3a:b-c_d.e");
  assertEquals(await given({ TRUST_PROXY: "1" }, longest), longest);
  assertEquals(await given({ TRUST_PROXY: "1" }, longest + "x"), "test-1");
  assertEquals(await given({ TRUST_PROXY: "1" }, 'a" level=error'), "test-1");
  assertEquals(await given({}, "7f3a:b-c_d.e"), "test-1");
});

Deno.test("by default only refusals are told: why, where from, and which request", async () => {
  const app = await createTestApp();
  await app.request("/healthz");
  assertEquals(linesOf(app), []);
  const { headers } = await app.request("/poll/%00");
  assertEquals(linesOf(app), [{
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    message: "Refused",
    cause: "username_invalid",
    address: "127.0.0.1",
    requestId: headers.get("X-Request-Id"),
  }]);
});

Deno.test("at debug the way of a session is told, and neither its key nor what it says", async () => {
  const app = await createTestApp({ LOG_LEVEL: "debug" });
  const client = await app.connect("/ws/alice?room=builds&token=hushed", KEY);
  client.command({ type: "message", room: "builds", body: "a secret", ref: "1" });
  client.command({ type: "message", room: "elsewhere", body: "a secret" });
  client.receive("no command");
  await app.testChat.clock.settle();
  client.leave();
  const lines = linesOf(app);
  const { requestId } = lines[0];
  assertMatch(requestId, /^test-/);
  assert(lines.every((line) => line.requestId === requestId), "they belong together");
  assertEquals(
    lines.map(({ level, message, username, room, cause }) => [
      level,
      message,
      username ?? room ?? cause,
    ]),
    [
      ["debug", "Request", undefined],
      ["debug", "Session opened", "alice"],
      ["debug", "Joined", "@alice"],
      ["debug", "Joined", "builds"],
      ["info", "Refused", "not_joined"],
      ["info", "Refused", "bad_json"],
      ["debug", "Session ended", undefined],
    ],
  );
  for (const secret of [KEY, "secret", "hushed"]) {
    assert(!JSON.stringify(lines).includes(secret), secret);
  }
});

Deno.test("a session that we end tells the close code", async () => {
  const app = await createTestApp({ LOG_LEVEL: "debug" });
  await app.connect("/ws/%00");
  const [ended] = linesOf(app).filter(({ message }) => message === "Session ended");
  assertEquals(ended.code, 4500);
});
