/**
 * The HTTP interfaces as a document of OpenAPI 3.1.
 *
 * @module
 */

import { CLIENT_KEY_CHARS_MAX, CLIENT_KEY_CHARS_MIN } from "../limits.ts";
import { ERROR_STATUS, type ErrorCode, ERRORS } from "../protocol/refusal.ts";
import { type Answer, type HeaderName, HEADERS, type Operation } from "./operation.ts";
import { type ApiSettings, describeOperations } from "./operations.ts";
import { type Json, reference, schemasFor } from "./schemas.ts";

/** The version of the interfaces: that of the subprotocol `natter.v1`. */
export const API_VERSION = "1.0.0";

const DESCRIPTION = `A room is a log, and every reader a cursor over it. \
A GET is answered to HEAD as well, without the body. \
Unknown keys in JSON are to be ignored: new ones may come. \
Pages of other origins may ask where \`ALLOWED_ORIGINS\` names them (CORS, without credentials), \
and are told 403 where it does not. What goes over a WebSocket is in \`asyncapi.json\`.`;

const TAGS: Readonly<Record<Operation["tag"], string>> = {
  WebSocket: "Handshakes of WebSockets",
  Reading: "Reading over HTTP, on the same cursor as a socket",
  Publishing: "Saying something over HTTP",
  Rooms: "The past of rooms, and who is in them",
  Programs: "For programs with the `API_KEY`; without that setting there is nothing here",
  Operation: "For those who operate the server",
  Files: "The page, the client, the element, and these documents",
};

const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description: "`AUTH=open`: a key of the client's own, " +
      `${CLIENT_KEY_CHARS_MIN} to ${CLIENT_KEY_CHARS_MAX} of \`A-Z a-z 0-9 _ -\`. ` +
      "The first one on a free name claims it",
  },
  token: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "`AUTH=token`: a token of the product's own, whose `sub` is the username",
  },
  apiKey: { type: "http", scheme: "bearer", description: "The `API_KEY` of the server's settings" },
  metricsKey: {
    type: "http",
    scheme: "bearer",
    description: "The `METRICS_KEY` of the server's settings",
  },
};

/**
 * How clients of a server say who they are.
 *
 * @param settings Whether by keys or by tokens.
 */
export function securitySchemes({ auth }: Pick<ApiSettings, "auth">): Json {
  const { key, token, apiKey } = SECURITY_SCHEMES;
  return auth === "open" ? { key, apiKey } : { token, apiKey };
}

/**
 * Describes the HTTP interfaces.
 *
 * @param settings The settings that they depend on.
 * @returns A document of OpenAPI 3.1, as JSON.
 */
export function createOpenApi(settings: ApiSettings): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of describeOperations(settings)) {
    (paths[operation.path] ??= {})[operation.method] = operationObject(operation, settings);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Natter",
      version: API_VERSION,
      summary: "A chat microservice: the HTTP interfaces",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    // Relative to where the document is, which may be below a path of a proxy.
    servers: [{ url: ".", description: "This server" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        ...securitySchemes(settings),
        metricsKey: SECURITY_SCHEMES.metricsKey,
      },
      headers: headersIn(paths),
      schemas: schemasFor([paths, reference("Problem")], "draft-2020-12"),
    },
  };
}

function operationObject(operation: Operation, settings: ApiSettings): Json {
  const { id, tag, summary, description, parameters, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(operation, settings),
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: Object.fromEntries([
      ...operation.answers.map((answer) => [answer.status, answerObject(operation, answer)]),
      ...problemsOf(operation),
    ]),
  };
}

function securityOf({ asker }: Operation, { auth }: ApiSettings): readonly Json[] {
  // In open mode whoever brings nothing is nobody in particular, and may take part.
  const user = auth === "open" ? [{ key: [] }, {}] : [{ token: [] }];
  switch (asker) {
    case "anybody":
      return [];
    case "user":
      return user;
    case "reader":
      return [...user, { apiKey: [] }];
    case "program":
      return [{ apiKey: [] }];
    case "monitor":
      return [{ metricsKey: [] }, { apiKey: [] }];
  }
}

function answerObject(operation: Operation, { status, description, content, headers }: Answer) {
  return {
    description,
    headers: headersOf([
      // The head of an upgrade is the protocol's own.
      ...(status === 101 ? [] : ["Cache-Control", "X-Request-Id"] as const),
      ...(headers ?? []),
    ], operation),
    ...(content === undefined ? {} : { content: contentOf(content) }),
  };
}

/** The answers to what may go wrong, by status. */
function problemsOf(operation: Operation): [number, Json][] {
  const byStatus = Map.groupBy(operation.codes, (code) => ERROR_STATUS[code]);
  const problems: [number, Json][] = [...byStatus].map(([status, codes]) => {
    const description = codes.map((code) => `\`${code}\`: ${ERRORS[code][1]}`).join(". ");
    return [status, problemObject(operation, status, codes, description)];
  });
  for (const { status, code, description } of operation.refusals ?? []) {
    // Which of the two there is depends on what is wrong.
    const hints = {
      "Upgrade": HEADERS.Upgrade,
      "Sec-WebSocket-Version": HEADERS["Sec-WebSocket-Version"],
    };
    problems.push([status, problemObject(operation, status, [code], description, hints)]);
  }
  return problems;
}

function problemObject(
  operation: Operation,
  status: number,
  codes: readonly ErrorCode[],
  description: string,
  hints: Json = {},
): Json {
  const schema = {
    allOf: [reference("Problem")],
    properties: {
      status: { type: "integer", const: status },
      code: { type: "string", enum: codes },
    },
  };
  const required: HeaderName[] = ["Cache-Control", "X-Request-Id"];
  if (status === 401) required.push("WWW-Authenticate");
  if (status === 429 || status === 503) required.push("Retry-After");
  return {
    description,
    headers: { ...headersOf(required, operation), ...hints },
    content: { "application/problem+json": { schema } },
  };
}

/** The headers that a part of the document refers to. */
function headersIn(part: unknown): Json {
  const text = JSON.stringify(part);
  const used = Object.entries(HEADERS).filter(([name]) =>
    text.includes(`"#/components/headers/${name}"`)
  );
  return Object.fromEntries(
    used.map(([name, header]) => [
      name,
      { required: name !== "Access-Control-Allow-Origin", ...header },
    ]),
  );
}

/** Headers that are always there; that of CORS is where a page asks. */
function headersOf(
  names: readonly HeaderName[],
  { isForPages }: Pick<Operation, "isForPages">,
): Json {
  const all = isForPages === true ? [...names, "Access-Control-Allow-Origin"] : names;
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function contentOf(content: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}
