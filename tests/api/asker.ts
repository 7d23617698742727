/**
 * Makes the requests of a document of OpenAPI, each held to the document, and each answer too.
 *
 * @module
 */

import { within } from "../support/deadline.ts";
import { HANDSHAKE } from "../support/handshake.ts";
import { head, RawHttp } from "../support/raw_http.ts";
import type { TestServer } from "../support/server.ts";
import type { Heard, Judge, Part } from "./judge.ts";

/** What is said beside the operation's name; there is a good default for everything. */
export interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: unknown;
}

const PATH: Readonly<Record<string, string>> = { username: "walker", room: "lobby", offset: "1" };

const BODY: Readonly<Record<string, unknown>> = {
  publish: { body: "hi" },
  say: { sender: "Operations", body: "hi" },
};

/**
 * Makes one request.
 *
 * @param judge What it and its answer are held to.
 * @param server Where to.
 * @param id The operation.
 * @param asked What differs from a good request.
 * @param isHead Makes it a HEAD.
 * @returns The status, and the body as it was read.
 */
export async function askFor(
  judge: Judge,
  server: TestServer,
  id: string,
  asked: Asked = {},
  isHead = false,
): Promise<{ readonly status: number; readonly body: Part; readonly headers: Headers }> {
  const { path: pattern, method, operation } = judge.operations.get(id)!;
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const path = Object.fromEntries(names.map((name) => [name, asked.path?.[name] ?? PATH[name]!]));
  const address = pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]!)) +
    (asked.query === undefined ? "" : `?${asked.query}`);
  const given = asked.body ?? BODY[id];
  const body = given === undefined || typeof given === "string" ? given : JSON.stringify(given);
  const type = given === undefined ? undefined : asked.type ?? "application/json";
  const headers = {
    ...asked.key !== undefined && { "Authorization": `Bearer ${asked.key}` },
    ...type !== undefined && { "Content-Type": type },
    ...asked.headers,
  };
  const heard = operation.tags.includes("WebSocket")
    ? await shake(server.port, address, { ...HANDSHAKE, ...headers })
    : await hear(server.url, address, isHead ? "HEAD" : method.toUpperCase(), headers, body);
  const said = judge.check(id, heard, isHead);
  if (heard.status < 300) {
    judge.checkRequest(id, { query: new URLSearchParams(asked.query), path, type, body });
  }
  return { status: heard.status, body: said, headers: heard.headers };
}

async function hear(
  base: string,
  address: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Heard> {
  const abort = new AbortController();
  const init = { method, headers, signal: abort.signal, ...body !== undefined && { body } };
  const request = fetch(new URL(`.${address}`, base), init);
  const response = await within(request, `${method} ${address}`);
  const isStream = response.headers.get("Content-Type") === "text/event-stream";
  let text = "";
  if (!isStream || method === "HEAD") text = await within(response.text(), address);
  else {
    // It does not end by itself; an event that is cut short is none.
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes("event: joined")) {
      text += (await within(reader.read(), "an event")).value ?? "";
    }
    await reader.cancel();
    text = text.slice(0, text.lastIndexOf("\n\n") + 2);
  }
  abort.abort();
  return { status: response.status, headers: response.headers, text };
}

/** Asks for a WebSocket by hand: no standard client shows why it was refused. */
async function shake(
  port: number,
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<Heard> {
  using http = await RawHttp.connect(port);
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers });
  await http.write(head(`GET ${address}`, lines.map(([name, value]) => `${name}: ${value}`)));
  let text = "";
  while (!isWhole(text)) {
    const part = await http.read();
    if (part === undefined) break;
    text += part;
  }
  const [top = "", body = ""] = text.split("\r\n\r\n");
  const [line = "", ...fields] = top.split("\r\n");
  return {
    status: Number(line.split(" ")[1]),
    headers: new Headers(fields.map((field): [string, string] => {
      const at = field.indexOf(": ");
      return [field.slice(0, at), field.slice(at + 2)];
    })),
    text: line.includes(" 101 ") ? "" : body,
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
  return text.startsWith("HTTP/1.1 101") || text.length >= end + 4 + length;
}
