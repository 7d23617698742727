/**
 * What the tests of links share: a client of a false server.
 *
 * @module
 */

import type { FakeServer } from "./fake_server.ts";
import { type Options, TestClient } from "./support.ts";

/** A client of a server that is false, in a room. */
export function client(server: FakeServer, options: Partial<Options> = {}): TestClient {
  const { WebSocket, fetch } = server;
  const random = () => 0;
  const url = "http://fake.test/";
  return new TestClient({
    url,
    username: "ann",
    rooms: ["tea"],
    random,
    WebSocket,
    fetch,
    ...options,
  });
}

/** What was said in that room. */
export const bodies = (ann: TestClient) => ann.of("tea").map(({ what }) => what);
