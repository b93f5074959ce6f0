/**
 * Quantities as Kubernetes writes them: `250m`, `1.5Gi`, `2e3`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * @module
 */

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const BINARY_SUFFIXES = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** Few amounts occur in a cluster, each of them often. */
const known = new Map<string, number>();

/**
 * A quantity in thousandths, rounded up to a whole one as API servers do. Exact up to 65 Ti. Undefined where the text is no
 * quantity.
 */
export function parseMilli(quantity: string | number): number | undefined {
  const text = String(quantity);
  const remembered = known.get(text);
  if (remembered !== undefined) return remembered;
  const milli = compute(text);
  if (milli !== undefined && known.size < 100_000) known.set(text, milli);
  return milli;
}

/** The whole units that thousandths come to, rounded up. */
export function wholeUnits(milli: number): number {
  return Math.ceil(milli / 1000);
}

function compute(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", exponent, suffix] = FORM.exec(text) ?? [];
  if (sign === undefined || whole + fraction === "") return undefined;
  const binary = suffix === undefined ? -1 : BINARY_SUFFIXES.indexOf(suffix);
  const decimal =
    exponent === undefined ? (binary < 0 ? (DECIMAL_EXPONENT[suffix ?? ""] ?? 0) : 0) : Number(exponent.slice(1));
  // Beyond that every amount is more than a cluster has, or nothing.
  if (Math.abs(decimal) > 30) return undefined;
  const scale = decimal - fraction.length + 3;
  const digits = BigInt(whole + fraction) * (binary < 0 ? 1n : 1024n ** BigInt(binary + 1));
  const milli = scale >= 0 ? digits * 10n ** BigInt(scale) : divideUp(digits, 10n ** BigInt(-scale));
  return Number(sign === "-" ? -milli : milli);
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
