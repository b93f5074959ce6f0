/**
 * One case, put to the model and to the scheduler.
 * @module
 */
import { predict } from "../predict.ts";
import type { Answer, Manifest, SchedulerCase } from "../scheduler-case.ts";
import { type AskedPod, type AskedScheduler, askScheduler } from "./ask-scheduler.ts";
import { askableCase } from "./askable-case.ts";
import { compare, type Difference } from "./compare.ts";
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
  const extender = asked.extender !== undefined;
  const own = askableCase(inOwnNamespaces(one), { extender });
  try {
    const objects = await asked.cluster.make(own);
    const pods = await askScheduler(asked, own);
    const answers = answersTo({ ...own, objects }, pods, extender);
    const differences = answers.flatMap((answer, index) => {
      const observed = pods[index]?.observed;
      return observed === undefined ? [] : compare(answer, observed, { extender });
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

/** Without an extender a pod of mode `place` goes where the scheduler likes: the next one is asked about with it there. */
function answersTo(one: SchedulerCase, pods: readonly AskedPod[], extender: boolean): readonly Answer[] {
  const pending = pods.map(({ pod }) => pod as Manifest);
  if (one.mode !== "place" || extender) return predict({ ...one, pending });
  const objects = [...one.objects];
  return pending.flatMap((pod, index) => {
    const answers = predict({ ...one, mode: "probe", objects: [...objects], pending: [pod] });
    const nodeName = pods[index]?.observed.placedOn;
    if (nodeName !== undefined) objects.push({ ...pod, spec: { ...(pod.spec as object), nodeName } });
    return answers;
  });
}

/** The later ones follow from it. */
function ofFirstPod(differences: readonly Difference[]): readonly Difference[] {
  return differences.filter(({ pod }) => pod === differences[0]?.pod);
}
