/**
 * Durations as Kubernetes and Go write them ("250ms", "1m30s"), held as milliseconds inside.
 * @module
 */
import { z } from "zod";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

/** Longest duration accepted, in milliseconds: ten years. Longer ones are typing errors and would overflow timers downstream. */
const LONGEST_MS = 10 * 365 * 24 * 3_600_000;

/** Longest text of a duration; what is longer is none that a person wrote. */
const LONGEST_TEXT = 64;

const NOT_A_DURATION = "is not a duration; write for example 250ms, 1s or 5m";

/** Milliseconds of a duration such as `250ms`, `1m30s`, `0s`; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return total <= LONGEST_MS ? Math.round(total) : undefined;
}

/** The shortest usual spelling of a number of milliseconds: `250ms`, `1s`, `1.5s`, `10m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1_000) return `${ms}ms`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return `${ms / 1_000}s`;
}

/** Text on the outside, milliseconds on the inside. */
export const Duration = z
  .string()
  .max(LONGEST_TEXT)
  .regex(WHOLE, { error: NOT_A_DURATION, abort: true })
  .refine((text) => parseDuration(text) !== undefined, {
    error: NOT_A_DURATION,
  })
  .transform((text) => parseDuration(text) ?? 0);
