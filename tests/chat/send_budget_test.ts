import { assert, assertEquals } from "@std/assert";
import { createEcho } from "../../lib/chat/echo.ts";
import { SendBudget } from "../../lib/chat/send_budget.ts";
import { FakeConnection } from "../support/fake_connection.ts";
import { createTestChat } from "../support/test_chat.ts";

/** Connections with some bytes unsent, as the budget has been told. */
function connections(budget: SendBudget, ...unsent: readonly number[]): FakeConnection[] {
  return unsent.map((bytes) => {
    const connection = new FakeConnection();
    connection.unsentBytes = bytes;
    budget.note(connection, bytes);
    return connection;
  });
}

Deno.test("while all is well each may have its own bound", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 400 });
  assertEquals([budget.limit, budget.isTight], [100, false]);
  connections(budget, 100, 100, 100, 100);
  assertEquals([budget.limit, budget.isTight], [100, false], "at the bound of all");
});

Deno.test("above the bound of all each has an equal share, until half of it is free", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 400 });
  const readers = connections(budget, 100, 100, 100, 100, 1);
  assertEquals([budget.limit, budget.isTight], [80, true]);
  connections(budget, 0, 0, 0);
  budget.review();
  assertEquals(budget.limit, 80, "those that read count for nothing");
  readers[0]!.drain();
  budget.review();
  assertEquals(budget.limit, 100, "a share of four is as much as there may be");
  for (const [unsent, limit] of [[201, 80], [200, 100]] as const) {
    const swinging = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 400 });
    const [first, ...others] = connections(swinging, 100, 100, 100, 100, 1);
    for (const other of others) other.unsentBytes = 1;
    first!.unsentBytes = unsent - 4;
    swinging.review();
    assertEquals(swinging.limit, limit, `${unsent} unsent`);
  }
});

Deno.test("what is known is what was last said; all are asked before anybody is held back", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 300 });
  const readers = connections(budget, 100, 100, 100);
  for (const reader of readers) reader.drain();
  connections(budget, 50);
  assertEquals([budget.limit, budget.isTight], [100, false]);
});

Deno.test("who has gone counts no more", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 200 });
  const [first] = connections(budget, 100, 100);
  budget.forget(first!);
  budget.forget(first!);
  connections(budget, 100);
  assertEquals(budget.isTight, false);
  connections(budget, 1);
  assertEquals(budget.isTight, true);
  budget.forget(new FakeConnection());
  assertEquals(budget.isTight, true);
});

Deno.test("however many there are, nobody is left without a share of whole bytes", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 100 });
  connections(budget, ...Array.from({ length: 30 }, () => 10));
  assertEquals(budget.limit, 3);
});

Deno.test("a share is never more than each may have", () => {
  const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 400 });
  connections(budget, 450);
  assertEquals([budget.limit, budget.isTight], [100, false]);
});

Deno.test("the echo closes a peer that takes nothing, sooner when all have too much", () => {
  for (const [others, messages] of [[0, 11], [10, 6]] as const) {
    const budget = new SendBudget({ sendBufferBytesMax: 100, sendBuffersTotalBytesMax: 600 });
    connections(budget, ...Array.from({ length: others }, () => 70));
    const peer = new FakeConnection().open((connection) =>
      createEcho(connection, { echoBytesMax: 1000, budget })
    );
    peer.reads = false;
    while (peer.closed === undefined && peer.sent.length < 100) peer.receive("0123456789");
    assertEquals([peer.closed?.code, peer.sent.length], [4001, messages], `${others} others`);
  }
});

Deno.test("when all have too much, those with the most wait, and those that read miss nothing", async () => {
  const { rich, clock, chat } = createTestChat({
    sendBufferBytesMax: 10_000,
    sendBuffersTotalBytesMax: 20_000,
    bodyBytesMax: 1000,
  });
  const writer = await rich("writer");
  const slow = await Promise.all(Array.from({ length: 5 }, (_, i) => rich(`slow${i}`)));
  const reader = await rich("reader");
  for (const client of [...slow, reader]) client.events();
  for (const client of slow) client.reads = false;
  const bodies: string[] = [];
  for (let i = 0; i < 8; i++) {
    const body = `${i}`.padEnd(900, "x");
    bodies.push(body);
    writer.command({ type: "message", room: "lobby", body });
    await clock.settle();
  }
  assertEquals(chat.budget.isTight, true);
  assertEquals(reader.eventsOf("message").map(({ body }) => body), bodies);
  assertEquals([chat.waitingCount, slow.map(({ closed }) => closed)], [
    5,
    Array(5).fill(undefined),
  ]);
  const total = slow.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
  assert(total < 20_000 + 5 * 1100, `${total} bytes are unsent`);
  for (const client of slow) client.drain();
  await clock.advance(200);
  for (const client of slow) {
    assertEquals(client.eventsOf("message").map(({ body }) => body), bodies);
  }
  assertEquals([chat.budget.isTight, chat.waitingCount], [false, 0]);
});
