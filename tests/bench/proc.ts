/**
 * What Linux tells about processes in `/proc`.
 *
 * @module
 */

/** Ticks a second of the times in `/proc`: USER_HZ, 100 on every architecture of Linux here. */
const TICKS_PER_SECOND = 100;

/** What a process and its children have used. */
export interface Usage {
  /** Time on a processor, in the program and in the kernel for it. */
  readonly cpuSeconds: number;
  /** Memory that is resident. */
  readonly rssBytes: number;
}

/**
 * Reads the time on a processor from the text of `/proc/<pid>/stat`.
 *
 * @param text The text.
 * @returns Seconds, utime and stime together.
 */
export function cpuSecondsOf(text: string): number {
  // The second field, the name, is in parentheses and may hold anything; utime is the 14th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Reads the time on all processors from the text of `/proc/stat`.
 *
 * @param text The text.
 * @returns Seconds in which somebody ran, or the machine's host let somebody else run (steal).
 */
export function busySecondsOf(text: string): number {
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in the first two too.
  const ticks = text.split("\n")[0]!.split(/\s+/).slice(1, 9).map(Number);
  return ticks.reduce((sum, n, index) => index === 3 || index === 4 ? sum : sum + n, 0) /
    TICKS_PER_SECOND;
}

/**
 * Reads the resident memory from the text of `/proc/<pid>/status`.
 *
 * @param text The text.
 * @returns Bytes; 0 for a process that has ended.
 */
export function rssBytesOf(text: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/**
 * Reads what a process and its children, and theirs, have used.
 *
 * @param pid The process.
 * @returns The sums.
 * @throws {Deno.errors.NotFound} If the process is gone.
 */
export function usageOf(pid: number | "self"): Usage {
  let cpuSeconds = cpuSecondsOf(Deno.readTextFileSync(`/proc/${pid}/stat`));
  let rssBytes = rssBytesOf(Deno.readTextFileSync(`/proc/${pid}/status`));
  for (const { name: thread } of Deno.readDirSync(`/proc/${pid}/task`)) {
    for (const child of childrenOf(pid, thread)) {
      const usage = usageOf(child);
      cpuSeconds += usage.cpuSeconds;
      rssBytes += usage.rssBytes;
    }
  }
  return { cpuSeconds, rssBytes };
}

/**
 * Reads what several processes have used, with their children.
 *
 * @param pids The processes.
 * @returns The sums.
 * @throws {Deno.errors.NotFound} If one is gone.
 */
export function usageOfAll(pids: readonly number[]): Usage {
  return sumOf(pids.map(usageOf));
}

/**
 * Adds up what several processes have used.
 *
 * @param usages What each has.
 */
export function sumOf(usages: readonly Usage[]): Usage {
  const sum = (figure: keyof Usage) => usages.reduce((sum, usage) => sum + usage[figure], 0);
  return { cpuSeconds: sum("cpuSeconds"), rssBytes: sum("rssBytes") };
}

/** Not every kernel has the file, and a thread may end at any time. */
function childrenOf(pid: number | "self", thread: string): number[] {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/children`);
    return text.split(" ").filter(Boolean).map(Number);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
