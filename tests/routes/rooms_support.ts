/**
 * What the tests of rooms share, as programs and users see them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { TestApp } from "../support/app.ts";
import { type Answer, API_KEY } from "./support.ts";

/** Settings with programs, under which nobody is too fast. */
export const ENV = { API_KEY, CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" };

/** Asks, and checks what every answer has. */
export async function ask(
  { request }: TestApp,
  path: string,
  { method = "GET", key, body }: { method?: string; key?: string; body?: unknown } = {},
): Promise<Answer> {
  const response = await request(path, {
    method,
    headers: {
      ...key !== undefined && { "Authorization": `Bearer ${key}` },
      ...body !== undefined && { "Content-Type": "application/json" },
    },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  const { status, headers } = response;
  const json = await response.json();
  assertEquals(headers.get("Cache-Control"), "no-store", path);
  const type = headers.get("Content-Type")!.replace(/;.*/, "");
  assertEquals(type, status < 400 ? "application/json" : "application/problem+json", path);
  assertEquals(headers.get("WWW-Authenticate"), status === 401 ? "Bearer" : null, path);
  return { status, headers, json };
}

/** The same as a program of the operator's. */
export const asProgram = (
  testApp: TestApp,
  path: string,
  given: { method?: string; body?: unknown } = {},
) => ask(testApp, path, { key: API_KEY, ...given });

/** Says something as a program. */
export async function say(
  testApp: TestApp,
  room: string,
  body: string,
  sender = "Bot",
): Promise<Answer["json"]> {
  const path = `/api/rooms/${encodeURIComponent(room)}/messages`;
  const { status, json } = await asProgram(testApp, path, {
    method: "POST",
    body: { sender, body },
  });
  assertEquals(status, 201, `${room}: ${JSON.stringify(json)}`);
  return json;
}
