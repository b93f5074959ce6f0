/** `text` as it may stand in HTML text and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A whole number with thin separators: `12 345`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Milliseconds as a person reads them: `3.2 ms`, `271 ms`, `5.5 s`; a dash for null. */
export function formatLatency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** A moment of the run: `3.00 s`, `1:05.2`. */
export function formatMoment(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes}:${((ms - minutes * 60_000) / 1000).toFixed(1).padStart(4, "0")}`;
}

/** A length of time in words: `30 seconds`, `1.5 minutes`. */
export function formatLength(ms: number): string {
  const [amount, unit] = ms < 120_000 ? [ms / 1000, "second"] : [ms / 60_000, "minute"];
  const shown = Number(amount.toFixed(1));
  return `${shown} ${unit}${shown === 1 ? "" : "s"}`;
}
