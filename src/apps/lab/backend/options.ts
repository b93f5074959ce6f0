import { CommandLine } from "../load/command-line.ts";

/** The process's place and name. */
export interface BackendOptions {
  /** One for each endpoint; they die together, and a fault is in all of them. */
  readonly addresses: readonly string[];
  readonly site: string;
  readonly name: string;
  /** Ports to listen on; null: no such server. */
  readonly http: number | null;
  readonly tcp: number | null;
  /** Path of the control socket; null: no control. */
  readonly control: string | null;
  /** What a good answer takes, in ms. */
  readonly latencyMs: number;
  /** End when standard input closes, that is, when the parent died in whatever way. */
  readonly dieWithParent: boolean;
}

/** Help text of the command line. */
export const backendUsage = `Endpoints of a service: HTTP and a TCP line echo, with faults to set.

Usage: main.ts --address ADDR[,ADDR...] --site SITE --name NAME [--http PORT] [--tcp PORT] [options]
  --control PATH      Unix socket for GET /counters and POST /fault
  --latency TIME      what a good HTTP answer takes, such as 2ms (default) or 1s
  --die-with-parent   end when standard input closes
`;

const text = { type: "string" } as const;
const flags = {
  address: text,
  site: text,
  name: text,
  http: text,
  tcp: text,
  control: text,
  latency: text,
  "die-with-parent": { type: "boolean" },
} as const;

/** Parses the command line; a list of strings says all that is wrong with it. */
export function parseBackendOptions(args: readonly string[]): BackendOptions | string[] {
  const line = new CommandLine(args, flags);
  const { values, problems } = line;
  for (const flag of ["address", "site", "name"] as const) if (!values[flag]) problems.push(`--${flag} is missing`);
  if (values.http === undefined && values.tcp === undefined)
    problems.push("nothing to serve: give --http, --tcp or both");
  const port = (flag: "http" | "tcp"): number | null =>
    values[flag] === undefined ? null : line.wholeNumber(flag, values[flag], [0, 65_535], 0);
  const options: BackendOptions = {
    addresses: (values.address ?? "").split(","),
    site: values.site ?? "",
    name: values.name ?? "",
    http: port("http"),
    tcp: port("tcp"),
    control: values.control ?? null,
    latencyMs: line.duration("latency", values.latency, 2),
    dieWithParent: values["die-with-parent"] ?? false,
  };
  return problems.length > 0 ? problems : options;
}
