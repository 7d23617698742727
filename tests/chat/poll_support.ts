/**
 * What the tests of polls share: something to say, and what an answer has told.
 *
 * @module
 */

import type { TestChat } from "../support/test_chat.ts";
import type { TestClient, TestPoll } from "../support/test_clients.ts";

/** Says one thing after another in a room, and waits until all is stored. */
export async function say(
  { clock }: TestChat,
  client: TestClient,
  bodies: readonly string[],
  room = "lobby",
): Promise<void> {
  for (const body of bodies) client.command({ type: "message", room, body });
  await clock.settle();
}

/** Numbers as texts, from one to another. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

/** Events as `type`, and for entries `type offset`. */
export function summary({ answer }: TestPoll): string[] {
  return answer!.events.map(({ type, offset }) =>
    type === "message" || type === "deletion" ? `${type} ${offset}` : type
  );
}
