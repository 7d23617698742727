/**
 * A peer that answers no close.
 *
 * @module
 */

import { RawClient } from "./raw_client.ts";

/**
 * Opens a socket that reads nothing and answers nothing, so that a server which is told to end waits for it:
 * on `serve` for most of `DRAIN_SECONDS`, on `frames` for `CLOSE_SECONDS_MAX` (5 s) at most. What a test does
 * meanwhile has to come within that.
 *
 * @param port Where to.
 */
export async function openSilentPeer(port: number): Promise<Disposable> {
  return await RawClient.open(port, "/ws/silent");
}
