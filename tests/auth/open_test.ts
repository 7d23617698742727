import { assertEquals, assertNotEquals } from "@std/assert";
import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { ANONYMOUS } from "../../lib/auth/principal.ts";

const { authenticate } = createOpenAuthenticator();

Deno.test("without a key one is anonymous", async () => {
  assertEquals(await authenticate(undefined), ANONYMOUS);
});

Deno.test("a key makes an author, who is a hash of it", async () => {
  // printf 'abcdefghijklmnopqrstuv' | openssl dgst -sha256 -binary | basenc --base64url
  assertEquals(await authenticate("abcdefghijklmnopqrstuv"), {
    author: "k:9p-bcNHJpUQiWMp2-LCnpF_LTjHDYUG2NX7FkTKLBiQ",
  });
});

Deno.test("the same key is the same author, another key another", async () => {
  const one = await authenticate("a".repeat(22));
  assertEquals(await authenticate("a".repeat(22)), one);
  assertNotEquals(await authenticate("a".repeat(23)), one);
});

Deno.test("a key has 22 to 512 characters of base64url", async () => {
  const malformed = { unauthorized: "key malformed" };
  const keys: readonly (readonly [key: string, isKey: boolean])[] = [
    ["", false],
    ["a".repeat(21), false],
    ["a".repeat(22), true],
    ["-_09azAZ-_09azAZ-_09azAZ", true],
    ["a".repeat(512), true],
    ["a".repeat(513), false],
    ["a".repeat(10_000_000), false],
    ["a".repeat(22) + "=", false],
    ["a".repeat(22) + "\n", false],
    ["a".repeat(22) + "+", false],
    ["a".repeat(22) + ".", false],
    ["é".repeat(22), false],
  ];
  for (const [key, isKey] of keys) {
    const name = `${key.length} of ${key.slice(0, 30)}`;
    if (isKey) assertNotEquals(await authenticate(key), malformed, name);
    else assertEquals(await authenticate(key), malformed, name);
  }
});
