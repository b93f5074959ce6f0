import { CommandLine } from "./command-line.ts";

/** One gateway of the local site. */
export interface LoadTarget {
  /** `ADDR:PORT` that requests go to. */
  readonly address: string;
  /** `ADDR:PORT/path` that answers 200 while this target takes new connections; null: never asked. */
  readonly ready: string | null;
}

/** A kind of request and its share of all. */
export interface RequestShare {
  readonly method: string;
  readonly path: string;
  /** 0 to 1; what is missing to 1 goes to the default request. */
  readonly share: number;
}

/** One load run. Times in ms. */
export interface LoadOptions {
  readonly protocol: "http" | "tcp";
  readonly targets: readonly LoadTarget[];
  readonly rate: number;
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly timeoutMs: number;
  readonly progressMs: number;
  readonly method: string;
  readonly path: string;
  readonly mix: readonly RequestShare[];
  readonly host: string | null;
  readonly headers: readonly string[];
  readonly bodyBytes: number;
  readonly hold: number;
  readonly readyEveryMs: number;
  readonly readyTimeoutMs: number;
  readonly controlStdin: boolean;
  readonly dieWithParent: boolean;
}

/** Most requests that one run may send: its record is allocated before it starts. */
export const maxRequests = 10_000_000;

/** Help text of the command line. */
export const loadUsage = `Open-loop load: requests leave on schedule, latency counts from the schedule.

Usage: main.ts --target ADDR:PORT [--target ...] [options]
  --ready ADDR:PORT/path  readiness of the target at the same position, asked every --ready-every (100ms),
                          --ready-timeout (1s); 200 means that it takes new connections
  --protocol http|tcp     tcp: a new connection per request, "ping" answered by "pong"
  --rate N                requests per second (1000)
  --duration TIME         how long to send (10s); --warmup TIME before it, not measured (0s)
  --timeout TIME          until a request is lost (15s)
  --method M --path P     the default request (GET /)
  --mix "[M ]PATH=SHARE"  a share of requests, such as /bad=0.1; repeatable
  --host NAME             Host header (load.test); --header "k: v", repeatable
  --body-bytes N          body of POST and PUT (64)
  --hold N                tcp: long-lived connections beside the requests
  --progress TIME         a progress line each (100ms); 0s: none
  --control-stdin         lines such as {"targets":["127.0.1.1:8080"]} on standard input replace the targets
  --die-with-parent       end when standard input closes
SIGTERM: stop sending, wait for what is in flight, print the summary; twice: do not wait.
`;

const text = { type: "string" } as const;
const texts = { type: "string", multiple: true } as const;
const yes = { type: "boolean" } as const;
const flags = {
  target: texts,
  ready: texts,
  protocol: text,
  rate: text,
  duration: text,
  warmup: text,
  timeout: text,
  method: text,
  path: text,
  mix: texts,
  host: text,
  header: texts,
  "body-bytes": text,
  hold: text,
  progress: text,
  "ready-every": text,
  "ready-timeout": text,
  "control-stdin": yes,
  "die-with-parent": yes,
} as const;

/** Parses the command line; a list of strings says all that is wrong with it. */
export function parseLoadOptions(args: readonly string[]): LoadOptions | string[] {
  const line = new CommandLine(args, flags);
  const { values, problems } = line;
  const options: LoadOptions = {
    protocol: values.protocol === "tcp" ? "tcp" : "http",
    targets: parseTargets(values.target ?? [], values.ready ?? [], problems),
    rate: line.wholeNumber("rate", values.rate, [1, 100_000], 1000),
    durationMs: line.duration("duration", values.duration, 10_000),
    warmupMs: line.duration("warmup", values.warmup, 0),
    timeoutMs: line.duration("timeout", values.timeout, 15_000),
    progressMs: line.duration("progress", values.progress, 100),
    method: (values.method ?? "GET").toUpperCase(),
    path: values.path ?? "/",
    mix: (values.mix ?? []).flatMap((entry) => parseShare(entry, problems)),
    host: values.host ?? null,
    headers: values.header ?? [],
    bodyBytes: line.wholeNumber("body-bytes", values["body-bytes"], [0, 10_000_000], 64),
    hold: line.wholeNumber("hold", values.hold, [0, 10_000], 0),
    readyEveryMs: line.duration("ready-every", values["ready-every"], 100),
    readyTimeoutMs: line.duration("ready-timeout", values["ready-timeout"], 1000),
    controlStdin: values["control-stdin"] ?? false,
    dieWithParent: values["die-with-parent"] ?? false,
  };
  if (values.protocol !== undefined && values.protocol !== options.protocol)
    problems.push(`--protocol is http or tcp, not "${values.protocol}"`);
  if (options.durationMs <= 0) problems.push("--duration must be longer than 0s");
  const requests = Math.ceil((options.rate * options.durationMs) / 1000);
  if (requests > maxRequests)
    problems.push(`${requests} requests are too many for one run (at most ${maxRequests}): lower --rate or --duration`);
  if (options.mix.reduce((sum, entry) => sum + entry.share, 0) > 1 + 1e-9)
    problems.push("the shares of --mix are more than 1 together");
  for (const header of options.headers)
    if (!/^[\w-]+: [^\r\n]*$/.test(header)) problems.push(`--header must look like "name: value", not "${header}"`);
  return problems.length > 0 ? problems : options;
}

function parseTargets(targets: readonly string[], ready: readonly string[], problems: string[]): LoadTarget[] {
  if (targets.length === 0) problems.push("--target is missing: give ADDR:PORT of each gateway of the local site");
  if (ready.length > 0 && ready.length !== targets.length)
    problems.push(
      `${targets.length} --target but ${ready.length} --ready: give one for each, in the same order, or none`,
    );
  for (const target of targets)
    if (!isAddress(target)) problems.push(`--target must look like 127.0.1.1:8080, not "${target}"`);
  for (const url of ready)
    if (!isAddress(url.split("/", 1)[0] ?? ""))
      problems.push(`--ready must look like 127.0.1.1:8080/ready, not "${url}"`);
  return targets.map((address, index) => ({ address, ready: ready[index] ?? null }));
}

/** Whether `text` is an address and a port, `ADDR:PORT`. */
export function isAddress(text: string): boolean {
  const port = /^\S+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

function parseShare(entry: string, problems: string[]): RequestShare[] {
  const match = /^(?:([A-Z]+) )?(\/[^\s=]*)=(0?\.\d+|0|1)$/.exec(entry);
  if (match !== null) return [{ method: match[1] ?? "GET", path: match[2] ?? "/", share: Number(match[3]) }];
  problems.push(`--mix must look like /bad=0.1 or "POST /orders=0.2", not "${entry}"`);
  return [];
}
