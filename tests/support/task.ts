/**
 * The tasks of deno.json, to run as they are.
 *
 * @module
 */

/**
 * The words of a task after `deno`.
 *
 * @param name The task's name.
 */
export function taskWords(name: string): string[] {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  return config.tasks[name].command.split(" ").slice(1);
}
