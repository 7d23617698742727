/**
 * The documents of the interfaces: for machines, and for people.
 *
 * @module
 */

import { Hono } from "hono";
import { createAsyncApi } from "../lib/api/asyncapi.ts";
import { createOpenApi } from "../lib/api/openapi.ts";
import type { Config } from "../lib/config.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { type Asset, createAsset } from "./assets.ts";
import { renderDocuments } from "./documents_page.ts";
import { serveAsset } from "./page.ts";

/** How each document is made; tools on other origins may read those for machines. */
const DOCUMENTS: Readonly<Record<string, (config: Config) => Promise<Asset>>> = {
  "/openapi.json": (config) => jsonAsset(createOpenApi(config)),
  "/asyncapi.json": (config) => jsonAsset(createAsyncApi(config)),
  "/docs": async (config) => {
    const html = await renderDocuments(createOpenApi(config), createAsyncApi(config));
    return await createAsset(html, "text/html; charset=utf-8", false);
  },
};

/**
 * Creates `GET /openapi.json`, `GET /asyncapi.json` and `GET /docs`. Each is made when it is first asked for,
 * and once: a server that nobody asks has nothing to do with them.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createDocumentRoutes({ config }: AppOptions): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  for (const [path, create] of Object.entries(DOCUMENTS)) {
    let asset: Promise<Asset> | undefined;
    app.get(path, async (c) => serveAsset(c, await (asset ??= create(config))));
  }
  return app;
}

function jsonAsset(document: unknown): Promise<Asset> {
  return createAsset(`${JSON.stringify(document, null, 1)}\n`, "application/json", true);
}
