import type { WriteOutcome } from "../../ports/cluster-writer.ts";
import { KubeError } from "./kube-error.ts";

/** Reasons for which what there is now has to be looked at. */
const OUTDATED = new Set(["Conflict", "AlreadyExists", "NotFound", "Gone"]);

/** What became of a write that was refused. @throws what is no answer of an API server */
export function outcomeOf(error: unknown): WriteOutcome {
  if (!(error instanceof KubeError)) throw error;
  // What is to be deleted and is not there is as it should be; looking again costs nothing.
  if (OUTDATED.has(error.reason)) return { became: "outdated", message: error.message };
  return {
    became: "failed",
    retryable: error.retryable,
    reason: error.reason,
    message: error.message,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}
