/**
 * Publishing over HTTP.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type * as z from "zod";
import type { STORED_SCHEMA } from "../lib/protocol/event.ts";
import { parsePublication } from "../lib/protocol/publication.ts";
import { Refusal } from "../lib/protocol/refusal.ts";
import { jsonBytesMax } from "../lib/protocol/text.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { readText } from "./body.ts";
import { addressOf, crossSite, noStore, pathSegment, principalOf } from "./guard.ts";

/**
 * Creates `POST /messages/:username`.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createMessageRoutes(options: AppOptions): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  app.use("/messages/*", crossSite(options), noStore);
  app.post("/messages/:username{[^/]*}", async (c) => {
    const principal = await principalOf(c, options);
    const text = await readPublication(c, options, "text/plain");
    const isPlain = mediaType(c) === "text/plain";
    const publication = isPlain ? { body: text } : parsePublication(text);
    return published(
      await options.chat.requests.publish({
        principal,
        username: pathSegment(c, 1),
        address: addressOf(c, options),
        room: c.req.query("room"),
        ...publication,
      }),
    );
  });
  return app;
}

/**
 * Reads the body of something to publish.
 *
 * @param c The request.
 * @param options The limits.
 * @param otherType A media type that is taken beside `application/json`.
 * @throws {Refusal} `unsupported_media_type`, `body_too_large`, `request_timeout` or `bad_request`.
 *
 * @internal
 */
export async function readPublication(
  c: Context<AppTypes>,
  { config: { bodyBytesMax } }: AppOptions,
  otherType?: string,
): Promise<string> {
  const type = mediaType(c);
  if (type !== "application/json" && type !== otherType) {
    const taken = otherType === undefined ? "" : ` or ${otherType}`;
    throw new Refusal("unsupported_media_type", `This takes application/json${taken}`);
  }
  return await readText(c.req.raw, type === otherType ? bodyBytesMax : jsonBytesMax(bodyBytesMax));
}

/**
 * The answer to something published.
 *
 * @param fields The fields of the ack.
 * @param status Another status than that of a new or repeated message.
 *
 * @internal
 */
export function published(
  fields: z.infer<typeof STORED_SCHEMA>,
  status: 200 | 201 = fields.duplicate ? 200 : 201,
): Response {
  return Response.json(fields, { status });
}

function mediaType(c: Context<AppTypes>): string | undefined {
  return c.req.header("Content-Type")?.replace(/;.*/s, "").trim().toLowerCase();
}
