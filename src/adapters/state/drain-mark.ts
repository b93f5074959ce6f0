/**
 * That the gateway of a state directory goes away, for an agent that starts meanwhile: kept by the gateway's process, which
 * outlives the agent.
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { StatePaths } from "./state-directory.ts";

/** Marks a gateway as going away. */
export function markDraining({ draining }: StatePaths): void {
  writeFileSync(draining, "", { mode: 0o600 });
}

/** Takes the mark back: it has been taken into service. */
export function unmarkDraining({ draining }: StatePaths): void {
  rmSync(draining, { force: true });
}

/** Whether it goes away, or has gone and no other one has come since. */
export function isMarkedDraining({ draining }: StatePaths): boolean {
  return existsSync(draining);
}
