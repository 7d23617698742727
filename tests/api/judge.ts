/**
 * Holds what a server says to what its documents promise, and remembers what has been seen.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { default as Ajv, type ErrorObject } from "ajv";
import Ajv2020 from "ajv/dist/2020.js";

/** Any part of a document. */
// deno-lint-ignore no-explicit-any
export type Part = any;

/** An answer, from whichever client. */
export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Tells what is wrong with a value; nothing where it is as its schema says. */
export type Check = (value: unknown) => readonly ErrorObject[];

/**
 * Makes a check of schemas that refer to each other within one document.
 *
 * @param document The document.
 * @param draft Which JSON Schema it is written in.
 */
export function checksOf(document: Part, draft: "draft-7" | "draft-2020-12") {
  const options = { strict: false, allErrors: true };
  const ajv = draft === "draft-7" ? new Ajv.default(options) : new Ajv2020.default(options);
  const components = closed(document.components);
  const checks = new Map<string, Check>();
  return (schema: Part): Check => {
    const name = JSON.stringify(schema);
    let check = checks.get(name);
    if (check === undefined) {
      const validate = ajv.compile({ ...closed(schema), components });
      check = (value) => validate(value) ? [] : validate.errors!;
      checks.set(name, check);
    }
    return check;
  };
}

/** Clients leave unknown keys alone; to a test a key that is not described is one that was forgotten. */
function closed(part: Part): Part {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== "object" || part === null) return part;
  const copy = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  const isWhole = copy["properties"] !== undefined && copy["allOf"] === undefined;
  return isWhole && copy["type"] === "object" ? { ...copy, additionalProperties: false } : copy;
}

/** Holds answers to a document of OpenAPI. */
export class Judge {
  /** What has been seen: `operation status`, and for problems `operation status code`. */
  readonly seen = new Set<string>();
  readonly #document: Part;
  readonly #check: (schema: Part) => Check;

  /**
   * Creates one.
   *
   * @param document A document of OpenAPI.
   */
  constructor(document: Part) {
    this.#document = document;
    this.#check = checksOf(document, "draft-2020-12");
  }

  /** Every operation by its id, with its path and method. */
  get operations(): Map<string, { path: string; method: string; operation: Part }> {
    const all = new Map();
    for (const [path, methods] of Object.entries<Part>(this.#document.paths)) {
      for (const [method, operation] of Object.entries<Part>(methods)) {
        all.set(operation.operationId, { path, method, operation });
      }
    }
    return all;
  }

  /** Everything that is to be seen. */
  get promised(): Set<string> {
    const all = new Set<string>();
    for (const [id, { operation }] of this.operations) {
      for (const [status, response] of Object.entries<Part>(operation.responses)) {
        const codes = response.content?.["application/problem+json"]?.schema.properties.code.enum;
        for (const code of codes ?? [undefined]) all.add([id, status, code].join(" ").trim());
      }
    }
    return all;
  }

  /** Holds a request to what is documented of it: one that is to succeed must be described in every part. */
  checkRequest(id: string, given: {
    readonly query: URLSearchParams;
    readonly path: Readonly<Record<string, string>>;
    readonly type?: string | undefined;
    readonly body?: string | undefined;
  }): void {
    const { operation } = this.operations.get(id)!;
    const parameters: Part[] = operation.parameters ?? [];
    const find = (name: string, place: string) =>
      parameters.find((parameter) => parameter.name === name && parameter.in === place);
    for (const name of new Set(given.query.keys())) {
      const parameter = find(name, "query");
      assert(parameter, `${id}: ${name} is not documented`);
      const texts = given.query.getAll(name);
      const value = parameter.schema.type === "array" ? texts : typed(texts[0]!, parameter.schema);
      this.#hold(parameter.schema, value, `${id}: ${name}`);
    }
    for (const [name, text] of Object.entries(given.path)) {
      const parameter = find(name, "path");
      assert(parameter?.required, `${id}: ${name} is not documented`);
      this.#hold(parameter.schema, typed(text, parameter.schema), `${id}: ${name}`);
    }
    assertEquals(given.body !== undefined, operation.requestBody !== undefined, `${id}: body`);
    if (given.body === undefined) return;
    const content = operation.requestBody.content[given.type!];
    assert(content, `${id}: ${given.type} is not documented`);
    const value = given.type === "application/json" ? JSON.parse(given.body) : given.body;
    this.#hold(content.schema, value, `${id}: body`);
  }

  /**
   * Holds an answer to what is documented of it.
   *
   * @param id The operation.
   * @param heard The answer.
   * @param isHead Whether the request was a HEAD: then there is no body.
   * @returns Its body, read.
   */
  check(id: string, { status, headers, text }: Heard, isHead = false): Part {
    const about = `${id} ${status}: ${text.slice(0, 300)}`;
    const { operation } = this.operations.get(id)!;
    const response = operation.responses[`${status}`];
    assert(response, `${about} is not documented`);
    for (const [name, reference] of Object.entries<Part>(response.headers ?? {})) {
      const { required, schema } = reference.$ref === undefined
        ? reference
        : this.#document.components.headers[reference.$ref.split("/").at(-1)];
      const value = headers.get(name);
      if (value !== null) this.#hold(schema, typed(value, schema), `${about} ${name}`);
      else assert(!required, `${about} has no ${name}`);
    }
    const type = headers.get("Content-Type")?.replace(/;.*/, "");
    if (response.content === undefined) {
      assertEquals(text, "", about);
      this.seen.add(`${id} ${status}`);
      return undefined;
    }
    assert(type !== undefined && type in response.content, `${about}: ${type}`);
    if (isHead) return assertEquals(text, "", about);
    const { schema } = response.content[type];
    const data = schema["x-data-schema"];
    if (data !== undefined) {
      for (const [, json] of text.matchAll(/^data: (.*)$/gm)) {
        this.#hold(data, JSON.parse(json!), about);
      }
    }
    const value = type.endsWith("json") ? JSON.parse(text) : text;
    this.#hold(schema, value, about);
    const code = type === "application/problem+json" ? value.code : undefined;
    this.seen.add([id, status, code].join(" ").trim());
    return value;
  }

  #hold(schema: Part, value: unknown, about: string): void {
    assertEquals(this.#check(schema)(value), [], about);
  }
}

/** A text of an address or a head, as what its schema says it is. */
function typed(text: string, schema: Part): unknown {
  return schema.type === "integer" ? Number(text) : text;
}
