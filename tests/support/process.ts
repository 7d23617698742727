/**
 * What a process of ours uses, as the system tells it.
 *
 * @module
 */

/**
 * Open descriptors of a process.
 *
 * @param pid Its id.
 */
export async function descriptorCount(pid: number): Promise<number> {
  const [program, ...args] = Deno.build.os === "linux"
    ? ["ls", `/proc/${pid}/fd`]
    : ["lsof", "-p", `${pid}`];
  return (await output(program!, args)).trim().split("\n").length;
}

/**
 * Resident memory of a process, in bytes.
 *
 * @param pid Its id.
 */
export async function residentBytes(pid: number): Promise<number> {
  return Number(await output("ps", ["-o", "rss=", "-p", `${pid}`])) * 1024;
}

/** Not by reading /proc: there the runtime asks for every permission. */
async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}`);
  return new TextDecoder().decode(stdout);
}
