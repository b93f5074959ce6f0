import type { PolicyEvent, PolicyStatus } from "../model/policy-status.ts";
import type { WriteOutcome } from "./cluster-writer.ts";

/** A FailoverPolicy as it was read. */
export interface ReadPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Writes what people see of policies. */
export interface StatusWriter {
  /** Replaces a policy's status, unless the policy has changed since it was read. Never rejects. */
  writeStatus(policy: ReadPolicy, status: PolicyStatus): Promise<WriteOutcome>;
  /**
   * Tells of something as an Event of the policy. Never rejects.
   * @param id the same for the same occurrence: told again it is there already
   */
  tell(policy: ReadPolicy, event: PolicyEvent, id: string): Promise<WriteOutcome>;
}
