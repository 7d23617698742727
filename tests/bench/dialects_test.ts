import { assertEquals } from "@std/assert";
import {
  bodyOf,
  deliveriesIn,
  type Dialect,
  DIALECTS,
  layoutOf,
  nameOf,
  senderOf,
  timeOf,
} from "./dialects.ts";

const encoder = new TextEncoder();

for (const [name, dialect] of Object.entries<Dialect>(DIALECTS)) {
  const layout = layoutOf(dialect);

  Deno.test(`sender and time are found in a delivery of ${name}, wherever it begins`, () => {
    const delivery = dialect.delivery(nameOf(217), bodyOf(1_234_567.4));
    const bytes = encoder.encode(`###${delivery}`);
    assertEquals(delivery.length, layout.bytes);
    assertEquals(senderOf(layout, bytes, 3), 217);
    assertEquals(timeOf(layout, bytes, 3), 1_234_567);
  });

  Deno.test(`deliveries of ${name} are counted by length, and no other length counts`, () => {
    const one = dialect.delivery(nameOf(0), bodyOf(0));
    for (const count of [1, 2, 3, 200]) {
      const text = dialect.batched ? `[${Array(count).fill(one).join()}]` : one;
      assertEquals(deliveriesIn(dialect, layout, text.length), dialect.batched ? count : 1);
      assertEquals(deliveriesIn(dialect, layout, text.length + 1), 0);
      assertEquals(deliveriesIn(dialect, layout, text.length - 1), 0);
    }
  });
}

Deno.test("Socket.IO's greeting, ping and surprises are answered as its protocol says", () => {
  const { control } = DIALECTS.socketio;
  assertEquals(control('0{"sid":"x","pingInterval":25000}'), { send: "40" });
  assertEquals(control('40{"sid":"x"}'), { ready: true });
  assertEquals(control("2"), { send: "3" });
  assertEquals(control('44{"message":"no"}'), undefined);
});
