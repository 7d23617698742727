/**
 * The opening handshake in words (RFC 6455 sections 1.3 and 4).
 *
 * @module
 */

import { harmless } from "../terminal/format.ts";
import { ACCEPT_GUID, acceptHash, isKey } from "../websocket/handshake.ts";
import { spaced } from "./bytes.ts";
import type { Ink } from "./ink.ts";

/** A secret's beginning, enough to know it by. */
const SECRET_SHOWN_CHARS = 4;
/** Lines of a head. */
const HEAD_LINES_MAX = 100;

/**
 * Shows how the key of a handshake becomes the accept value, step by step.
 *
 * @example The key of RFC 6455 §1.3
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainKey } from "./handshake_steps.ts";
 * import { createInk } from "./ink.ts";
 *
 * const steps = await explainKey("dGhlIHNhbXBsZSBub25jZQ==", createInk(false));
 * assertEquals(steps.at(-1), "  in Base64     s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 *
 * @param key The value of Sec-WebSocket-Key.
 * @param ink Marks what is said.
 */
export async function explainKey(key: string, ink: Ink): Promise<string[]> {
  const hash = await acceptHash(key);
  const step = (name: string, value: string) => `  ${name.padEnd(12)}  ${value}`;
  return [
    "The key's way to the accept value:",
    step("key", harmless(key)),
    step("magic string", ink.dim(ACCEPT_GUID)),
    step("joined", `${harmless(key)}${ink.dim(ACCEPT_GUID)}`),
    step("its SHA-1", spaced(hash)),
    step("in Base64", ink.strong(hash.toBase64())),
    ...isKey(key) ? [] : [ink.bad("  ✗ A server refuses this key: it is not 16 bytes in Base64")],
  ];
}

/**
 * Shows the head of a request or response as it stands on the wire, but for secrets.
 *
 * @param bytes The head, and nothing after it.
 * @param arrow What stands before its first line.
 * @param ink Marks what is said.
 */
export function showHead(bytes: Uint8Array, arrow: string, ink: Ink): string[] {
  const lines = new TextDecoder("latin1").decode(bytes).split("\r\n").slice(0, -2)
    .map((line) => harmless(hideSecrets(line)));
  const [first = "", ...fields] = lines.slice(0, HEAD_LINES_MAX);
  const mark = arrow === "→" ? ink.sent : ink.received;
  const rows = [mark(`${arrow} ${first}`), ...fields.map((line) => `  ${line}`)];
  if (lines.length > HEAD_LINES_MAX) rows.push(`  … and ${lines.length - HEAD_LINES_MAX} more`);
  return [...rows, ink.dim("  (an empty line ends it; every line ends in CR LF)")];
}

/**
 * Cuts keys and tokens to their beginning.
 *
 * @param line A line of a head, or of words about one.
 */
export function hideSecrets(line: string): string {
  return line.replace(
    /(natter\.auth\.|bearer +)([^\s,]+)/gi,
    (_, before: string, secret: string) =>
      `${before}${secret.slice(0, SECRET_SHOWN_CHARS)}… (${secret.length} characters, hidden here)`,
  );
}
