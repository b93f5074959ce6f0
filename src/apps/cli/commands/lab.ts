import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { findEnvoy } from "../../../adapters/envoy/envoy-binary.ts";
import { parseDuration } from "../../../model/duration.ts";
import { EXIT, TandemError } from "../../../model/errors.ts";
import { type OutputForm, printResult } from "../output.ts";
import { typedLabCommand } from "../typed-command.ts";
import { VERSION } from "../version.ts";
import { outputOption, refuseProblems } from "./options.ts";
import { renderStatus } from "./status.ts";

/** Short, since Unix sockets are below it, and the user's own. */
const defaultDirectory = (): string => join(tmpdir(), `tandem-lab-${userInfo().uid}`);

const directoryOption = (): Option =>
  new Option("--dir <dir>", "directory of the lab").env("TANDEM_LAB").default(defaultDirectory());

/** What a person types here for `tandem lab`. */
const LAB = typedLabCommand(process.env);

interface UpOptions {
  readonly dir: string;
  readonly prefix: string;
  readonly profile: "standard" | "fast";
  readonly perTryTimeout: string;
  readonly holdDown: string;
}

/** `tandem lab`. */
export function labCommand(): Command {
  return new Command("lab")
    .description("Two whole sites on this machine, real Envoys and mTLS, with faults to inject")
    .addCommand(up())
    .addCommand(status())
    .addCommand(load())
    .addCommand(fault())
    .addCommand(healing())
    .addCommand(down());
}

function up(): Command {
  return new Command("up")
    .description("Bring two sites up, joined; ends what a former lab left behind")
    .addOption(directoryOption())
    .option("--prefix <a.b>", "first two numbers of its loopback addresses", "127.20")
    .addOption(
      new Option("--profile <profile>", "health check profile of the services")
        .choices(["standard", "fast"])
        .default("standard"),
    )
    .option("--per-try-timeout <duration>", "retry.perTryTimeout of the services", "1s")
    .option("--hold-down <duration>", "failback.holdDown of the services", "5s")
    .addHelpText("after", "\nExamples:\n  tandem lab up\n  tandem lab up --profile fast --per-try-timeout 250ms")
    .action(async (options: UpOptions) => {
      const { checkLabOptions, Lab, LAB_DEFAULTS } = await import("../../lab/index.ts");
      const { dir, ...chosen } = options;
      const directory = resolve(dir);
      const wanted = { ...LAB_DEFAULTS, ...chosen, directory };
      refuseProblems(checkLabOptions(wanted));
      const stop = (): void => void Lab.down(directory).finally(() => process.exit(130));
      process.once("SIGINT", stop);
      process.once("SIGTERM", stop);
      const lab = await Lab.up(wanted, (text) => process.stderr.write(`${text}\n`));
      const [target] = lab.targets("http");
      process.stdout.write(
        [
          `west and east are up; shop/web is served on ${target?.address ?? ""}`,
          "",
          "Next:",
          `  curl -i http://${target?.address ?? ""}/`,
          `  ${LAB} fault crash west`,
          `  ${LAB} status`,
          `  ${LAB} load --duration 10s`,
          `  ${LAB} heal`,
          `  ${LAB} down`,
          "",
        ].join("\n"),
      );
    });
}

function status(): Command {
  return new Command("status")
    .description("What every gateway's agent says")
    .addOption(directoryOption())
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  tandem lab status\n  tandem lab status -o json")
    .action(async (options: { dir: string; output: OutputForm }) => {
      const { Lab } = await import("../../lab/index.ts");
      const lab = await Lab.open(options.dir);
      const gateways = lab.sites.flatMap((site) => site.gateways);
      const statuses = await Promise.all(gateways.map((gateway) => lab.status(gateway).catch(() => undefined)));
      printResult(statuses, options.output, () =>
        statuses
          .map((one, index) =>
            one === undefined ? `${gateways[index]?.name ?? ""}  agent does not answer` : renderStatus(one, Date.now()),
          )
          .join("\n\n"),
      );
    });
}

function load(): Command {
  return new Command("load")
    .description("Send requests to west's gateways at a constant rate and count what fails")
    .addOption(directoryOption())
    .option("--rate <per-second>", "requests a second", "500")
    .option("--duration <duration>", "how long", "10s")
    .option("--method <method>", "method of the requests", "GET")
    .addOption(
      new Option("--protocol <protocol>", "http: shop/web, tcp: a new connection to shop/echo each")
        .choices(["http", "tcp"])
        .default("http"),
    )
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem lab load --duration 10s\n  tandem lab load --method POST --rate 200 -o json",
    )
    .action(
      async (options: {
        dir: string;
        rate: string;
        duration: string;
        method: string;
        protocol: "http" | "tcp";
        output: OutputForm;
      }) => {
        const { checkLoad, Lab, startLoad } = await import("../../lab/index.ts");
        refuseProblems(checkLoad(options));
        const { protocol, method, rate, duration } = options;
        const lab = await Lab.open(options.dir);
        const sent = startLoad(
          lab,
          { protocol, method, rate: Number(rate), durationMs: parseDuration(duration) ?? 0 },
          (line) => {
            if (options.output !== "text") return;
            if (line.type === "failure")
              process.stderr.write(`${line.atMs.toFixed(0)} ms: ${line.reason} ${line.body}\n`);
          },
        );
        const { timeline: _, ...summary } = await sent.summary;
        printResult(summary, options.output, () => {
          const served = Object.entries(summary.servedBy)
            .map(([site, count]) => `${site} ${count}`)
            .join(", ");
          return `${summary.requests} requests, ${summary.failed} failed, longest gap ${summary.longestGapMs.toFixed(1)} ms, p50 ${summary.p50Ms?.toFixed(1) ?? "-"} ms, p99 ${summary.p99Ms?.toFixed(1) ?? "-"} ms (${served})`;
        });
        if (summary.failed + summary.unfinished > 0) process.exitCode = EXIT.failed;
      },
    );
}

function fault(): Command {
  return new Command("fault")
    .description("Break something")
    .argument(
      "<kind>",
      "crash, hang, 5xx, half, partial, slow, reset, unready or check; a gateway or agent can crash or hang",
    )
    .argument("<target>", "west (the service there), west/web-1, gateway/west-1 or agent/west-1")
    .option("--share <share>", "share of the requests that fail, for partial", "0.3")
    .addOption(directoryOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem lab fault crash west\n  tandem lab fault slow west/web-1\n  tandem lab fault hang gateway/east-1",
    )
    .action(async (kind: string, target: string, options: { dir: string; share: string }) => {
      const { breakIt, checkShare, Lab, parseTarget, SERVICE_FAULTS } = await import("../../lab/index.ts");
      const known = SERVICE_FAULTS.find((one) => one === kind);
      if (known === undefined)
        throw new TandemError("InvalidArgument", `${JSON.stringify(kind)} is not a fault`, {
          remedy: `Use one of ${SERVICE_FAULTS.join(", ")}`,
        });
      refuseProblems(checkShare(options.share));
      const lab = await Lab.open(options.dir);
      await breakIt(lab, parseTarget(lab, target), known, Number(options.share));
      process.stdout.write(`${known}: ${target}\n\nNext: ${LAB} status, then ${LAB} heal ${target}\n`);
    });
}

function healing(): Command {
  return new Command("heal")
    .description("Mend what was broken")
    .argument("[target]", "as for fault; everything if not given")
    .addOption(directoryOption())
    .addHelpText("after", "\nExamples:\n  tandem lab heal\n  tandem lab heal west")
    .action(async (target: string | undefined, options: { dir: string }) => {
      const { heal, Lab, parseTarget } = await import("../../lab/index.ts");
      const lab = await Lab.open(options.dir);
      await heal(lab, target === undefined ? undefined : parseTarget(lab, target));
      process.stdout.write(`healed: ${target ?? "everything"}\n`);
    });
}

function down(): Command {
  return new Command("down")
    .description("End the lab and remove its files")
    .addOption(directoryOption())
    .addHelpText("after", "\nExamples:\n  tandem lab down")
    .action(async (options: { dir: string }) => {
      const { Lab } = await import("../../lab/index.ts");
      const ended = await Lab.down(options.dir);
      if (ended === undefined)
        throw new TandemError("LabNotRunning", `no lab in ${resolve(options.dir)}; nothing was removed`, {
          remedy: `If it was brought up in another directory, name that one with --dir; ${LAB} up starts a new one`,
        });
      process.stdout.write(`ended ${ended} processes\n`);
    });
}

/** `tandem demo`. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("A scripted lab: a service dies in one site and no request fails")
    .option("--short", "a quarter of a minute instead of a whole one", false)
    .option("--keep", "leave the lab up afterwards", false)
    .option("--rate <per-second>", "requests a second")
    .option("--report <file>", "where the report goes", "demo-report.html")
    .addOption(directoryOption())
    .option("--prefix <a.b>", "first two numbers of its loopback addresses", "127.20")
    .addHelpText("after", "\nExamples:\n  npm run demo\n  tandem demo --short --report /tmp/report.html")
    .action(
      async (options: {
        short: boolean;
        keep: boolean;
        rate?: string;
        report: string;
        dir: string;
        prefix: string;
      }) => {
        const { checkLabOptions, checkLoad, DEMO_SCRIPTS, LAB_DEFAULTS, runDemo } = await import("../../lab/index.ts");
        const script = DEMO_SCRIPTS[options.short ? "short" : "full"];
        const directory = resolve(options.dir);
        const rate = options.rate ?? String(script.rate);
        refuseProblems([
          ...checkLabOptions({ ...LAB_DEFAULTS, directory, prefix: options.prefix }),
          ...checkLoad({ rate, duration: `${script.durationMs}ms` }),
        ]);
        const envoy = await findEnvoy(process.env);
        await runDemo({
          script: { ...script, rate: Number(rate) },
          directory,
          prefix: options.prefix,
          report: options.report,
          versions: { Tandem: VERSION, Envoy: envoy.version },
          keep: options.keep,
        });
      },
    );
}
