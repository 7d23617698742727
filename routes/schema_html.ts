/**
 * Schemas as HTML, for people.
 *
 * @module
 */

import { html } from "hono/html";

/** What is shown of a JSON Schema. */
export interface Schema {
  /** The name of another schema. */
  readonly $ref?: string;
  /** Of a stream: the data of one event. */
  readonly "x-data-schema"?: Schema;
  /** The kind of value. */
  readonly type?: string;
  /** The only value. */
  readonly const?: unknown;
  /** All values. */
  readonly enum?: readonly unknown[];
  /** The value where there is none. */
  readonly default?: unknown;
  /** What it says. */
  readonly description?: string;
  /** The least number. */
  readonly minimum?: number;
  /** The greatest number. */
  readonly maximum?: number;
  /** The most characters. */
  readonly maxLength?: number;
  /** What stands in a list. */
  readonly items?: Schema;
  /** Exactly one of these. */
  readonly oneOf?: readonly Schema[];
  /** At least one of these. */
  readonly anyOf?: readonly Schema[];
  /** Fields of an object. */
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Fields that are never missing. */
  readonly required?: readonly string[];
}

/**
 * A piece of a page, in which everything that had to be escaped is.
 *
 * @internal Its type is the helper's own.
 */
export type Html = ReturnType<typeof html>;

/**
 * Shows a schema that has a name, as a part of the page.
 *
 * @param name Its name.
 * @param schema The schema.
 */
export function schemaSection(name: string, schema: Schema): Html {
  const { description, properties, required = [] } = schema;
  return html`
    <h3 id="schema-${name}">${name}</h3>
    ${description === undefined ? "" : html`<p>${prose(description)}</p>`}
    ${properties === undefined
      ? html`<p>${kind(schema)}</p>`
      : html`<dl>${
        Object.entries(properties).map(([key, property]) =>
          html`
            <dt><code>${key}</code>${required.includes(key) ? "" : html`
              <span class="note">may be missing</span>
            `}</dt>
            <dd>${property.description ? prose(property.description) : ""} ${kind(property)}</dd>
          `
        )
      }</dl>`}
  `;
}

/**
 * Says what a value may be, in a few words.
 *
 * @param schema Its schema.
 */
export function kind(schema: Schema): Html {
  const { $ref, items, type } = schema;
  const choices = schema.oneOf ?? schema.anyOf;
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) {
    return html`<span class="note">one of ${schema.enum.length} error codes</span>`;
  }
  const hasFields = schema.properties !== undefined;
  if (choices !== undefined && !hasFields) {
    return html`${choices.map((choice, i) => html`${i > 0 ? ", or " : ""}${kind(choice)}`)}`;
  }
  if (items !== undefined) return html`<span class="note">list of</span> ${kind(items)}`;
  if (hasFields) {
    return html`<dl>${
      Object.entries(schema.properties!).map(([key, property]) =>
        html`
          <dt><code>${key}</code></dt>
          <dd>${property.description ? prose(property.description) : ""} ${kind(property)}</dd>
        `
      )
    }</dl>`;
  }
  const data = schema["x-data-schema"];
  return html`<span class="note">${[type, ...boundsOf(schema)].join(", ")}</span>${
    data === undefined ? "" : html`
      of ${kind(data)}
    `
  }`;
}

function boundsOf(schema: Schema): readonly string[] {
  const { minimum, maximum, maxLength } = schema;
  const bounds: string[] = [];
  if (minimum !== undefined) bounds.push(`from ${minimum}`);
  if (maximum !== undefined) bounds.push(`to ${maximum}`);
  if (maxLength !== undefined) bounds.push(`at most ${maxLength} characters`);
  if (schema.default !== undefined) bounds.push(`by default ${JSON.stringify(schema.default)}`);
  return bounds;
}

/**
 * Shows a text in which what stands between backticks is code.
 *
 * @param text The text.
 */
export function prose(text: string): readonly Html[] {
  return text.split("`").map((part, i) => i % 2 === 0 ? html`${part}` : html`<code>${part}</code>`);
}
