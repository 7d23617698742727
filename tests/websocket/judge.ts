/**
 * npm ws, with which our reading and writing of frames is compared.
 *
 * @module
 */

import { Receiver as WsReceiver, Sender as WsSender } from "ws";

/** The part of npm ws's Receiver that the tests use; the package has no types. */
interface JudgeReceiver {
  on(event: string, listener: (...args: never[]) => void): JudgeReceiver;
  write(chunk: Uint8Array): void;
}

/** npm ws's reader of frames. */
export const Receiver = WsReceiver as unknown as new (
  options: { isServer: boolean },
) => JudgeReceiver;

/** The part of npm ws's Sender that the test uses; the package has no types. */
interface JudgeSender {
  send(data: Uint8Array | string, options: { fin: boolean; binary: boolean; mask: boolean }): void;
  ping(data: Uint8Array, mask: boolean): void;
  pong(data: Uint8Array, mask: boolean): void;
  close(code: number, reason: string, mask: boolean): void;
}

/** npm ws's writer of frames. */
export const Sender = WsSender as unknown as new (socket: unknown) => JudgeSender;
