import { assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";

const API_KEY = "a key of programs";

Deno.test("a dot in a path, however it is written, is no step to another segment", async () => {
  const { request } = await createTestApp({ API_KEY });
  const headers = { Authorization: `Bearer ${API_KEY}` };
  for (
    const [method, path] of [
      ["GET", "/api/rooms/%2e/messages"],
      ["GET", "/api/rooms/%2E%2e/users"],
      ["DELETE", "/api/users/%2e/messages"],
      ["DELETE", "/api/users/%2e"],
    ] as const
  ) {
    const response = await request(path, { method, headers });
    assertEquals(response.status, 400, `${method} ${path}`);
  }
});
