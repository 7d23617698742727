import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import {
  CLOSE_WAIT_MS,
  Connection,
  type ConnectionState,
  NAME_HELD_BACKOFF_CAP_MS,
  NAME_HELD_MS,
  OPEN_WAIT_MS,
  SETTLE_MS,
  STEADY_MS,
} from "../../static/connection.js";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from "../../static/backoff.js";
import { FakeClock, FakeSocket } from "./fakes.ts";

const ADDRESS = "ws://chat.test/ws/alice";

function setUp() {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const states: ConnectionState[] = [];
  const frames: unknown[] = [];
  const connection = new Connection({
    clock,
    // Always the middle of what the backoff allows.
    random: () => 0.5,
    onState: (state) => states.push(state),
    onFrame: (frame) => frames.push(frame),
    createSocket: (address) => {
      const socket = new FakeSocket(address);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  const socket = () => sockets.at(-1)!;
  const phases = () => states.map(({ phase }) => phase);
  const state = () => states.at(-1)!;
  const settle = () => {
    socket().open();
    clock.advance(SETTLE_MS);
  };
  return { clock, connection, frames, phases, settle, socket, sockets, state, states };
}

function setUpConnected() {
  const made = setUp();
  made.connection.open(ADDRESS, false);
  made.settle();
  assertEquals(made.state(), { phase: "connected", again: false });
  return made;
}

Deno.test("connected is said only when the server had time to refuse the name", () => {
  const { clock, connection, phases, socket } = setUp();
  connection.open(ADDRESS, false);
  assertEquals(socket().address, ADDRESS);
  socket().open();
  clock.advance(SETTLE_MS - 1);
  assertEquals(phases(), ["connecting"]);
  clock.advance(1);
  assertEquals(phases(), ["connecting", "connected"]);
});

Deno.test("a first frame proves that the name was accepted", () => {
  const { connection, frames, phases, socket } = setUp();
  connection.open(ADDRESS, false);
  socket().open();
  socket().receive("hello");
  assertEquals(phases(), ["connecting", "connected"]);
  assertEquals(frames, ["hello"]);
});

Deno.test("a taken name is refused at once, and not tried again", () => {
  const { clock, connection, socket, sockets, state } = setUp();
  connection.open(ADDRESS, false);
  socket().open();
  socket().end(4501);
  assertEquals(state(), { phase: "refused", remedy: "name", text: "nameTaken", code: 4501 });
  assertEquals(clock.pending, 0);
  connection.retryNow();
  assertEquals(sockets.length, 1);
});

for (const code of [1002, 1003, 1007, 1009, 4500, 4502, 4503, 4504, 4505, 4999]) {
  Deno.test(`a close with ${code} is final`, () => {
    const { clock, socket, state } = setUpConnected();
    socket().end(code);
    assertEquals(state().phase, "refused");
    assertEquals(clock.pending, 0);
  });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 4000, 4001, 4002, 4003, 4499]) {
  Deno.test(`after a close with ${code} it connects again`, () => {
    const { clock, settle, socket, sockets, state } = setUpConnected();
    socket().end(code);
    assertEquals(state().phase, "waiting");
    clock.advance(BACKOFF_BASE_MS);
    assertEquals(state(), { phase: "connecting", again: true });
    assertEquals(sockets.length, 2);
    settle();
    assertEquals(state(), { phase: "connected", again: true });
  });
}

Deno.test("the waits grow to the cap while the server cannot be reached", () => {
  const { clock, connection, socket, state } = setUp();
  connection.open(ADDRESS, false);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    socket().end(1006);
    const now = state();
    assert(now.phase === "waiting");
    assertEquals(now.text, "unreachable");
    waits.push(now.retryAt - clock.now());
    clock.advance(now.retryAt - clock.now());
  }
  assertEquals(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  assertLessOrEqual(Math.max(...waits), BACKOFF_CAP_MS);
});

Deno.test("the waits start anew only after a connection that lasted", () => {
  const { clock, settle, socket, state } = setUpConnected();
  const wait = () => {
    const now = state();
    assert(now.phase === "waiting");
    const ms = now.retryAt - clock.now();
    clock.advance(ms);
    settle();
    return ms;
  };
  socket().end(1006);
  assertEquals(wait(), 500);
  clock.advance(STEADY_MS - 1);
  socket().end(1006);
  assertEquals(wait(), 1_000);
  clock.advance(STEADY_MS);
  socket().end(1006);
  assertEquals(wait(), 500);
});

Deno.test("a reader that fell behind comes back at once, if the connection had lasted", () => {
  const { clock, socket, state } = setUpConnected();
  clock.advance(STEADY_MS);
  socket().end(4001);
  assertEquals(state(), { phase: "waiting", text: "tooFarBehind", retryAt: clock.now() });
});

Deno.test("an attempt that never opens ends, and its socket is closed first", () => {
  const { clock, connection, socket, sockets, state } = setUp();
  connection.open(ADDRESS, false);
  const [first] = sockets;
  clock.advance(OPEN_WAIT_MS);
  assertEquals(first!.closedWith, 1000);
  assertEquals(state().phase, "waiting");
  clock.advance(BACKOFF_BASE_MS);
  assertEquals(sockets.length, 1, "the former socket is not closed yet");
  first!.end(1006);
  assertEquals(sockets.length, 2);
  socket().open();
  clock.advance(SETTLE_MS);
  assertEquals(state().phase, "connected");
});

Deno.test("a former socket that never closes is not waited for without end", () => {
  const { clock, connection, sockets } = setUpConnected();
  connection.open(ADDRESS, true);
  clock.advance(CLOSE_WAIT_MS - 1);
  assertEquals(sockets.length, 1);
  clock.advance(1);
  assertEquals(sockets.length, 2);
});

Deno.test("our own name, still held after a loss, is tried for again for a minute", () => {
  const { clock, socket, state, states } = setUpConnected();
  const lostAt = clock.now();
  socket().end(1006);
  const waits: number[] = [];
  while (state().phase !== "refused") {
    const now = state();
    assert(now.phase === "waiting", now.phase);
    const ms = now.retryAt - clock.now();
    waits.push(ms);
    clock.advance(ms);
    socket().open();
    socket().end(4501);
    assertLessOrEqual(waits.length, 100);
  }
  assertEquals(state(), { phase: "refused", remedy: "name", text: "nameTaken", code: 4501 });
  assertEquals(states.filter((s) => s.phase === "connected").length, 1);
  assertGreater(waits.length, 10);
  assertLessOrEqual(Math.max(...waits), NAME_HELD_BACKOFF_CAP_MS);
  assertGreater(clock.now() - lostAt, NAME_HELD_MS - 1);
  assertLessOrEqual(clock.now() - lostAt, NAME_HELD_MS + NAME_HELD_BACKOFF_CAP_MS);
});

Deno.test("our own name, still held after a loss, says so while it is tried for", () => {
  const { clock, settle, socket, state } = setUpConnected();
  socket().end(1006);
  clock.advance(BACKOFF_BASE_MS);
  socket().open();
  socket().end(4501);
  const now = state();
  assert(now.phase === "waiting");
  assertEquals(now.text, "nameHeld");
  clock.advance(now.retryAt - clock.now());
  settle();
  assertEquals(state(), { phase: "connected", again: true });
});

Deno.test("another name is never taken for ours", () => {
  const { connection, socket, state } = setUpConnected();
  socket().end(1006);
  connection.open("ws://chat.test/ws/bob", false);
  socket().open();
  socket().end(4501);
  assertEquals(state().phase, "refused");
});

Deno.test("a name that we left in good order is not taken for ours any more", () => {
  const { connection, socket, sockets, state } = setUpConnected();
  connection.close();
  assertEquals(state(), { phase: "idle" });
  sockets[0]!.end(1000);
  connection.open(ADDRESS, true);
  socket().open();
  socket().end(4501);
  assertEquals(state().phase, "refused");
});

Deno.test("a text is sent while connected, and refused at any other time", () => {
  const { clock, connection, socket } = setUp();
  assert(!connection.send("before"));
  connection.open(ADDRESS, false);
  socket().open();
  assert(!connection.send("not settled"));
  clock.advance(SETTLE_MS);
  assert(connection.send("now"));
  assertEquals(socket().sent, ["now"]);
  socket().readyState = WebSocket.CLOSING;
  assert(!connection.send("closing"));
  socket().end(1001);
  assert(!connection.send("after"));
  assertEquals(socket().sent, ["now"]);
});

Deno.test("a wait can be cut short", () => {
  const { clock, connection, socket, sockets, state } = setUpConnected();
  socket().end(1006);
  connection.retryNow();
  assertEquals(state().phase, "connecting");
  assertEquals(sockets.length, 2);
  assertEquals(clock.pending, 1, "only the new attempt's own deadline is left");
});

Deno.test("a connection that stands is not disturbed by becoming visible", () => {
  const { connection, phases, sockets } = setUpConnected();
  connection.retryNow();
  assertEquals(sockets.length, 1);
  assertEquals(phases(), ["connecting", "connected"]);
});

Deno.test("without a network it says offline and sends nothing, and replaces the socket after", () => {
  const { clock, connection, frames, socket, sockets, state } = setUpConnected();
  const [first] = sockets;
  connection.loseNetwork();
  assertEquals(state(), { phase: "offline" });
  assert(!connection.send("into the void"));
  first!.receive("late");
  assertEquals(frames, ["late"]);
  assertEquals(state(), { phase: "offline" });
  connection.retryNow();
  assertEquals(first!.closedWith, 1000);
  clock.advance(CLOSE_WAIT_MS);
  assertEquals(sockets.length, 2);
  socket().open();
  socket().end(4501);
  assert(state().phase === "waiting", "the dead socket may still hold the name");
  first!.receive("from the dead");
  assertEquals(frames, ["late"]);
});

Deno.test("without a network a wait says offline, but goes on", () => {
  const { clock, connection, settle, socket, sockets, state } = setUpConnected();
  socket().end(1006);
  connection.loseNetwork();
  assertEquals(state(), { phase: "offline" });
  clock.advance(BACKOFF_BASE_MS);
  assertEquals(sockets.length, 2);
  socket().end(1006);
  assertEquals(state(), { phase: "offline" });
  clock.advance(2 * BACKOFF_BASE_MS);
  settle();
  assertEquals(state(), { phase: "connected", again: true });
});

Deno.test("after leaving, nothing of the old socket is heard and nothing is left running", () => {
  const { clock, connection, frames, phases, socket } = setUpConnected();
  connection.close();
  assertEquals(socket().closedWith, 1000);
  socket().receive("late");
  socket().end(1006);
  assertEquals(frames, []);
  assertEquals(phases(), ["connecting", "connected", "idle"]);
  assertEquals(clock.pending, 0);
});
