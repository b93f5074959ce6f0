import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { findEnvoy } from "../../../src/adapters/envoy/envoy-binary.ts";
import type { Child, ProcessGroup } from "../../rig/process-group.ts";
import type { Part } from "../contender.ts";
import type { EnvoyResource } from "./resource.ts";

/** What an Envoy serves, without an admin port. */
export interface EnvoyBootstrap {
  readonly name: string;
  readonly listeners: readonly EnvoyResource[];
  readonly clusters: readonly EnvoyResource[];
}

/** How long an Envoy may take until its listeners accept connections, in ms. */
const startMs = 20_000;

/** Starts a stock Envoy with one worker; resolves when `address` accepts connections. */
export async function startEnvoy(
  bootstrap: EnvoyBootstrap,
  address: { readonly host: string; readonly port: number },
  directory: string,
  processes: ProcessGroup,
): Promise<Part> {
  const { name, listeners, clusters } = bootstrap;
  const path = join(directory, `${name}.json`);
  await writeFile(
    path,
    JSON.stringify({ node: { id: name, cluster: name }, static_resources: { listeners, clusters } }),
  );
  const envoy = await findEnvoy(process.env);
  const quiet = ["--log-level", "warning", "--log-path", join(directory, `${name}.log`)];
  const child = await processes.start(name, [
    envoy.path,
    "-c",
    path,
    "--concurrency",
    "1",
    "--disable-hot-restart",
    ...quiet,
  ]);
  const code = await Promise.race([child.ended, untilAccepting(address)]);
  if (code !== "accepts") throw new Error(`${name} did not start (exit code ${code}); its log is in ${directory}`);
  return partOf(name, child);
}

async function untilAccepting(address: { readonly host: string; readonly port: number }): Promise<"accepts"> {
  for (const end = performance.now() + startMs; ; await after(20)) {
    const socket = connect(address);
    try {
      await once(socket, "connect");
      return "accepts";
    } catch (error) {
      if (performance.now() > end) throw error;
    } finally {
      socket.destroy();
    }
  }
}

function partOf(name: string, child: Child): Part {
  return { name, crash: async () => child.signal("SIGKILL"), hang: async () => child.signal("SIGSTOP") };
}
