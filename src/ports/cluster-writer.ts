import type { TakeoverChange } from "../model/takeover.ts";

/**
 * What became of a write. `outdated`: somebody was faster, or it is not of what there is any more, and what there is now
 * has to be looked at. `failed`: it may work later; `retryable` false: not before somebody changes something.
 */
export type WriteOutcome =
  | { readonly became: "written" }
  | { readonly became: "outdated"; readonly message: string }
  | {
      readonly became: "failed";
      readonly retryable: boolean;
      readonly reason: string;
      readonly message: string;
      /** How long the API server wants to be left alone, in milliseconds. */
      readonly retryAfterMs?: number;
    };

/** Writes to a cluster. */
export interface ClusterWriter {
  /** Carries out one change in a namespace. Never rejects. */
  write(namespace: string, change: TakeoverChange): Promise<WriteOutcome>;
}
