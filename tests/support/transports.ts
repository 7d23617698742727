/**
 * Each transport on a port of its own, whose sockets do what the test says.
 *
 * @module
 */

import type {
  Connection,
  ConnectionHandler,
  UpgradeOptions,
} from "../../lib/transport/connection.ts";
import { DenoServeTransport } from "../../lib/transport/deno_serve.ts";
import { FramesTransport } from "../../lib/transport/frames.ts";
import { within } from "./deadline.ts";

/** Makes a handler of a socket. */
export type Open = (connection: Connection) => ConnectionHandler;

/** Messages of the sockets here may have so many bytes. */
export const MESSAGE_BYTES_MAX = 65_536;

/** What a test sees of the sockets of a server. */
class Witness {
  /** What handlers threw. */
  readonly errors: unknown[] = [];
  /** How often a socket was opened, a handler was told of its end, and a socket was gone. */
  readonly counts = { opened: 0, closed: 0, ended: 0 };
  readonly #open: Open;
  readonly #subprotocol: string | undefined;

  constructor(open: Open, subprotocol: string | undefined) {
    this.#open = open;
    this.#subprotocol = subprotocol;
  }

  options(): UpgradeOptions {
    const { counts } = this;
    return {
      subprotocol: this.#subprotocol,
      messageBytesMax: MESSAGE_BYTES_MAX,
      open: (connection) => {
        counts.opened++;
        const handler = this.#open(connection);
        return {
          message: (message) => handler.message(message),
          closed() {
            counts.closed++;
            handler.closed();
          },
        };
      },
      ended: () => void counts.ended++,
    };
  }
}

/**
 * A server of the transport `serve`.
 *
 * @param open What is done with its sockets.
 * @param subprotocol What they are said to speak.
 */
export function serveRuntime(open: Open, subprotocol?: string) {
  const witness = new Witness(open, subprotocol);
  const onError = (error: unknown) => void witness.errors.push(error);
  const transport = new DenoServeTransport({ pingSeconds: 60, onError });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => transport.upgrade(request, witness.options()),
  );
  const shutdown = () => server.shutdown();
  return running(witness, transport, server.addr.port, shutdown);
}

/** The same of the transport `frames`. */
export async function serveFrames(open: Open, subprotocol?: string, pingSeconds = 60) {
  const witness = new Witness(open, subprotocol);
  const onError = (error: unknown) => void witness.errors.push(error);
  const transport = new FramesTransport({
    fetch: (request, { upgrade }) => upgrade(request, witness.options()),
    pingSeconds,
    onError,
  });
  const port = await transport.listen({ hostname: "127.0.0.1", port: 0 });
  return running(witness, transport, port, () => transport.shutdown());
}

function running<T>(witness: Witness, transport: T, port: number, shutdown: () => Promise<void>) {
  const { errors, counts } = witness;
  return {
    transport,
    errors,
    counts,
    port,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      await within(shutdown(), "the server ends");
    },
  };
}
