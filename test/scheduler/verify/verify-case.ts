/**
 * One case, put to the model and to the scheduler.
 * @module
 */
import { predict } from "../predict.ts";
import type { Answer, Manifest, SchedulerCase } from "../scheduler-case.ts";
import { type AskedPod, type AskedScheduler, askScheduler } from "./ask-scheduler.ts";
import { askableCase } from "./askable-case.ts";
import { compare, type Difference, type HowAsked } from "./compare.ts";
import { inOwnNamespaces } from "./own-namespaces.ts";

/** What came of a case. */
export interface VerifiedCase {
  /** What the model says, a pod each. */
  readonly answers: readonly Answer[];
  readonly differences: readonly Difference[];
}

/**
 * Makes the case, asks, compares and removes it again. The model is given the objects as the API server has them, with
 * all that it fills in.
 * @throws KubeError, Trouble
 */
export async function verifyCase(asked: AskedScheduler, one: SchedulerCase): Promise<VerifiedCase> {
  const how = { extender: asked.extender !== undefined, ranks: asked.ranks };
  const own = askableCase(inOwnNamespaces(one), how);
  try {
    const objects = await asked.cluster.make(own);
    const pods = await askScheduler(asked, own);
    const answers = answersTo({ ...own, objects }, pods, how).map((answer) => whoIsDeleted(answer, objects));
    const differences = answers.flatMap((answer, index) => {
      const observed = pods[index]?.observed;
      return observed === undefined ? [] : compare(answer, observed, how);
    });
    return { answers, differences: own.mode === "place" ? ofFirstPod(differences) : differences };
  } finally {
    await asked.cluster.clear();
  }
}

/** Those that a fresh start of the same case gives as well; without any there is no second start. @throws KubeError, Trouble */
export async function verifyTwice(
  asked: AskedScheduler,
  one: SchedulerCase,
): Promise<VerifiedCase & { readonly passing: number }> {
  const first = await verifyCase(asked, one);
  if (first.differences.length === 0) return { ...first, passing: 0 };
  const second = await verifyCase(asked, one);
  const differences = second.differences.filter(({ pod, kind }) =>
    first.differences.some((other) => other.pod === pod && other.kind === kind),
  );
  return { ...second, differences, passing: first.differences.length - differences.length };
}

/** Where the scheduler chooses, the next pod of mode `place` is asked about with the one before where that went. */
function answersTo(one: SchedulerCase, pods: readonly AskedPod[], { ranks }: HowAsked): readonly Answer[] {
  const pending = pods.map(({ pod }) => pod as Manifest);
  if (one.mode !== "place" || !ranks) return predict({ ...one, pending });
  const objects = [...one.objects];
  return pending.flatMap((pod, index) => {
    const answers = predict({ ...one, mode: "probe", objects: [...objects], pending: [pod] });
    const nodeName = pods[index]?.observed.placedOn;
    if (nodeName !== undefined) objects.push({ ...pod, spec: { ...(pod.spec as object), nodeName } });
    return answers;
  });
}

/** Pods that are being deleted already make room as well, but nobody deletes them again. */
function whoIsDeleted(answer: Answer, objects: readonly Manifest[]): Answer {
  if (answer.preemptions === undefined) return answer;
  const leaving = new Set(
    objects
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  const preemptions = answer.preemptions.map(({ node, victims }) => ({
    node,
    victims: victims.filter((victim) => !leaving.has(victim)),
  }));
  return { ...answer, preemptions };
}

/** The later ones follow from it. */
function ofFirstPod(differences: readonly Difference[]): readonly Difference[] {
  return differences.filter(({ pod }) => pod === differences[0]?.pod);
}
