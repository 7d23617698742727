/**
 * The page that shows the documents of the interfaces: plain HTML, without a script.
 *
 * @module
 */

import { html } from "hono/html";
import type { Json } from "../lib/api/schemas.ts";
import { type Html, kind, prose, type Schema, schemaSection } from "./schema_html.ts";

/** What {@linkcode renderDocuments} reads of a document of OpenAPI. */
interface OpenApi {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, { readonly description: string }>>;
  };
}

interface Operation {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** What it reads of a document of AsyncAPI. */
interface AsyncApi {
  readonly info: { readonly description: string };
  readonly channels: Readonly<Record<string, Channel>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly "x-close-codes": readonly {
    readonly code: number;
    readonly description: string;
    readonly mayReconnect: boolean;
  }[];
  readonly "x-error-codes": readonly { readonly code: string; readonly description: string }[];
}

interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<
    Record<string, { readonly title: string; readonly payload: Schema }>
  >;
}

/**
 * Shows both documents.
 *
 * @param openApi A document of OpenAPI, of `lib/api/openapi.ts`.
 * @param asyncApi A document of AsyncAPI, of `lib/api/asyncapi.ts`.
 * @returns A page; its addresses are relative, for it may stand below a path of a proxy.
 */
export async function renderDocuments(openApi: Json, asyncApi: Json): Promise<string> {
  const http = openApi as unknown as OpenApi, sockets = asyncApi as unknown as AsyncApi;
  const schemas = { ...http.components.schemas, ...sockets.components.schemas };
  const names = Object.keys(schemas).sort();
  const page = await html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>Natter: interfaces</title>
        <meta name="description" content="The HTTP interfaces and the WebSocket of this server.">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="docs.css">
      </head>
      <body>
        <header>
          <h1>Natter’s interfaces</h1>
          <p>Version ${http.info
            .version}, for machines: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1), <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI 3.0).</p>
          <nav aria-label="Parts">
            <ul>${[...http.tags.map(({ name }) => name), "Protocols", "Codes", "Schemas"].map((
              name,
            ) => html`<li><a href="#${name}">${name}</a></li>`)}</ul>
          </nav>
        </header>
        <main>
          <section aria-labelledby="http"><h2 id="http">HTTP</h2>
    <p>${prose(http.info.description)}</p>
    <p>Who one is, is said as <code>Authorization: Bearer …</code>:</p>
    <dl>${Object.entries(http.components.securitySchemes).map(([name, { description }]) =>
      html`
        <dt><code>${name}</code></dt>
        <dd>${prose(description)}</dd>
      `
    )}</dl>
    ${http.tags.map((tag) => tagSection(tag, http))}
          </section>
          <section aria-labelledby="Protocols"><h2 id="Protocols">Protocols of the WebSocket</h2>
    <p>${prose(sockets.info.description)}</p>
    ${Object.entries(sockets.channels).map(([name, channel]) => channelSection(name, channel))}
          </section>
          <section aria-labelledby="Codes">
            <h2 id="Codes">Codes</h2>
            <h3>Close codes</h3>
            <dl>${sockets["x-close-codes"].map(({ code, description, mayReconnect }) =>
              html`
                <dt><code>${code}</code></dt>
                <dd>${prose(description)} <span class="note">${mayReconnect
                  ? "come back"
                  : "do not come back"}</span></dd>
              `
            )}</dl>
            <h3>Error codes</h3>
            <dl>${sockets["x-error-codes"].map(({ code, description }) =>
              html`
                <dt><code>${code}</code></dt>
                <dd>${prose(description)}</dd>
              `
            )}</dl>
          </section>
          <section aria-labelledby="Schemas"><h2 id="Schemas">Schemas</h2>
    ${names.map((name) => schemaSection(name, schemas[name]!))}
          </section>
        </main>
      </body>
    </html>
  `;
  // The formatter indents the text; the browser does not mind, but the first line should be the first.
  return `${page}`.trimStart();
}

function tagSection({ name, description }: OpenApi["tags"][number], { paths }: OpenApi): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation }))
  ).filter(({ operation }) => operation.tags.includes(name));
  return html`<h3 id="${name}">${name}</h3>
<p>${prose(description)}</p>
${operations.map(({ method, path, operation }) => operationBlock(method, path, operation))}`;
}

function operationBlock(method: string, path: string, operation: Operation): Html {
  const { operationId, summary, description, security, parameters, requestBody, responses } =
    operation;
  const askers = security.map((scheme) => Object.keys(scheme)[0] ?? "nobody in particular");
  return html`
    <details id="${operationId}">
    <summary><code><span class="method">${method.toUpperCase()}</span> ${path}</code> <span>${prose(
      summary,
    )}</span></summary>
    ${description === undefined ? "" : html`<p>${prose(description)}</p>`}
    ${askers.length === 0 ? "" : html`<p class="note">Who: ${askers.join(", or ")}</p>`}
    ${parameters === undefined ? "" : html`
      <h4>Parameters</h4>
      <dl>${parameters.map((parameter) =>
        html`
          <dt><code>${parameter.name}</code> <span class="note">${parameter.in}${parameter.required
            ? ", required"
            : ""}</span></dt>
          <dd>${prose(parameter.description)} ${kind(parameter.schema)}</dd>
        `
      )}</dl>
    `}
    ${requestBody === undefined ? "" : html`
      <h4>Body</h4>
      <dl>${contentItems(requestBody.content)}</dl>
    `}
    <h4>Answers</h4>
    <dl>${Object.entries(responses).map(([status, response]) =>
      html`
        <dt><code>${status}</code></dt>
        <dd>${prose(response.description)}${Number(status) < 300 && response.content !== undefined
          ? html`<dl>${contentItems(response.content)}</dl>`
          : ""}</dd>
      `
    )}</dl>
    </details>
  `;
}

function contentItems(content: Content): readonly Html[] {
  return Object.entries(content).map(([type, { schema }]) =>
    html`
      <dt><code>${type}</code></dt>
      <dd>${kind(schema)}</dd>
    `
  );
}

function channelSection(id: string, { title, address, description, messages }: Channel): Html {
  return html`
    <details id="channel-${id}">
      <summary><code>${address}</code> <span>${title}</span></summary>
      <p>${prose(description)}</p>
      <dl>${Object.values(messages).map(({ title, payload }) =>
        html`
          <dt>${title}</dt>
          <dd>${payload.description ? prose(payload.description) : ""} ${kind(payload)}</dd>
        `
      )}</dl>
    </details>
  `;
}
