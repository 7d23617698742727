import { assertEquals } from "@std/assert";
import { createEcho } from "../../lib/chat/echo.ts";
import { SendBudget } from "../../lib/chat/send_budget.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { FakeConnection } from "../support/fake_connection.ts";

function openEcho(): FakeConnection {
  const budget = new SendBudget({ sendBufferBytesMax: 10, sendBuffersTotalBytesMax: 100 });
  const options = { echoBytesMax: 4, budget };
  return new FakeConnection().open((connection) => createEcho(connection, options));
}

Deno.test("a message comes back as it was, text as text and bytes as bytes", () => {
  const echo = openEcho();
  const bytes = new Uint8Array([0, 255]);
  echo.receive("hi");
  echo.receive("");
  echo.receive(bytes);
  assertEquals(echo.sent, ["hi", "", bytes]);
});

Deno.test("a message may have as many bytes as the limit says, and no more", () => {
  for (const message of ["ééa", new Uint8Array(5)]) {
    const echo = openEcho();
    echo.receive("éé");
    echo.receive(new Uint8Array(4));
    assertEquals(echo.closed, undefined);
    echo.receive(message);
    assertEquals([echo.sent.length, echo.closed?.code], [2, CLOSE_CODE.MessageTooBig]);
  }
});

Deno.test("a peer that does not read its echoes is closed", () => {
  const echo = openEcho();
  echo.reads = false;
  for (let i = 0; i < 20; i++) echo.receive("abcd");
  assertEquals([echo.sent.length, echo.closed?.code], [3, CLOSE_CODE.TooFarBehind]);
});
