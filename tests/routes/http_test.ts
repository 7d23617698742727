import { assert, assertEquals, assertMatch } from "@std/assert";
import { createTestApp } from "../support/app.ts";

Deno.test("GET /healthz says that the process answers", async () => {
  const { request } = await createTestApp();
  const response = await request("/healthz");
  assertEquals([response.status, await response.text()], [200, "ok\n"]);
  assertEquals(response.headers.get("Cache-Control"), "no-store");
});

Deno.test("GET /readyz says whether the server is fit for traffic, and when to ask again", async () => {
  const { request, state } = await createTestApp();
  const fit = await request("/readyz");
  assertEquals([fit.status, await fit.text()], [200, "ok\n"]);
  state.status = "store out of reach";
  const unfit = await request("/readyz");
  assertEquals([unfit.status, unfit.headers.get("Retry-After")], [503, "1"]);
  const { code, detail } = await unfit.json();
  assertEquals([code, detail], ["unavailable", "Not fit for traffic: store out of reach"]);
  for (const { headers } of [fit, unfit]) assertEquals(headers.get("Cache-Control"), "no-store");
});

Deno.test("what is not there is a problem, in words and in code", async () => {
  const { request } = await createTestApp();
  const response = await request("/nothing?a=b");
  assertEquals(response.status, 404);
  assertEquals(response.headers.get("Content-Type"), "application/problem+json");
  assertEquals(await response.json(), {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "There is nothing at /nothing",
    code: "not_found",
  });
});

Deno.test("no path leads out of the page's files", async () => {
  const { request } = await createTestApp();
  for (
    const path of ["/../main.ts", "/%2e%2e/main.ts", "/..%2fmain.ts", "/static/chat.js", "/main.ts"]
  ) {
    const response = await request(path);
    await response.text();
    assertEquals(response.status, 404, path);
  }
});

Deno.test("every file of the page has its type, a validator, and is the same for HEAD without a body", async () => {
  const { request } = await createTestApp();
  const types: Record<string, RegExp> = {
    html: /^text\/html; charset=utf-8$/,
    css: /^text\/css; charset=utf-8$/,
    js: /^text\/javascript; charset=utf-8$/,
    svg: /^image\/svg\+xml$/,
  };
  const paths = ["/"];
  for (const { name } of Deno.readDirSync(new URL("../../static", import.meta.url))) {
    paths.push(`/${name}`);
  }
  assert(paths.length > 3);
  for (const path of paths) {
    const get = await request(path);
    const head = await request(path, { method: "HEAD" });
    assertEquals([get.status, head.status], [200, 200], path);
    const type = types[path === "/" ? "html" : path.split(".").pop()!];
    for (const response of [get, head]) {
      assertMatch(response.headers.get("Content-Type")!, type!, path);
      assertMatch(response.headers.get("ETag")!, /^W\/".+"$/, path);
      assertEquals(response.headers.get("Cache-Control"), "no-cache", path);
    }
    assert((await get.bytes()).length > 0, path);
    assertEquals((await head.bytes()).length, 0, path);
  }
});

Deno.test("a file that the client has is not sent again; one that has changed is", async () => {
  const { request } = await createTestApp();
  const first = await request("/");
  await first.text();
  const etag = first.headers.get("ETag")!;
  for (const value of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
    const response = await request("/", { headers: { "If-None-Match": value } });
    assertEquals([response.status, await response.text()], [304, ""], value);
    assertEquals(response.headers.get("ETag"), etag);
  }
  const changed = await request("/", { headers: { "If-None-Match": 'W/"other"' } });
  assertEquals(changed.status, 200);
  await changed.text();
});

Deno.test("a file is sent in gzip to those who take it, and is then the same file", async () => {
  const { request } = await createTestApp();
  const plain = await request("/");
  for (
    const [accepts, isGzip] of [["gzip, br", true], ["br", false], ["gzip;q=0", false]] as const
  ) {
    const response = await request("/", { headers: { "Accept-Encoding": accepts } });
    assertEquals(response.headers.get("Content-Encoding"), isGzip ? "gzip" : null, accepts);
    assertEquals(response.headers.get("Vary"), "Accept-Encoding");
    assertEquals(response.headers.get("ETag"), plain.headers.get("ETag"));
    const length = Number(response.headers.get("Content-Length"));
    const body = isGzip
      ? response.body!.pipeThrough(new DecompressionStream("gzip"))
      : response.body!;
    const bytes = await new Response(body).bytes();
    assertEquals(new TextDecoder().decode(bytes), await plain.clone().text());
    assertEquals(length < bytes.length, isGzip);
  }
  await plain.body?.cancel();
});

Deno.test("every answer carries the security headers, errors and refused upgrades too", async () => {
  const { request } = await createTestApp();
  for (const path of ["/", "/healthz", "/nothing", "/ws", "/ws/alice"]) {
    const response = await request(path);
    await response.text();
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    assert(policy.startsWith("default-src 'none'"), path);
    assert(!policy.includes("unsafe"), path);
    assertEquals(response.headers.get("X-Content-Type-Options"), "nosniff", path);
    assertEquals(response.headers.get("Referrer-Policy"), "no-referrer", path);
  }
});
