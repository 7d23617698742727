/** Whether the judge of `/openapi.json` finds what is wrong. */

import { assertEquals, assertThrows } from "@std/assert";
import { createOpenApi } from "../../lib/api/openapi.ts";
import { parseConfig } from "../../lib/config.ts";
import { type Heard, Judge } from "./judge.ts";

const HEADERS = {
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
  "X-Request-Id": "one",
};
const GOOD: Heard = {
  status: 200,
  headers: new Headers(HEADERS),
  text: '{"room":"lobby","users":["ann"],"userCount":1}',
};

function judge(): Judge {
  return new Judge(JSON.parse(JSON.stringify(createOpenApi(parseConfig(() => undefined)))));
}

Deno.test("a right answer is taken, and remembered", () => {
  const fair = judge();
  fair.check("readUsers", GOOD);
  assertEquals([...fair.seen], ["readUsers 200"]);
});

const PROBLEM = { type: "about:blank", title: "x", status: 403, detail: "x", code: "forbidden" };

for (
  const [what, heard] of [
    ["a status that is not documented", { status: 204, text: "" }],
    ["another media type", { headers: { ...HEADERS, "Content-Type": "text/html" } }],
    ["a header that is missing", {
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    }],
    ["a header with another value", { headers: { ...HEADERS, "Cache-Control": "private" } }],
    ["a field that is missing", { text: '{"room":"lobby","users":[]}' }],
    ["a field of another kind", { text: '{"room":"lobby","users":[],"userCount":"1"}' }],
    ["a field that is not documented", { text: '{"room":"a","users":[],"userCount":0,"age":1}' }],
    ["a code of another status", {
      status: 401,
      headers: {
        ...HEADERS,
        "Content-Type": "application/problem+json",
        "WWW-Authenticate": "Bearer",
      },
      text: JSON.stringify(PROBLEM),
    }],
    ["a code that the operation does not have", {
      status: 403,
      headers: { ...HEADERS, "Content-Type": "application/problem+json" },
      text: JSON.stringify({ ...PROBLEM, code: "username_taken" }),
    }],
  ] as const
) {
  Deno.test(`the judge finds ${what}`, () => {
    const headers = new Headers("headers" in heard ? heard.headers : HEADERS);
    assertThrows(() => judge().check("readUsers", { ...GOOD, ...heard, headers }));
  });
}

Deno.test("the judge finds a request that is not documented", () => {
  const path = { room: "lobby" };
  const request = { path, query: new URLSearchParams() };
  judge().checkRequest("readUsers", request);
  for (
    const wrong of [
      { ...request, query: new URLSearchParams("limit=1") },
      { ...request, path: { username: "ann" } },
      { ...request, body: "{}", type: "application/json" },
    ]
  ) assertThrows(() => judge().checkRequest("readUsers", wrong));
  const many = { path, query: new URLSearchParams("limit=201") };
  assertThrows(() => judge().checkRequest("readHistory", many));
});
