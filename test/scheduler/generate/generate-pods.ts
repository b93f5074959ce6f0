import type { Manifest } from "../scheduler-case.ts";
import { placementRules } from "./generate-placement-rules.ts";
import { drawLabels } from "./generate-selectors.ts";
import type { PodSetting } from "./pod-setting.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Theme } from "./themes.ts";
import { EXTENDED, NAMESPACES, POD_LABELS, secondsLater } from "./vocabulary.ts";

/** A pod that runs on a node, may be about to end, or has ended. */
export function runningPod(setting: PodSetting, index: number, node: string): Manifest {
  const { random, themes } = setting;
  const name = `running-${index}`;
  // One that ended beside another one with its port would have held it at the same time.
  const hasEnded = themes.has("ended") && !themes.has("host-ports") && random.chance(0.25);
  const isTerminating = !hasEnded && themes.has("terminating") && random.chance(0.3);
  const base = pod(setting, name, { isRunning: true });
  return {
    ...base,
    metadata: {
      ...base.metadata,
      ...(isTerminating ? { deletionTimestamp: secondsLater(50_000) } : {}),
    },
    spec: { ...base.spec, nodeName: node, priority: random.pick([0, 0, 5, 10]), terminationGracePeriodSeconds: 30 },
    status: {
      phase: hasEnded ? random.pick(["Succeeded", "Failed"]) : "Running",
      startTime: secondsLater(index * 60 + random.below(50)),
      ...(themes.has("resize") ? resized(random, base) : {}),
    },
  };
}

/** A pod that waits for a place. */
export function pendingPod(setting: PodSetting, index: number, mode: "probe" | "place" | "preempt"): Manifest {
  const base = pod(setting, `pending-${index}`, { isRunning: false });
  const { random } = setting;
  const importance =
    mode === "preempt"
      ? { priority: random.pick([5, 10, 20]) }
      : { priority: random.pick([0, 5]), preemptionPolicy: "Never" };
  return { ...base, spec: { ...base.spec, ...importance } };
}

interface PodManifest extends Manifest {
  readonly spec: Readonly<Record<string, unknown>> & { readonly containers: readonly { readonly resources: object }[] };
}

function pod(setting: PodSetting, name: string, { isRunning }: { readonly isRunning: boolean }): PodManifest {
  const { random, themes } = setting;
  // Spreads decide where most pods are counted.
  const isCrowd = themes.has("spread") && random.chance(0.7);
  const namespace = isCrowd ? NAMESPACES[0] : random.pick([...NAMESPACES, NAMESPACES[0], NAMESPACES[0]]);
  const labels = { ...drawLabels(random, POD_LABELS, 0.75), ...(isCrowd ? { app: "a" } : {}) };
  const shapes = themes.has("pod-shapes") && random.chance(0.8);
  const volumes = setting.drawVolumes(namespace);
  const owner =
    themes.has("default-spread") && random.chance(0.6)
      ? { apiVersion: "apps/v1", kind: "ReplicaSet", name: random.pick(["set-a", "set-b"]), uid: "0", controller: true }
      : undefined;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
    spec: {
      containers: random.times(shapes && random.chance(0.5) ? 2 : 1, (index) => container(setting, `main-${index}`)),
      ...(shapes || (themes.has("host-ports") && random.chance(0.4)) ? initContainers(setting) : {}),
      ...(shapes && random.chance(0.4) ? { resources: { requests: podLevelRequests(random) } } : {}),
      ...(shapes && random.chance(0.25) ? { overhead: { cpu: "250m", memory: "128Mi" } } : {}),
      ...(volumes.length === 0 ? {} : { volumes }),
      ...placementRules(setting, { labels, isRunning }),
    },
  };
}

function container({ random, themes }: PodSetting, name: string) {
  return {
    name,
    image: themes.has("images")
      ? random.pick(["registry.example.com/app:1", "registry.example.com/big"])
      : "registry.example.com/app:1",
    resources: withLimits(requests(random, themes)),
    ...(themes.has("host-ports") && random.chance(0.7) ? { ports: hostPorts(random) } : {}),
  };
}

function initContainers(setting: PodSetting): { readonly initContainers: readonly unknown[] } {
  const { random } = setting;
  return {
    initContainers: random.times(random.between(0, 3), (index) => ({
      ...container(setting, `init-${index}`),
      ...(random.chance(0.5) ? { restartPolicy: "Always" } : {}),
    })),
  };
}

/** Halves and quarters of what nodes have. Without a theme about it, next to nothing or nothing. */
function requests(random: SeededRandom, themes: ReadonlySet<Theme>): Record<string, string> {
  const isAboutAmounts = themes.has("resources") || themes.has("pod-shapes") || themes.has("resize");
  if (!isAboutAmounts) return random.chance(0.5) ? { cpu: "10m" } : {};
  return {
    ...(random.chance(0.7) ? { cpu: random.pick(["250m", "500m", "750m", "1", "0.5"]) } : {}),
    ...(random.chance(0.6) ? { memory: random.pick(["256Mi", "512Mi", "1Gi", "1073741824", "524288Ki"]) } : {}),
    ...(random.chance(0.2) ? { "ephemeral-storage": random.pick(["1Gi", "2Gi"]) } : {}),
    ...(random.chance(0.15) ? { [EXTENDED]: "1" } : {}),
  };
}

/** Extended resources are had by as much as they are limited to. */
function withLimits(asked: Record<string, string>): object {
  const { [EXTENDED]: extended } = asked;
  return { requests: asked, ...(extended === undefined ? {} : { limits: { [EXTENDED]: extended } }) };
}

function podLevelRequests(random: SeededRandom): Record<string, string> {
  return { cpu: random.pick(["300m", "800m", "1500m", "2"]), ...(random.chance(0.5) ? { memory: "2Gi" } : {}) };
}

function hostPorts(random: SeededRandom): readonly unknown[] {
  return random.some([8080, 9090], 0.6).map((hostPort) => ({
    containerPort: hostPort,
    hostPort,
    ...(random.chance(0.5) ? { hostIP: random.pick(["10.0.0.1", "10.0.0.2", "0.0.0.0"]) } : {}),
    protocol: random.pick(["TCP", "TCP", "UDP"]),
  }));
}

/** A pod in the middle of being resized: what it has differs from what it wants. */
function resized(random: SeededRandom, { spec }: PodManifest): Record<string, unknown> {
  if (random.chance(0.3)) return {};
  const statuses = spec.containers.map((_, index) => ({
    name: `main-${index}`,
    image: "registry.example.com/app:1",
    imageID: "",
    ready: true,
    restartCount: 0,
    ...(random.chance(0.85) ? { resources: { requests: requests(random, new Set(["resize"])) } } : {}),
    ...(random.chance(0.6) ? { allocatedResources: requests(random, new Set(["resize"])) } : {}),
  }));
  const pending = { type: "PodResizePending", status: "True", reason: random.pick(["Infeasible", "Deferred"]) };
  return { containerStatuses: statuses, ...(random.chance(0.5) ? { conditions: [pending] } : {}) };
}
