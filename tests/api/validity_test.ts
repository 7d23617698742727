/** Whether the documents are what they say: OpenAPI 3.1 and AsyncAPI 3.0, by the standards' own schemas. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import asyncApiSchema from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import { createAsyncApi } from "../../lib/api/asyncapi.ts";
import { createOpenApi } from "../../lib/api/openapi.ts";
import { COMMAND_NAMES, EVENT_NAMES } from "../../lib/api/schemas.ts";
import { SOCKET_OPERATIONS } from "../../lib/api/socket_operations.ts";
import { parseConfig } from "../../lib/config.ts";
import { REF_CHARS_MAX } from "../../lib/limits.ts";
import { parseCommand } from "../../lib/protocol/command.ts";
import { isKey } from "../../lib/websocket/handshake.ts";

const SECRET = "a-secret-of-at-least-32-bytes-for-tests";
const SETTINGS = [{}, { AUTH: "token", AUTH_SECRET: SECRET, PORT: "0", BODY_BYTES_MAX: "77" }].map(
  (env: Readonly<Record<string, string>>) => parseConfig((name) => env[name]),
);

/** Whether a value is a document of AsyncAPI 3.0. */
const isAsyncApi = new Ajv.default({ strict: false, validateFormats: false }).compile(
  asyncApiSchema,
);

/** Every place that a document refers to. */
function references(document: unknown): string[] {
  return [...JSON.stringify(document).matchAll(/"\$ref":"(.*?)"/g)].map(([, path]) => path!);
}

// deno-lint-ignore no-explicit-any
function resolve(document: any, path: string): unknown {
  assert(path.startsWith("#/"), path);
  return path.slice(2).split("/").reduce((part, key) => part?.[key], document);
}

for (const settings of SETTINGS) {
  Deno.test(`/openapi.json is valid with AUTH=${settings.auth}`, async () => {
    const document = createOpenApi(settings);
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert(valid, JSON.stringify(errors, null, 2));
  });

  Deno.test(`/asyncapi.json is valid with AUTH=${settings.auth}`, () => {
    const document = createAsyncApi(settings);
    assert(isAsyncApi(document), JSON.stringify(isAsyncApi.errors?.slice(0, 5), null, 2));
  });

  Deno.test(`what the documents refer to is in them, and all schemas are referred to, with AUTH=${settings.auth}`, () => {
    for (const document of [createOpenApi(settings), createAsyncApi(settings)]) {
      const found = new Set(references(document));
      for (const path of found) assert(resolve(document, path) !== undefined, path);
      const { schemas } = document["components"] as { schemas: Record<string, unknown> };
      for (const name of Object.keys(schemas)) assert(found.has(`#/components/schemas/${name}`));
    }
  });
}

Deno.test("what is broken in a document is found", async () => {
  const [settings] = SETTINGS;
  const openApi = structuredClone(createOpenApi(settings!)) as Record<string, unknown>;
  delete openApi["info"];
  assertEquals((await new Validator().validate(openApi)).valid, false);
  const asyncApi = structuredClone(createAsyncApi(settings!)) as Record<string, unknown>;
  asyncApi["channels"] = { rich: { address: 7 } };
  assertEquals(isAsyncApi(asyncApi), false);
});

Deno.test("every schema in the documents is one that a strict validator takes", () => {
  const openApi = createOpenApi(SETTINGS[0]!), asyncApi = createAsyncApi(SETTINGS[0]!);
  for (
    const [document, ajv] of [
      [openApi, new Ajv2020.default({ allErrors: true })],
      [asyncApi, new Ajv.default({ allErrors: true })],
    ] as const
  ) {
    const { schemas } = document["components"] as { schemas: Record<string, object> };
    for (const [name, schema] of Object.entries(schemas)) {
      assert(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
    }
  }
});

Deno.test("/asyncapi.json has every command and every event", () => {
  const { components } = createAsyncApi(SETTINGS[0]!) as unknown as {
    components: { schemas: Readonly<Record<string, unknown>> };
  };
  const has = new Set(Object.keys(components.schemas));
  for (const name of [...COMMAND_NAMES, ...EVENT_NAMES]) assert(has.has(name), name);
  assertNotEquals(COMMAND_NAMES.length * EVENT_NAMES.length, 0);
});

Deno.test("the documents tell the server's own settings", () => {
  const [byDefault, other] = SETTINGS;
  const text = JSON.stringify(createOpenApi(other!)) + JSON.stringify(createAsyncApi(other!));
  assert(text.includes("may have 77 bytes"));
  assert(!text.includes(`${byDefault!.bodyBytesMax}`));
  assert(!text.includes(SECRET));
});

Deno.test("the key of a handshake is described as it is checked", () => {
  const { parameters } = SOCKET_OPERATIONS[0]!;
  const key = parameters!.find(({ name }) => name === "Sec-WebSocket-Key")!;
  const isDescribed = new Ajv2020.default().compile(key.schema);
  // The last character has four bits that must be 0.
  for (const last of ["A", "Q", "g", "w", "B", "R", "/"]) {
    const text = `${"+/Az09abcdefghijklmno"}${last}==`;
    assertEquals(isDescribed(text), isKey(text), text);
  }
});

Deno.test("a ref may have as many code points as is described", () => {
  // deno-lint-ignore no-explicit-any
  const { schemas } = (createAsyncApi(SETTINGS[0]!) as any).components;
  const isDescribed = new Ajv2020.default().compile(schemas.PingCommand.properties.ref);
  for (const character of ["a", "王", "🙂"]) {
    for (const count of [0, 1, REF_CHARS_MAX, REF_CHARS_MAX + 1]) {
      const ref = character.repeat(count);
      const isTaken = "command" in parseCommand(JSON.stringify({ type: "ping", ref }));
      assertEquals(isTaken, count >= 1 && count <= REF_CHARS_MAX, `${count} × ${character}`);
      assertEquals(isDescribed(ref), isTaken, `${count} × ${character}`);
    }
  }
});
