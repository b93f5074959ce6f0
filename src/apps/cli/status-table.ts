/**
 * Which site serves what, as people read it: of one gateway and of a whole cluster in the same form.
 * @module
 */
import { formatDuration } from "../../model/duration.ts";
import { paint, table } from "./output.ts";

/** One line of the table. */
export interface StatusRow {
  readonly service: string;
  readonly servingSite: string | undefined;
  /** Whether that is the site it should be. */
  readonly isHome: boolean;
  /** Unix milliseconds. */
  readonly servingSince: number | undefined;
  readonly sites: readonly {
    readonly name: string;
    readonly healthy: number;
    readonly total: number;
    readonly standby: boolean;
  }[];
  /** What else there is to say, in the order of {@link StatusTable.further}. */
  readonly further: readonly string[];
  readonly conditions: readonly StatusCondition[];
  /** How long it took to notice what the last failover was about, in milliseconds. */
  readonly detectionMs: number | undefined;
  readonly order: StatusOrder | undefined;
}

/** A condition as far as it is shown. */
export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A switch in force. */
export interface StatusOrder {
  readonly to: string;
  /** Unix milliseconds; absent: until it is ended. */
  readonly until?: number | undefined;
  /** Who gave it, e.g. `by command at west`. */
  readonly by: string;
  readonly reason: string;
}

/** Everything that is shown. */
export interface StatusTable {
  readonly head: string;
  /** Titles of the columns besides those that there always are. */
  readonly further: readonly string[];
  readonly rows: readonly StatusRow[];
  /** What is shown where there is no row. */
  readonly empty: string;
  readonly problems: readonly string[];
}

/** The status as text. @param now Unix milliseconds */
export function renderStatusTable({ head, further, rows, empty, problems }: StatusTable, now: number): string {
  const services =
    rows.length === 0
      ? empty
      : table([["SERVICE", "SERVING", "SINCE", "SITES", ...further], ...rows.map((row) => cells(row, now))]);
  const notes = rows.flatMap((row) => [
    ...(row.order === undefined ? [] : [orderNote(row.service, row.order, now)]),
    ...row.conditions.filter(isNoteworthy).map((condition) => note(row, condition)),
  ]);
  const wrong = problems.map((problem) => `  ${paint("red", "problem")} ${problem}`);
  return [
    head,
    "",
    services,
    ...(notes.length === 0 ? [] : ["", ...notes]),
    ...(wrong.length === 0 ? [] : ["", ...wrong]),
  ].join("\n");
}

/** An interval as it is shown, of milliseconds. */
export function shownInterval(ms: number | undefined): string {
  return ms === undefined ? "-" : formatDuration(ms);
}

function cells(row: StatusRow, now: number): string[] {
  const serving = row.servingSite ?? "-";
  return [
    row.service,
    paint(row.isHome ? "green" : "yellow", serving),
    row.servingSince === undefined ? "-" : age(now - row.servingSince),
    row.sites.map((site) => `${site.name} ${site.healthy}/${site.total}${site.standby ? " (standby)" : ""}`).join(", "),
    ...row.further,
  ];
}

/** Conditions that a person has to know of. */
function isNoteworthy({ type, status, reason }: StatusCondition): boolean {
  if (type === "FailedOver" || type === "Degraded") return status === "True";
  return status === "False" || reason === "ProtocolAssumed";
}

/** The switch in force: where to, how long, who ordered it and why. */
function orderNote(service: string, { to, until, by, reason }: StatusOrder, now: number): string {
  const end =
    until === undefined ? "until it is ended" : `until ${new Date(until).toISOString()} (in ${age(until - now)})`;
  return `  ${paint("yellow", "Switch")} ${service}: to ${to} ${end}, ${by}: ${reason || "no reason given"}`;
}

function note({ service, detectionMs }: StatusRow, condition: StatusCondition): string {
  const last = condition.type === "FailedOver" && detectionMs !== undefined ? ` (detected in ${detectionMs} ms)` : "";
  return `  ${paint("yellow", condition.reason)} ${service}: ${condition.message}${last}`;
}

/** A time that has passed, or is to pass, in its largest unit; of milliseconds. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
