/** Quantiles by nearest rank: always a value that was really measured, never one in between. */

/** Sorts a copy of `values` in ascending order; the argument stays as it is. */
export function ascending(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * The nearest-rank quantile `q` (0 < q <= 1) of ascending `sorted`, or null when it is empty.
 * Throws a RangeError for a `q` outside the range.
 */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (!(q > 0 && q <= 1)) throw new RangeError(`a quantile lies in (0, 1], not at ${q}`);
  if (sorted.length === 0) return null;
  // Without the epsilon 0.07 * 100 is 7.000000000000001 and its rank would be 8.
  const rank = Math.ceil(q * sorted.length - 1e-9);
  return sorted[Math.max(rank, 1) - 1] ?? null;
}

/**
 * The median of several runs' values; of an even number the mean of the middle two. A null (nothing was answered in
 * that run) counts as worse than every number. Null when there is no run, or when the middle is null.
 */
export function median(values: readonly (number | null)[]): number | null {
  const sorted = ascending(values.map((value) => value ?? Number.POSITIVE_INFINITY));
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? upper) : upper;
  const value = (lower + upper) / 2;
  return Number.isFinite(value) ? value : null;
}
