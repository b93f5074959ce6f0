/** A moment in Unix milliseconds as Kubernetes writes times: RFC 3339, UTC, without fractions. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
