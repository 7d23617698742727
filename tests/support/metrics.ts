/**
 * Prometheus' text format, read back.
 *
 * @module
 */

/**
 * Reads samples.
 *
 * @param text The metrics.
 * @returns Each value by its name, with its labels as they stand there.
 */
export function readMetrics(text: string): Map<string, number> {
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(samples.map((line) => {
    const [, name, value] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line)!;
    return [name!, Number(value)];
  }));
}
