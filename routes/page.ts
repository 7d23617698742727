/**
 * The chat page, from memory.
 *
 * @module
 */

import { ifNoneMatch } from "@std/http/etag";
import { acceptsEncodings } from "@std/http/negotiation";
import { type Context, Hono } from "hono";
import type { Asset } from "./assets.ts";
import type { AppTypes } from "./app_types.ts";

/** What a script needs to run on a page of another origin (Fetch, "CORS protocol"). */
const SHARED_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/**
 * Creates a route for each file of the page.
 *
 * @param assets The files by path.
 *
 * @internal
 */
export function createPageRoutes(assets: ReadonlyMap<string, Asset>): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  for (const [path, asset] of assets) app.get(path, (c) => serveAsset(c, asset));
  return app;
}

/**
 * Answers with a file, or that the client has it.
 *
 * @param c The request.
 * @param asset The file.
 *
 * @internal
 */
export function serveAsset(c: Context<AppTypes>, asset: Asset): Response {
  const headers = {
    "Cache-Control": "no-cache",
    "ETag": asset.etag,
    "Vary": "Accept-Encoding",
    ...(asset.isShared ? SHARED_HEADERS : {}),
  };
  if (!ifNoneMatch(c.req.header("If-None-Match") ?? null, asset.etag)) {
    return c.body(null, 304, headers);
  }
  const isGzip = c.req.header("Accept-Encoding") !== undefined &&
    acceptsEncodings(c.req.raw, "gzip", "identity") === "gzip";
  const body = isGzip ? asset.gzip : asset.bytes;
  return c.body(body, 200, {
    ...headers,
    "Content-Length": `${body.length}`, // said here, so that HEAD says it too
    "Content-Type": asset.type,
    ...(isGzip ? { "Content-Encoding": "gzip" } : {}),
  });
}
