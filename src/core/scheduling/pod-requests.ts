/**
 * What a pod asks for. https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 * @module
 */
import type { Container, ContainerStatus, Pod } from "../../model/snapshot/pod.ts";
import { addAmounts, type MilliAmounts, milliAmounts, raiseAmounts } from "./resources.ts";

/**
 * The most that a pod needs at any time: its containers and sidecars together, or one init container with the sidecars that
 * were started before it; in place of that what the pod as a whole asks for; and the overhead of its runtime. Of a pod that
 * is being resized, the larger one of what it has and what it wants.
 * @param least taken for what a container does not ask for
 */
export function podRequests(pod: Pod, least: MilliAmounts = NOTHING): MilliAmounts {
  const { spec, status } = pod;
  const statuses = new Map(
    [...status.containerStatuses, ...status.initContainerStatuses].map((one) => [one.name, one]),
  );
  const canGrow = !isResizeInfeasible(pod);
  const requestsOf = (container: Container) =>
    withLeast(inForce(milliAmounts(container.resources.requests ?? {}), statuses.get(container.name), canGrow), least);

  const running: MilliAmounts = new Map();
  for (const container of spec.containers) addAmounts(running, requestsOf(container));
  const sidecars: MilliAmounts = new Map();
  const starting: MilliAmounts = new Map();
  for (const container of spec.initContainers) {
    if (isSidecar(container)) {
      const requests = requestsOf(container);
      addAmounts(running, requests);
      addAmounts(sidecars, requests);
      raiseAmounts(starting, sidecars);
    } else {
      const together = withLeast(milliAmounts(container.resources.requests ?? {}), least);
      addAmounts(together, sidecars);
      raiseAmounts(starting, together);
    }
  }
  raiseAmounts(running, starting);
  const wanted = milliAmounts(spec.resources?.requests ?? {});
  const ofPod = inForce(wanted, status, canGrow);
  for (const name of wanted.keys()) if (canBeOfPod(name)) running.set(name, ofPod.get(name) ?? 0);
  addAmounts(running, milliAmounts(spec.overhead));
  return running;
}

/** Whether an init container goes on running beside the others. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

const NOTHING: MilliAmounts = new Map();

function withLeast(amounts: MilliAmounts, least: MilliAmounts): MilliAmounts {
  return least.size === 0 ? amounts : new Map([...least, ...amounts]);
}

/** What the node has set aside or the runtime was told, and what is wanted unless the node cannot ever give it. */
function inForce(
  wanted: MilliAmounts,
  status: Pick<ContainerStatus, "resources" | "allocatedResources"> | undefined,
  canGrow: boolean,
): MilliAmounts {
  if (status?.resources === undefined) return wanted;
  const amounts: MilliAmounts = new Map(canGrow ? wanted : []);
  raiseAmounts(amounts, milliAmounts(status.resources.requests ?? {}));
  raiseAmounts(amounts, milliAmounts(status.allocatedResources ?? {}));
  return amounts;
}

function isResizeInfeasible({ status }: Pod): boolean {
  return status.conditions.find(({ type }) => type === "PodResizePending")?.reason === "Infeasible";
}

/** Resources that a pod may ask for as a whole. */
function canBeOfPod(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || resource.startsWith("hugepages-");
}
