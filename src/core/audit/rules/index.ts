/**
 * All rules of the audit, in the order in which findings of one severity are shown.
 * @module
 */
import { abruptShutdown } from "./abrupt-shutdown.ts";
import { autoscalerStuck } from "./autoscaler-stuck.ts";
import { backupMissing } from "./backup-missing.ts";
import { controlPlaneMembers } from "./control-plane-members.ts";
import { datastoreEphemeral } from "./datastore-ephemeral.ts";
import { dnsSingle } from "./dns-single.ts";
import { ingressSingle } from "./ingress-single.ts";
import { kubeletSkew } from "./kubelet-skew.ts";
import { mutableImage } from "./mutable-image.ts";
import { neverEvicted } from "./never-evicted.ts";
import { nodesOneZone } from "./nodes-one-zone.ts";
import { observedPlacement } from "./observed-placement.ts";
import { pdbBlocksDrain } from "./pdb-blocks-drain.ts";
import { pdbMissing } from "./pdb-missing.ts";
import { pdbOrphaned } from "./pdb-orphaned.ts";
import { pdbOverlap } from "./pdb-overlap.ts";
import { pdbWithoutScale } from "./pdb-without-scale.ts";
import { poolOneZone } from "./pool-one-zone.ts";
import { priorityBelowNeighbours } from "./priority-below-neighbours.ts";
import { probesIdentical } from "./probes-identical.ts";
import { readinessMissing } from "./readiness-missing.ts";
import { requestsMissing } from "./requests-missing.ts";
import { singleReplica } from "./single-replica.ts";
import { spreadBlocksReplacement } from "./spread-blocks-replacement.ts";
import { spreadMissing } from "./spread-missing.ts";
import { spreadNewDomain } from "./spread-new-domain.ts";
import { spreadSelectsOthers } from "./spread-selects-others.ts";
import { standbyIncomplete } from "./standby-incomplete.ts";
import { surgeWithoutCapacity } from "./surge-without-capacity.ts";
import { updateAllAtOnce } from "./update-all-at-once.ts";
import { volumeOnNode } from "./volume-on-node.ts";
import { volumeSingleAttach } from "./volume-single-attach.ts";
import { volumeZonePinned } from "./volume-zone-pinned.ts";
import { webhookSingle } from "./webhook-single.ts";
import type { AuditRule } from "../rule.ts";

/** A rule is a file here and a line in this array. */
export const AUDIT_RULES: readonly AuditRule[] = [
  standbyIncomplete,
  webhookSingle,
  dnsSingle,
  ingressSingle,
  controlPlaneMembers,
  singleReplica,
  observedPlacement,
  spreadBlocksReplacement,
  spreadNewDomain,
  spreadSelectsOthers,
  spreadMissing,
  pdbBlocksDrain,
  pdbOverlap,
  pdbMissing,
  pdbWithoutScale,
  pdbOrphaned,
  neverEvicted,
  updateAllAtOnce,
  surgeWithoutCapacity,
  volumeSingleAttach,
  volumeZonePinned,
  volumeOnNode,
  datastoreEphemeral,
  backupMissing,
  readinessMissing,
  probesIdentical,
  requestsMissing,
  autoscalerStuck,
  nodesOneZone,
  poolOneZone,
  kubeletSkew,
  priorityBelowNeighbours,
  abruptShutdown,
  mutableImage,
];
