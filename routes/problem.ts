/**
 * Errors as `application/problem+json` (RFC 9457).
 *
 * @module
 */

import { STATUS_TEXT } from "@std/http/status";
import type * as z from "zod";
import { refusalOf } from "../lib/chat/refusal.ts";
import type { PROBLEM_SCHEMA } from "../lib/protocol/answer.ts";
import { ERROR_STATUS, type ErrorCode } from "../lib/protocol/refusal.ts";

/**
 * Makes the response that says what went wrong.
 *
 * @param code What went wrong, for programs; it decides the HTTP status.
 * @param detail What went wrong in this case, for people: one sentence.
 * @param headers Further headers.
 * @param status Another status than the code's own.
 */
export function problem(
  code: ErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  status: number = ERROR_STATUS[code],
): Response {
  const title = STATUS_TEXT[status] ?? "";
  const body: z.infer<typeof PROBLEM_SCHEMA> = { type: "about:blank", title, status, detail, code };
  return Response.json(body, {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...(status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
      ...headers,
    },
  });
}

/**
 * Makes the response to what a handler threw.
 *
 * @param error What was thrown; of what is no refusal nothing is told.
 */
export function problemOf(error: unknown): Response {
  const { code, message, retryAfterMs } = refusalOf(error);
  const seconds = retryAfterMs ?? (ERROR_STATUS[code] === 503 ? 1000 : undefined);
  const retry = seconds === undefined ? {} : { "Retry-After": `${Math.ceil(seconds / 1000)}` };
  return problem(code, message, retry);
}
