/**
 * The files that people and programs ask for by their addresses. What these load in turn is theirs alone.
 *
 * @module
 */

import { type Operation, text } from "./operation.ts";

const IF_NONE_MATCH = text("header", "If-None-Match", "The `ETag` of what is there already");

const HEADERS = ["ETag", "Vary"] as const;

/** The page, the client, the element, and the documents. */
export const FILE_OPERATIONS: readonly Operation[] = [
  file("getPage", "/", "The chat page", "text/html"),
  file("getEmbedExample", "/embed", "An example of a page with the chat in it", "text/html"),
  file("getClient", "/natter.js", "The client module", "text/javascript"),
  file("getElement", "/natter-element.js", "The element `<natter-chat>`", "text/javascript"),
  file("getDocs", "/docs", "These interfaces, for people", "text/html"),
  file("getOpenApi", "/openapi.json", "The HTTP interfaces (OpenAPI 3.1)", "application/json"),
  file("getAsyncApi", "/asyncapi.json", "The WebSocket (AsyncAPI 3.0)", "application/json"),
];

function file(id: string, path: string, summary: string, type: string): Operation {
  const schema = { type: type === "application/json" ? "object" : "string" };
  return {
    id,
    method: "get",
    path,
    tag: "Files",
    summary,
    asker: "anybody",
    parameters: [IF_NONE_MATCH],
    answers: [
      { status: 200, description: "The file", content: { [type]: schema }, headers: HEADERS },
      { status: 304, description: "The version that is there already", headers: HEADERS },
    ],
    codes: [],
  };
}
