/**
 * Errors as `application/problem+json` (RFC 9457).
 *
 * @module
 */

import { STATUS_TEXT } from "@std/http/status";

/** What went wrong, for programs. */
export type ErrorCode = "bad_request" | "forbidden" | "not_found" | "busy" | "internal";

/**
 * Makes the response that says what went wrong.
 *
 * @param status The HTTP status.
 * @param code What went wrong, for programs.
 * @param detail What went wrong in this case, for people: one sentence.
 * @param headers Further headers.
 */
export function problem(
  status: number,
  code: ErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = { type: "about:blank", title: STATUS_TEXT[status], status, detail, code };
  return Response.json(body, {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}
