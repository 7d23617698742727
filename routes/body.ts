/**
 * Bodies of requests, within bounds of size and time.
 *
 * @module
 */

import { Refusal } from "../lib/protocol/refusal.ts";
import { REQUEST_BODY_MS_MAX } from "../lib/limits.ts";

/**
 * Reads a request's body as a text.
 *
 * @param request The request.
 * @param bytesMax Bytes that it may have; no more are read.
 * @returns The text.
 * @throws {Refusal} `body_too_large`, `request_timeout`, or `bad_request` where it is no UTF-8.
 */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const tooLarge = new Refusal("body_too_large", `A request may have ${bytesMax} bytes here`);
  if (Number(request.headers.get("Content-Length") ?? 0) > bytesMax) throw tooLarge;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Refusal("request_timeout", "The request took too long to come")),
    REQUEST_BODY_MS_MAX,
  );
  const reader = request.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "", bytes = 0;
  try {
    while (reader !== undefined) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      bytes += value.length;
      if (bytes > bytesMax) throw tooLarge;
      text += decoder.decode(value, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    // What is still to come of it is not waited for.
    reader?.cancel().catch(() => {});
    if (error instanceof Refusal) throw error;
    throw new Refusal("bad_request", "The body broke off, or is no UTF-8");
  } finally {
    clearTimeout(timer);
  }
}
