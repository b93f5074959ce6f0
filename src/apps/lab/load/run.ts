import { HeldConnections } from "./held-connections.ts";
import { HttpClient, type LoadClient } from "./http-client.ts";
import { RequestMix } from "./http-request.ts";
import type { LoadLine, SummaryLine } from "./lines.ts";
import type { LoadOptions } from "./options.ts";
import { watchReadiness } from "./readiness.ts";
import { RunRecord } from "./run-record.ts";
import { type LoadClock, runSchedule } from "./schedule.ts";
import { TargetList } from "./target-list.ts";
import { TcpClient } from "./tcp-client.ts";
import { WakingTime } from "./waking-time.ts";

/** How often time-outs are looked for, in ms: a time-out is late by at most this. */
const expireEveryMs = 20;

/** A run under way. */
export interface LoadRun {
  /** Resolves with the last line when every request has ended, or when nobody waits for them any more. */
  readonly summary: Promise<SummaryLine>;
  /** Stops sending; a second call also stops waiting for what is in flight. */
  readonly stop: () => void;
  /** Replaces the targets (`ADDR:PORT` each). */
  readonly retarget: (addresses: readonly string[]) => void;
}

/** Starts a run. `print` receives every line but the summary, in order. */
export function startLoad(options: LoadOptions, clock: LoadClock, print: (line: LoadLine) => void): LoadRun {
  const warmups = Math.round((options.rate * options.warmupMs) / 1000);
  const total = Math.round((options.rate * options.durationMs) / 1000);
  const startMs = clock.now() + (warmups * 1000) / options.rate;
  const now = (): number => clock.now() - startMs;
  const targets = new TargetList(options.targets);
  const record = new RunRecord(Math.max(1, total), now, print);
  const client = createClient(options, targets, record, new WakingTime(clock.now).now);
  const held = options.protocol === "tcp" && options.hold > 0 ? new HeldConnections(targets, now, print) : null;
  const endReadiness = watchReadiness(targets.all, {
    everyMs: options.readyEveryMs,
    timeoutMs: options.readyTimeoutMs,
  });
  const { promise: summary, resolve } = Promise.withResolvers<SummaryLine>();
  const timers = [setInterval(() => client.expire(), expireEveryMs)];
  let sendingEndedMs: number | null = null;
  let isOver = false;

  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    endReadiness();
    for (const timer of timers) clearInterval(timer);
    if (options.progressMs > 0) record.printProgress();
    held?.close();
    const line = record.summarize(Math.max(0, sendingEndedMs ?? now()), {
      protocol: options.protocol,
      rate: options.rate,
      refusedConnects: client.refusedConnects,
      connections: client.connections,
      held: held?.summarize() ?? null,
    });
    client.close();
    resolve(line);
  };
  const endSending = (endMs: number): void => {
    sendingEndedMs = endMs;
    cancelSchedule();
    // Polled rather than told by the record: the last answer must be booked completely before it is summed up.
    timers.push(setInterval(() => record.inFlight === 0 && finish(), 5));
  };
  const beginMeasuring = (): void => {
    print({
      type: "start",
      epochMs: Date.now() + (startMs - clock.now()),
      rate: options.rate,
      durationMs: options.durationMs,
      targets: targets.all.map(({ address }) => address),
    });
    if (options.progressMs > 0) timers.push(setInterval(() => record.printProgress(), options.progressMs));
  };
  const cancelSchedule = runSchedule({ rate: options.rate, total: warmups + total }, clock.now(), clock, {
    due: (index, dueMs, lateMs) => {
      if (index === warmups) beginMeasuring();
      const row = index < warmups ? index - warmups : record.open(dueMs - (warmups * 1000) / options.rate, lateMs);
      client.request(row);
    },
    done: () => endSending((total * 1000) / options.rate),
  });
  held?.open(options.hold);
  const stop = (): void => (sendingEndedMs === null ? endSending(now()) : finish());
  return { summary, stop, retarget: (addresses) => targets.replace(addresses) };
}

function createClient(options: LoadOptions, targets: TargetList, record: RunRecord, now: () => number): LoadClient {
  const deadline = { timeoutMs: options.timeoutMs, now };
  return options.protocol === "tcp"
    ? new TcpClient(targets, record, deadline)
    : new HttpClient(targets, new RequestMix(options), record, deadline);
}
