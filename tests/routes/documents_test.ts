import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createAsyncApi } from "../../lib/api/asyncapi.ts";
import { createOpenApi } from "../../lib/api/openapi.ts";
import { describeOperations } from "../../lib/api/operations.ts";
import { parseConfig } from "../../lib/config.ts";
import { renderDocuments } from "../../routes/documents_page.ts";
import { createTestApp } from "../support/app.ts";

const config = parseConfig(() => undefined);

Deno.test("the documents are served like files: with a validator, in gzip, and HEAD without a body", async () => {
  const { request } = await createTestApp();
  for (const path of ["/openapi.json", "/asyncapi.json", "/docs"]) {
    const get = await request(path);
    const text = await get.text();
    const etag = get.headers.get("ETag")!;
    const again = await request(path, { headers: { "If-None-Match": etag } });
    assertEquals([again.status, await again.text()], [304, ""], path);
    const gzip = await request(path, { headers: { "Accept-Encoding": "gzip" } });
    assertEquals(gzip.headers.get("Content-Encoding"), "gzip", path);
    const unpacked = gzip.body!.pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(unpacked).text(), text, path);
    const head = await request(path, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""], path);
    assertEquals(head.headers.get("ETag"), etag, path);
  }
});

Deno.test("tools of any origin may read the documents for machines, and pages of others not the one for people", async () => {
  const { request } = await createTestApp();
  const headers = { "Origin": "https://editor.example", "Sec-Fetch-Site": "cross-site" };
  for (
    const [path, origin] of [["/openapi.json", "*"], ["/asyncapi.json", "*"], ["/docs", null]]
  ) {
    const response = await request(`${path}`, { headers });
    await response.text();
    assertEquals(response.status, 200, `${path}`);
    assertEquals(response.headers.get("Access-Control-Allow-Origin"), origin, `${path}`);
  }
});

Deno.test("the documents are those of the server's settings", async () => {
  const { request } = await createTestApp({ BODY_BYTES_MAX: "77", HISTORY_DAYS: "2" });
  const openApi = await (await request("/openapi.json")).json();
  assertEquals(
    openApi.paths["/messages/{username}"].post.requestBody.content["text/plain"].schema.maxLength,
    77,
  );
  const [, ban] = openApi.paths["/api/users/{username}"].delete.parameters;
  assertEquals([ban.name, ban.schema.maximum], ["ban", 172_800]);
  assertStringIncludes(await (await request("/docs")).text(), "may have 77 bytes");
});

Deno.test("what stands in the documents is shown as a text, whatever it is", async () => {
  const evil = `<script>alert("1")</script> & \`<img src=x onerror=y>\``;
  const openApi = structuredClone(createOpenApi(config)) as {
    info: { description: string };
    paths: Record<string, { get: Record<string, unknown> }>;
  };
  openApi.info.description = evil;
  openApi.paths[`/"><b>`] = openApi.paths["/poll/{username}"]!;
  Object.assign(openApi.paths["/poll/{username}"]!.get, { summary: evil, operationId: `"><i>` });
  const page = await renderDocuments(openApi, createAsyncApi(config));
  assert(!/<script|<img|<b>|<i>/.test(page));
  assertStringIncludes(page, "<code>&lt;img src=x onerror=y&gt;</code>");
});

Deno.test("the page begins with its type, and asks for nothing that is not beside it", async () => {
  const page = await renderDocuments(createOpenApi(config), createAsyncApi(config));
  assert(page.startsWith("<!DOCTYPE html>"));
  const addresses = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address!);
  assertEquals(
    [...new Set(addresses.filter((address) => !address.startsWith("#")))].toSorted(),
    ["asyncapi.json", "docs.css", "icon.svg", "openapi.json"],
  );
  assert(!/ style=| on\w+=/.test(page));
});

Deno.test("every route is documented, and everything documented is a route", async () => {
  const { app } = await createTestApp();
  const routes = new Set(
    app.routes.filter(({ path }) => !path.endsWith("*")).map(({ method, path }) =>
      `${method === "ALL" ? "GET" : method} ${path.replace(/:(\w+)(?:\{.*?\}(?=\/|$))?/g, "{$1}")}`
    ),
  );
  const documented = new Set(
    describeOperations(config).map(({ method, path }) => `${method.toUpperCase()} ${path}`),
  );
  // What the page loads in turn is its own affair.
  const files = [...Deno.readDirSync(new URL("../../static", import.meta.url))].map(({ name }) =>
    `GET /${name}`
  );
  assertEquals([...documented].filter((route) => !routes.has(route)), []);
  assertEquals(
    [...routes].filter((route) => !documented.has(route) && !files.includes(route)),
    [],
  );
  assert(documented.size > 15);
});
