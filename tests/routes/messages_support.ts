/**
 * What the tests of publishing share.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { TestApp } from "../support/app.ts";
import type { Answer } from "./support.ts";

/** What is posted. */
export interface Post {
  readonly body?: BodyInit;
  readonly type?: string | undefined;
  readonly key?: string;
  readonly address?: string;
  readonly headers?: Record<string, string>;
}

/** Posts, and checks what every answer has. */
export async function post(testApp: TestApp, path: string, given: Post = {}): Promise<Answer> {
  const { body = "hi", type = "text/plain", key, address = "192.0.2.1" } = given;
  const response = await testApp.request(path, {
    method: "POST",
    headers: {
      ...type === "" ? {} : { "Content-Type": type },
      ...key !== undefined && { "Authorization": `Bearer ${key}` },
      ...given.headers,
    },
    body,
  }, { remoteAddress: address });
  const { status, headers } = response;
  const json = await response.json();
  assertEquals(headers.get("Cache-Control"), "no-store", path);
  assertEquals(headers.get("X-Content-Type-Options"), "nosniff", path);
  if (status >= 400) {
    assertEquals(headers.get("Content-Type"), "application/problem+json", path);
    assertEquals(Object.keys(json), ["type", "title", "status", "detail", "code"]);
    assertEquals(json.status, status);
  }
  assertEquals(headers.get("WWW-Authenticate"), status === 401 ? "Bearer" : null);
  assertEquals(headers.has("Retry-After"), status === 429 || status === 503);
  return { status, headers, json };
}

/** The same of a value as JSON. */
export const postJson = (testApp: TestApp, path: string, value: unknown, given: Post = {}) =>
  post(testApp, path, { body: JSON.stringify(value), type: "application/json", ...given });

/** What was said in a room, and by whom. */
export async function bodies(testApp: TestApp, room = "lobby"): Promise<string[]> {
  const response = await testApp.request(`/api/rooms/${room}/messages`);
  const { entries } = await response.json();
  return entries.map(({ sender, body }: { sender: string; body: string }) => `${sender}: ${body}`);
}

/** Settings under which nobody is too fast. */
export const UNLIMITED = { CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" };
