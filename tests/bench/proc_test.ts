import { assertEquals } from "@std/assert";
import { busySecondsOf, cpuSecondsOf, rssBytesOf, sumOf } from "./proc.ts";

Deno.test("the time on a processor is read behind a name that holds spaces and parentheses", () => {
  const text = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 100 1000 10";
  assertEquals(cpuSecondsOf(text), 1.75);
});

Deno.test("time on all processors is what was neither idle nor waited for a disk", () => {
  const text = "cpu  100 20 30 5000 700 1 2 3 90 80\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
  assertEquals(busySecondsOf(text), 1.56);
});

Deno.test("resident memory is read in bytes, and is 0 for a process without memory", () => {
  assertEquals(rssBytesOf("Name:\tdeno\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n"), 204_800);
  assertEquals(rssBytesOf("Name:\tdeno\nState:\tZ (zombie)\n"), 0);
});

Deno.test("what several processes have used is a sum, and of none it is nothing", () => {
  const usage = { cpuSeconds: 1.5, rssBytes: 2048 };
  assertEquals(sumOf([usage, { cpuSeconds: 2, rssBytes: 1024 }]), {
    cpuSeconds: 3.5,
    rssBytes: 3072,
  });
  assertEquals(sumOf([]), { cpuSeconds: 0, rssBytes: 0 });
});
