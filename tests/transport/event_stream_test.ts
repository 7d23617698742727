import { assert, assertEquals } from "@std/assert";
import { STREAM_COMMENT_MS } from "../../lib/limits.ts";
import { type EventStream, EventStreams } from "../../lib/transport/event_stream.ts";
import { FramesTransport } from "../../lib/transport/frames.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { until, within } from "../support/deadline.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { head, RawHttp } from "../support/raw_http.ts";

/** A stream of more than the kernel's buffers take, closed behind that. */
function closedStream(streams: EventStreams): EventStream {
  const stream = streams.open();
  for (let i = 0; i < 500; i++) stream.send("x".repeat(65_536));
  stream.close(CLOSE_CODE.Kicked, "kicked");
  return stream;
}

Deno.test("a closed stream is sent to its end, however long its client takes", async () => {
  const clock = new FakeClock();
  const stream = closedStream(new EventStreams(clock));
  let bytes = 0;
  for await (const chunk of stream.body) {
    bytes += chunk.length;
    if (bytes % (100 * 65_536) === 0) await clock.advance(STREAM_COMMENT_MS);
  }
  assert(bytes > 500 * 65_536);
  await clock.advance(STREAM_COMMENT_MS);
  assertEquals(clock.alarmCount, 0);
});

Deno.test("frames: a closed stream whose client takes nothing keeps neither bytes nor a connection", async () => {
  const clock = new FakeClock();
  const streams = new EventStreams(clock);
  const errors: unknown[] = [];
  let stream: EventStream | undefined, completed = 0;
  const transport = new FramesTransport({
    fetch(_request, { whenCompleted }) {
      whenCompleted(() => void completed++);
      stream = closedStream(streams);
      return new Response(stream.body, { headers: { "Content-Type": "text/event-stream" } });
    },
    pingSeconds: 60,
    onError: (error) => errors.push(error),
  });
  const port = await transport.listen({ hostname: "127.0.0.1", port: 0 });
  using http = await RawHttp.connect(port);
  await http.write(head("GET /", ["Host: a"]));
  await until(() => stream !== undefined, "it is open");
  await until(async () => {
    await clock.advance(STREAM_COMMENT_MS);
    return stream!.unsentBytes === 0;
  }, "it keeps no bytes");
  await until(() => completed === 1, "it keeps no connection");
  assertEquals([clock.alarmCount, errors], [0, []]);
  await within(transport.shutdown(), "the server ends");
});
