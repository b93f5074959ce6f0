import { z } from "zod";

const PodState = z.looseObject({
  metadata: z.looseObject({ uid: z.string() }),
  spec: z.looseObject({ nodeName: z.string().optional() }),
  status: z.looseObject({
    nominatedNodeName: z.string().optional(),
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
      .nullish(),
  }),
});

/** What the scheduler said last of a pod that it has placed nowhere; undefined as long as it has said nothing. */
export function failureOf(pod: unknown): string | undefined {
  const state = PodState.safeParse(pod);
  if (!state.success) return undefined;
  const said = state.data.status.conditions?.find(({ type }) => type === "PodScheduled");
  return said?.status === "False" ? (said.message ?? "") : undefined;
}

/** The node that a pod is on. */
export function nodeOf(pod: unknown): string | undefined {
  const node = PodState.safeParse(pod).data?.spec.nodeName;
  return node === "" ? undefined : node;
}

/** The node on which room is being made for a pod. */
export function nominationOf(pod: unknown): string | undefined {
  const node = PodState.safeParse(pod).data?.status.nominatedNodeName;
  return node === "" ? undefined : node;
}
