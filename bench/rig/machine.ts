import { cpus, release } from "node:os";
import { findEnvoy } from "../../src/adapters/envoy/envoy-binary.ts";

/** What a benchmark ran on. Numbers of different machines are not compared. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly kernel: string;
  readonly node: string;
  readonly envoy: string;
}

/** Describes this machine. */
export async function describeMachine(): Promise<Machine> {
  const all = cpus();
  const { version } = await findEnvoy(process.env);
  return {
    processors: all.length,
    model: all[0]?.model.trim() ?? "unknown",
    kernel: release(),
    node: process.versions.node,
    envoy: version,
  };
}

/** Where and when something was measured, as a sentence. */
export function sentenceOf(machine: Machine, startedAt: string): string {
  const { processors, model, kernel, envoy, node } = machine;
  return `Measured ${startedAt.slice(0, 10)} on ${processors} x ${model}, Linux ${kernel}, Envoy ${envoy}, Node ${node}.`;
}
