/**
 * The stand-in for kube-proxy as a process. Prints one line of JSON when every address listens, and nothing else.
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import type { ApiAccess } from "./api-client.ts";
import { type Json, textAt } from "./api/json.ts";
import { type Forward, KubeProxy } from "./kube-proxy.ts";

const USAGE = `node test/kube/kube-proxy-main.ts --kubeconfig FILE [--forward 127.x.y.z:PORT=NAMESPACE/SERVICE:PORT]... [--min-sync-ms N]
`;

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      kubeconfig: { type: "string", default: "" },
      forward: { type: "string", multiple: true, default: [] },
      "min-sync-ms": { type: "string", default: "1000" },
    },
  });
  const access = readAccess(values.kubeconfig);
  const forwards = values.forward.map(parseForward);
  await KubeProxy.start({ access, forwards, minSyncMs: Number(values["min-sync-ms"]) });
  process.once("SIGTERM", () => process.exit(0));
  process.once("SIGINT", () => process.exit(0));
  process.stdout.write(
    `${JSON.stringify({ ready: true, pid: process.pid, listen: forwards.map(({ listen }) => listen) })}\n`,
  );
}

/** The first cluster and user of a kubeconfig: the double writes one of each. */
function readAccess(file: string): ApiAccess {
  const config = parse(readFileSync(file, "utf8")) as Json;
  const ca = textAt(config, "clusters", 0, "cluster", "certificate-authority-data") ?? "";
  return {
    url: textAt(config, "clusters", 0, "cluster", "server") ?? "",
    caPem: Buffer.from(ca, "base64").toString("utf8"),
    token: textAt(config, "users", 0, "user", "token"),
  };
}

/** `127.0.0.9:80=shop/web:http`; a port that is a number is the Service port's number. */
function parseForward(text: string): Forward {
  const match = /^([\d.]+:\d+)=([^/]+)\/([^:]+):(.*)$/.exec(text);
  if (match === null) throw new Error(`--forward ${text} is no ADDRESS:PORT=NAMESPACE/SERVICE:PORT`);
  const [, listen = "", namespace = "", service = "", port = ""] = match;
  return { listen, namespace, service, port: /^\d+$/.test(port) ? Number(port) : port };
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
});
