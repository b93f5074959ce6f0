/**
 * A pod that fits nowhere, by which the scheduler says that it has seen the nodes of a case, and no others.
 * @module
 */
import type { Manifest } from "../scheduler-case.ts";
import { parseFailureMessage } from "./failure-message.ts";
import { OWN_NAMESPACES } from "./own-objects.ts";

/** Nodes have it with the number of their case. */
export const CASE_LABEL = "verify.tandem.dev/case";

/** Where the sentinels are. */
export const SENTINEL_NAMESPACE = `${OWN_NAMESPACES}sentinel`;

/** A resource that no node has. */
const NOWHERE = "verify.tandem.dev/nowhere";

/** A sentinel for the case of a number. */
export function sentinelPod(name: string, caseNumber: number): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: SENTINEL_NAMESPACE },
    spec: {
      containers: [
        { name: "main", image: "none", resources: { limits: { [NOWHERE]: "1" }, requests: { [NOWHERE]: "1" } } },
      ],
      nodeSelector: { [CASE_LABEL]: String(caseNumber) },
      tolerations: [{ operator: "Exists" }],
      preemptionPolicy: "Never",
    },
  };
}

/** Whether what the scheduler says of a sentinel is about so many nodes of its case, and about no others. */
export function sentinelSees(message: string, nodes: number): boolean {
  const said = parseFailureMessage(message);
  if (said.form === "refusal" || said.nodes !== nodes) return false;
  return nodes === 0 || said.reasons[`Insufficient ${NOWHERE}`] === nodes;
}
