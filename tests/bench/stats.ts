/**
 * What several runs say together.
 *
 * @module
 */

/** The middle of some values, and their ends. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values there were. */
  readonly count: number;
}

/**
 * Summarises values.
 *
 * @param values The values, in any order.
 * @returns Their median (of an even number the mean of the middle two), least and greatest;
 * undefined if there are none.
 */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    count: sorted.length,
  };
}

/**
 * Summarises the ratios of values that were taken in the same runs: each pair first, then the
 * median, so that what slowed a whole run down cancels out.
 *
 * @param values A value for each run; undefined where there is none.
 * @param bases What to divide it by, for each run.
 * @returns The spread over the runs that have both; undefined if none has.
 */
export function ratioOf(
  values: readonly (number | undefined)[],
  bases: readonly (number | undefined)[],
): Spread | undefined {
  return spreadOf(
    pairsOf(values, bases).flatMap(([value, base]) => base === 0 ? [] : [value / base]),
  );
}

/**
 * Summarises the differences of values that were taken in the same runs, as {@linkcode ratioOf} does ratios.
 *
 * @param values A value for each run; undefined where there is none.
 * @param bases What to subtract, for each run.
 * @returns The spread over the runs that have both; undefined if none has.
 */
export function differenceOf(
  values: readonly (number | undefined)[],
  bases: readonly (number | undefined)[],
): Spread | undefined {
  return spreadOf(pairsOf(values, bases).map(([value, base]) => value - base));
}

function pairsOf(
  values: readonly (number | undefined)[],
  bases: readonly (number | undefined)[],
): [value: number, base: number][] {
  return values.flatMap((value, run): [number, number][] => {
    const base = bases[run];
    return value === undefined || base === undefined ? [] : [[value, base]];
  });
}

/**
 * Writes a spread.
 *
 * @param spread The spread; undefined is a dash.
 * @param digits Decimal places.
 * @returns The median, and behind it in parentheses the ends if there was more than one value.
 */
export function formatSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return "–";
  const format = (value: number) =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const { median, min, max, count } = spread;
  return count === 1 ? format(median) : `${format(median)} (${format(min)}–${format(max)})`;
}
