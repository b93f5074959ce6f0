/**
 * The scripted lab: two sites, a service dies in one, nobody notices.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { TandemError } from "../../../model/errors.ts";
import { parseDuration } from "../../../model/duration.ts";
import type { AgentStatus } from "../../../model/status.ts";
import type { SummaryLine } from "../load/lines.ts";
import { breakIt, heal, parseTarget } from "../network/faults.ts";
import { Lab } from "../network/lab.ts";
import { LAB_DEFAULTS } from "../network/layout.ts";
import { startLoad } from "../network/load.ts";
import type { DemoEvent, DemoReport, HoldPeriod } from "../report/demo-report.ts";
import { renderReport } from "../report/render-report.ts";
import { createLiveView, type LiveView } from "./live-view.ts";
import type { DemoScript } from "./script.ts";

/** How a demo is run. */
export interface DemoOptions {
  readonly script: DemoScript;
  readonly directory: string;
  readonly prefix: string;
  /** Where the report is written. */
  readonly report: string;
  /** Versions shown in the report. */
  readonly versions: Readonly<Record<string, string>>;
  /** Leaves the lab up, to try things with it. */
  readonly keep: boolean;
}

const WATCH_MS = 50;

/**
 * Runs the demo and writes its report.
 * @throws TandemError RequestsLost when a request was lost
 */
export async function runDemo(options: DemoOptions): Promise<SummaryLine> {
  const view = createLiveView();
  view.say(
    "Two sites, west and east: each with its own authority, two gateways (Envoy) and three processes of shop/web.\n",
  );
  const { script } = options;
  const lab = await Lab.up(
    { ...LAB_DEFAULTS, directory: options.directory, prefix: options.prefix, holdDown: script.holdDown },
    (text) => view.say(`  ${text}`),
  );
  // Ctrl-C in the middle leaves nothing running.
  const interrupted = (): void => void Lab.down(options.directory).finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    const played = await play(lab, script, view);
    await writeFile(options.report, renderReport(reportOf(played, options)));
    view.say(conclusion(played.summary, options));
    const lost = played.summary.failed + played.summary.unfinished;
    if (lost > 0)
      throw new TandemError(
        "RequestsLost",
        `${lost} of ${played.summary.requests} requests were lost; see ${options.report}`,
      );
    return played.summary;
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    if (!options.keep) await Lab.down(options.directory);
  }
}

interface Played {
  readonly summary: SummaryLine;
  readonly events: readonly DemoEvent[];
  readonly holds: readonly HoldPeriod[];
  readonly startedAt: number;
}

async function play(lab: Lab, script: DemoScript, view: LiveView): Promise<Played> {
  const west = parseTarget(lab, "west");
  const events: DemoEvent[] = [];
  const note = (event: DemoEvent): void => {
    events.push(event);
    view.say(`${(event.atMs / 1_000).toFixed(1).padStart(5)} s ${event.label}: ${event.detail}`);
  };
  let startedAt = Date.now();
  view.say(`\n${script.rate} GET requests a second go to west's gateways.`);
  const watch = new ServingWatch(lab, () => startedAt, note);
  const steps: (() => void)[] = [];
  const step = (atMs: number, event: Omit<DemoEvent, "atMs">, run: () => Promise<void>): void => {
    const timer = setTimeout(() => {
      note({ ...event, atMs: Date.now() - startedAt });
      void run();
    }, atMs);
    steps.push(() => clearTimeout(timer));
  };
  const load = startLoad(
    lab,
    { protocol: "http", method: "GET", rate: script.rate, durationMs: script.durationMs },
    (line) => {
      if (line.type === "progress") view.progress(line);
      if (line.type !== "start") return;
      startedAt = line.epochMs;
      watch.start();
      step(
        script.killAtMs,
        { kind: "fault", label: "west killed", detail: "kill -9 of all three processes of shop/web in west" },
        () => breakIt(lab, west, "crash"),
      );
      step(
        script.healAtMs,
        {
          kind: "heal",
          label: "west healed",
          detail: "the three processes run again; traffic stays in east for the hold-down",
        },
        () => heal(lab, west),
      );
    },
  );
  try {
    const summary = await load.summary;
    return { summary, events, holds: holdsOf(events, script), startedAt };
  } finally {
    for (const cancel of steps) cancel();
    watch.stop();
    view.end();
  }
}

/** Notes when the first gateway's serving site changes, with the moment and the words of its agent. */
class ServingWatch {
  readonly #lab: Lab;
  readonly #startedAt: () => number;
  readonly #note: (event: DemoEvent) => void;
  #timer: NodeJS.Timeout | undefined;
  #last: number | undefined;

  constructor(lab: Lab, startedAt: () => number, note: (event: DemoEvent) => void) {
    this.#lab = lab;
    this.#startedAt = startedAt;
    this.#note = note;
  }

  start(): void {
    this.#last = Date.now();
    this.#timer = setInterval(() => void this.#look().catch(() => {}), WATCH_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const [gateway] = this.#lab.sites[0].gateways;
    if (gateway === undefined) return;
    const last = lastFailover(await this.#lab.status(gateway));
    if (last === undefined || last.at <= (this.#last ?? 0)) return;
    this.#last = last.at;
    const back = last.to === "west";
    const detection =
      last.detectionMs === undefined ? "" : `, ${last.detectionMs} ms after Envoy's first sign of trouble`;
    this.#note({
      atMs: last.at - this.#startedAt(),
      kind: back ? "failback" : "failover",
      label: back ? "back in west" : `${last.to} serves`,
      detail: back
        ? "west has been healthy for the hold-down"
        : `every endpoint of west is out (${last.trigger})${detection}`,
    });
  }
}

function lastFailover(status: AgentStatus): AgentStatus["services"][number]["lastFailover"] {
  return status.services.find(({ service }) => service === "shop/web/80")?.lastFailover;
}

function holdsOf(events: readonly DemoEvent[], script: DemoScript): HoldPeriod[] {
  const healed = events.find((event) => event.kind === "heal");
  const back = events.find((event) => event.kind === "failback");
  if (healed === undefined) return [];
  return [
    {
      fromMs: healed.atMs,
      toMs: back?.atMs ?? Math.min(script.durationMs, healed.atMs + (parseDuration(script.holdDown) ?? 0)),
    },
  ];
}

function reportOf({ summary, events, holds, startedAt }: Played, options: DemoOptions): DemoReport {
  return {
    title: "shop/web dies in west",
    service: "shop/web",
    sites: ["west", "east"],
    startedAt: new Date(startedAt).toISOString(),
    rate: options.script.rate,
    durationMs: options.script.durationMs,
    measure: summary,
    timeline: summary.timeline,
    events,
    holds,
    nextCommands: NEXT_COMMANDS,
    versions: options.versions,
  };
}

const NEXT_COMMANDS = [
  { command: "npm run lab -- up", purpose: "bring the same two sites up and keep them" },
  { command: "npm run lab -- fault hang west", purpose: "stop the service in west without killing it" },
  { command: "npm run lab -- load --duration 10s", purpose: "send requests and count what fails" },
  { command: "npm run bench:failover -- --runs 1", purpose: "the same faults against other ways to fail over" },
];

function conclusion(summary: SummaryLine, options: DemoOptions): string {
  const { requests, failed, longestGapMs, p50Ms, p99Ms } = summary;
  const ms = (value: number | null): string => (value === null ? "-" : `${value.toFixed(1)} ms`);
  return [
    "",
    `${requests} requests, ${failed} failed, longest gap ${ms(longestGapMs)}, p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`,
    `The timeline as a picture: ${options.report}`,
    "",
    "Next:",
    ...NEXT_COMMANDS.map(({ command, purpose }) => `  ${command.padEnd(38)} ${purpose}`),
  ].join("\n");
}
