/**
 * What the tests of forged tokens share: those that are good, and how one is brought.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createHmac, issue, type Signer } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { within } from "../support/deadline.ts";
import { ask } from "../support/raw_http.ts";
import type { Siege } from "../support/siege.ts";

/** The secret that the product signs with. */
export const SECRET = "a secret of the product's, and of nobody else";

/** What signs with it. */
export const product = await createHmac(SECRET);

/** In ten minutes, in seconds. */
export const soon = () => Math.floor(Date.now() / 1000) + 600;

/** A token for a name, which ends in ten minutes. */
export const tokenOf = (signer: Signer, sub: string, header: object = {}) =>
  issue(signer, { sub, exp: soon() }, header);

/** Brings a token in the three ways in which one can come, and sees how it is refused. */
export async function bring({ server }: Siege, token: string, reason: string): Promise<void> {
  const client = await Client.open(server.url, "/ws/alice", ["natter.v1", `natter.auth.${token}`]);
  assertEquals(client.socket.protocol, "natter.v1");
  assertEquals(await within(client.closed, "the end"), { code: 4502, reason });
  const authorization = `Authorization: Bearer ${token}`;
  for (const request of ["POST /messages/alice", "GET /api/rooms/lobby/messages"]) {
    const body = "a body that is hushed";
    const { status, body: problem } = await ask(server.port, request, [
      authorization,
      "Content-Type: text/plain",
      `Content-Length: ${body.length}`,
    ], body);
    assertEquals([status, JSON.parse(problem).detail], [401, reason], request);
  }
}
