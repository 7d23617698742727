import { assertEquals } from "@std/assert";
import { DenoServeTransport } from "../../lib/transport/deno_serve.ts";
import { until } from "../support/deadline.ts";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { head, RawHttp } from "../support/raw_http.ts";

const REQUEST = head("GET /", ["Host: a", ...HANDSHAKE_LINES]);

// The runtime keeps what it has of such a peer for ever: the test must not wait for that.
const KEPT = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "a peer that leaves before its upgrade is answered ends like every other",
  KEPT,
  async () => {
    const errors: unknown[] = [];
    let asked = 0, opened = 0, ended = 0;
    const transport = new DenoServeTransport({ pingSeconds: 60, onError: (e) => errors.push(e) });
    const hasLeft = Promise.withResolvers<void>();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        request.signal.addEventListener("abort", () => hasLeft.resolve());
        asked++;
        await hasLeft.promise;
        return transport.upgrade(request, {
          messageBytesMax: 65_536,
          open() {
            opened++;
            return { message() {}, closed() {} };
          },
          ended: () => void ended++,
        });
      },
    );
    {
      using client = await RawHttp.connect(server.addr.port);
      await client.write(REQUEST);
      await until(() => asked === 1, "the request has come");
    }
    await until(() => ended === 1, "the socket is given up");
    await transport.closeAll(4000, "drain");
    assertEquals([opened, ended, errors], [0, 1, []]);
    server.unref();
    void server.shutdown();
  },
);
