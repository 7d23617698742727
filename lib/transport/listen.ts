/**
 * A server that listens, whichever transport it is.
 *
 * @module
 */

import type { Traffic } from "../traffic.ts";
import type { TransportBindings } from "./connection.ts";
import { DenoServeTransport } from "./deno_serve.ts";
import { FramesTransport } from "./frames.ts";

/** How to listen. */
export interface ListenOptions {
  /** What serves: the runtime's own server and sockets, or our frames over `node:http`. */
  readonly transport: "serve" | "frames";
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0: any free one. */
  readonly port: number;
  /** Seconds of silence before a ping. */
  readonly pingSeconds: number;
  /** Answers a request. It must not wait before it asks for an upgrade. */
  readonly fetch: (
    request: Request,
    bindings: TransportBindings,
  ) => Response | Promise<Response>;
  /** Where the traffic of sockets is counted. */
  readonly traffic: Traffic;
  /** Told of everything that a handler throws. */
  readonly onError: (error: unknown) => void;
  /** Told the port, before the first request. */
  readonly onListen: (port: number) => void;
}

/** A server that listens. */
export interface Listener {
  /**
   * Closes every socket, and from now on those that are still to come.
   *
   * @param code The close code.
   * @param reason The reason.
   * @returns When the last one has ended.
   */
  closeAll(code: number, reason: string): Promise<void>;
  /** Ends the listener, and waits for what is being answered. */
  shutdown(): Promise<void>;
}

/**
 * Listens.
 *
 * @param options How.
 * @throws {Error} If it cannot.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  return options.transport === "serve" ? serve(options) : await listenFrames(options);
}

function serve({ host, port, fetch, onListen, ...options }: ListenOptions): Listener {
  const transport = new DenoServeTransport(options);
  const server = Deno.serve(
    { hostname: host, port, onListen: (address) => onListen(address.port) },
    (request, info) =>
      fetch(request, {
        remoteAddress: info.remoteAddr.hostname,
        whenCompleted: (call) => void info.completed.then(call, call),
        upgrade: (request, options) => transport.upgrade(request, options),
      }),
  );
  setInterval(() => transport.closeStuck(), 2 * options.pingSeconds * 1000);
  return {
    closeAll: (code, reason) => transport.closeAll(code, reason),
    shutdown: () => server.shutdown(),
  };
}

async function listenFrames(
  { host, port, onListen, ...options }: ListenOptions,
): Promise<Listener> {
  const transport = new FramesTransport(options);
  onListen(await transport.listen({ hostname: host, port }));
  return transport;
}
