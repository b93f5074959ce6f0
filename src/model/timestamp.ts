/** A moment in Unix milliseconds as Kubernetes writes times: RFC 3339, UTC, without fractions. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Unix milliseconds of a moment as Kubernetes writes it; undefined where it is none. */
export function parseTimestamp(text: unknown): number | undefined {
  const ms = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
