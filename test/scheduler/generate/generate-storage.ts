/**
 * Classes, volumes and claims in all the states that decide where a pod can run.
 * @module
 */
import type { Manifest } from "../scheduler-case.ts";
import { nodeExpression } from "./generate-selectors.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Theme } from "./themes.ts";
import { BETA_ZONE, DRIVER, NAMESPACES, REGION, ZONE } from "./vocabulary.ts";

/** Storage of a case, and what pods may have of it. */
export interface GeneratedStorage {
  readonly objects: readonly Manifest[];
  readonly drawVolumes: (namespace: string) => readonly unknown[];
}

const CLAIM_THEMES: readonly Theme[] = [
  "bound-volumes",
  "volume-zones",
  "delayed-volumes",
  "storage-capacity",
  "volume-limits",
  "single-pod-claims",
  "claim-trouble",
];

/** Nothing at all where no theme is about storage. */
export function generateStorage(
  random: SeededRandom,
  themes: ReadonlySet<Theme>,
  nodes: readonly Manifest[],
): GeneratedStorage {
  const hasClaims = CLAIM_THEMES.some((theme) => themes.has(theme));
  const claims = hasClaims
    ? NAMESPACES.flatMap((namespace) => random.times(2, (index) => claim(random, themes, { namespace, index })))
    : [];
  const names = new Map(Map.groupBy(claims, ({ of }) => of.metadata.namespace).entries());
  return {
    objects: [
      ...(hasClaims ? classes(random, themes) : []),
      ...(themes.has("delayed-volumes") ? freeVolumes(random) : []),
      ...claims.flatMap(({ of, volume }) => (volume === undefined ? [of] : [volume, of])),
      ...(themes.has("volume-limits")
        ? attachLimits(
            random,
            nodes,
            claims.flatMap(({ volume }) => volume ?? []),
          )
        : []),
      ...(themes.has("storage-capacity") ? capacities(random) : []),
    ],
    drawVolumes(namespace) {
      const own = (names.get(namespace) ?? []).map(({ of }) => of.metadata.name);
      const used = hasClaims ? random.some(own, 0.75) : [];
      return [
        ...used.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
        ...(themes.has("claim-trouble") && random.chance(0.2) ? [trouble(random)] : []),
        ...(themes.has("disks") && random.chance(0.7) ? [disk(random)] : []),
      ];
    },
  };
}

/** A claim that is not there, or is still to be made for the pod. */
function trouble(random: SeededRandom): unknown {
  if (random.chance(0.5)) return { name: "lost", persistentVolumeClaim: { claimName: "nowhere" } };
  const spec = {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "delayed",
    resources: { requests: { storage: "1Gi" } },
  };
  return { name: "scratch", ephemeral: { volumeClaimTemplate: { spec } } };
}

function disk(random: SeededRandom): unknown {
  const readOnly = random.chance(0.5);
  const iscsi = {
    targetPortal: "10.0.0.9:3260",
    lun: 0,
    iqn: random.pick(["iqn.2026-01.com.example:a", "iqn.2026-01.com.example:b"]),
  };
  const monitors = random.draw(["10.0.0.7", "10.0.0.8", "10.0.0.9"], 2);
  return random.pick([
    { name: "disk", gcePersistentDisk: { pdName: random.pick(["d1", "d2"]), readOnly } },
    { name: "disk", gcePersistentDisk: { pdName: "d1", readOnly: random.chance(0.8) } },
    { name: "disk", awsElasticBlockStore: { volumeID: random.pick(["vol-1", "vol-2"]), readOnly } },
    { name: "disk", iscsi: { ...iscsi, readOnly } },
    {
      name: "disk",
      rbd: { monitors, pool: random.pick(["rbd", "fast"]), image: random.pick(["i1", "i1", "i1", "i2"]), readOnly },
    },
    { name: "disk", rbd: { monitors: ["10.0.0.7"], pool: random.pick(["rbd", "fast"]), image: "i1", readOnly: false } },
  ] as [object, ...object[]]);
}

function classes(random: SeededRandom, themes: ReadonlySet<Theme>): readonly Manifest[] {
  const made = (name: string, provisioner: string, more: object): Manifest => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner,
    ...more,
  });
  const topologies = random.chance(0.5)
    ? {
        allowedTopologies: random.times(random.between(1, 2), () => ({
          matchLabelExpressions: [{ key: ZONE, values: random.draw(["z1", "z2", "z3"], random.between(1, 2)) }],
        })),
      }
    : {};
  const tells = themes.has("storage-capacity") || random.chance(0.3);
  return [
    made("delayed", DRIVER, { volumeBindingMode: "WaitForFirstConsumer", ...topologies }),
    made("manual", "kubernetes.io/no-provisioner", { volumeBindingMode: "WaitForFirstConsumer" }),
    made("immediate", DRIVER, { volumeBindingMode: "Immediate" }),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: DRIVER },
      spec: { storageCapacity: tells },
    },
  ];
}

interface GeneratedClaim {
  readonly of: Manifest & { readonly metadata: { readonly namespace: string } };
  readonly volume?: Manifest;
}

function claim(
  random: SeededRandom,
  themes: ReadonlySet<Theme>,
  { namespace, index }: { readonly namespace: string; readonly index: number },
): GeneratedClaim {
  const name = `claim-${index}`;
  const isBound = !(themes.has("delayed-volumes") || themes.has("storage-capacity")) || random.chance(0.3);
  const mode = themes.has("single-pod-claims") && random.chance(0.7) ? "ReadWriteOncePod" : "ReadWriteOnce";
  const size = random.pick(["1Gi", "2Gi", "3Gi"]);
  const spec = { accessModes: [mode], resources: { requests: { storage: size } } };
  const base = { apiVersion: "v1", kind: "PersistentVolumeClaim" } as const;
  if (!isBound || (themes.has("volume-limits") && random.chance(0.2))) {
    const selected = random.chance(0.1)
      ? { annotations: { "volume.kubernetes.io/selected-node": `node-${random.below(4)}` } }
      : {};
    const storageClassName = random.pick(
      themes.has("claim-trouble")
        ? ["delayed", "immediate", "missing"]
        : themes.has("delayed-volumes")
          ? ["manual", "manual", "delayed"]
          : ["delayed", "delayed", "manual"],
    );
    const selector = random.chance(0.35) ? { selector: { matchLabels: { kind: "fast" } } } : {};
    const volumeMode = random.chance(0.1) ? { volumeMode: "Block" } : {};
    return {
      of: {
        ...base,
        metadata: { name, namespace, ...selected },
        spec: { ...spec, storageClassName, ...selector, ...volumeMode },
        status: { phase: "Pending" },
      },
    };
  }
  const volumeName = `bound-${namespace}-${index}`;
  const isMissing = themes.has("bound-volumes") && random.chance(0.1);
  const isLost = themes.has("claim-trouble") && random.chance(0.2);
  const isHalfway = themes.has("claim-trouble") && random.chance(0.2);
  const of = {
    ...base,
    metadata: { name, namespace, ...(isHalfway ? {} : { annotations: { "pv.kubernetes.io/bind-completed": "yes" } }) },
    spec: { ...spec, storageClassName: "immediate", volumeName },
    status: { phase: isLost ? "Lost" : "Bound" },
  };
  if (isMissing) return { of };
  return { of, volume: boundVolume(random, themes, { volumeName, claim: { namespace, name }, size, mode }) };
}

function boundVolume(
  random: SeededRandom,
  themes: ReadonlySet<Theme>,
  of: {
    readonly volumeName: string;
    readonly claim: { readonly namespace: string; readonly name: string };
    readonly size: string;
    readonly mode: string;
  },
): Manifest {
  const isOfZone = themes.has("volume-zones") && random.chance(0.8);
  const zones = random.draw(["z1", "z2", "z3"], random.between(1, 2)).join("__");
  const labels = isOfZone
    ? {
        [random.pick([ZONE, ZONE, BETA_ZONE])]: zones,
        ...(random.chance(0.3) ? { [REGION]: random.pick(["eu", "us"]) } : {}),
      }
    : {};
  const affinity = themes.has("bound-volumes") && random.chance(0.7) ? { nodeAffinity: nodeAffinity(random) } : {};
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: of.volumeName, labels },
    spec: {
      capacity: { storage: of.size },
      accessModes: [of.mode],
      storageClassName: "immediate",
      claimRef: { kind: "PersistentVolumeClaim", ...of.claim },
      csi: { driver: DRIVER, volumeHandle: random.chance(0.15) ? "shared" : of.volumeName },
      ...affinity,
    },
    status: { phase: "Bound" },
  };
}

function nodeAffinity(random: SeededRandom): unknown {
  const terms = random.times(random.between(1, 2), () => ({ matchExpressions: [nodeExpression(random)] }));
  return { required: { nodeSelectorTerms: terms } };
}

/**
 * Volumes that wait for a claim, some of them kept for one: each for another, and each of another size, or it would be
 * chance which one a claim gets.
 */
function freeVolumes(random: SeededRandom): readonly Manifest[] {
  const sizes = random.draw(["1Gi", "2Gi", "3Gi", "4Gi"], 4);
  const claims = random.draw(
    NAMESPACES.flatMap((namespace) => ["claim-0", "claim-1"].map((name) => ({ namespace, name }))),
    6,
  );
  return random.times(random.between(1, 4), (index) => {
    const claimRef = random.chance(0.4) ? claims[index] : undefined;
    const kept = claimRef === undefined ? {} : { claimRef: { kind: "PersistentVolumeClaim", ...claimRef } };
    return {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `free-${index}`, ...(random.chance(0.5) ? { labels: { kind: "fast" } } : {}) },
      spec: {
        capacity: { storage: sizes[index] },
        accessModes: random.pick([["ReadWriteOnce"], ["ReadWriteOnce"], ["ReadOnlyMany"]]),
        storageClassName: random.pick(["delayed", "manual", "manual", "manual"]),
        ...(random.chance(0.1) ? { volumeMode: "Block" } : {}),
        csi: { driver: DRIVER, volumeHandle: `free-${index}` },
        ...kept,
        ...(random.chance(0.45) ? { nodeAffinity: nodeAffinity(random) } : {}),
      },
      status: { phase: random.chance(0.85) ? "Available" : "Released" },
    };
  });
}

/** How many volumes each node takes, and what is attached to some already. */
function attachLimits(
  random: SeededRandom,
  nodes: readonly Manifest[],
  volumes: readonly Manifest[],
): readonly Manifest[] {
  const limits = random.some(nodes, 0.85).map(
    ({ metadata }): Manifest => ({
      apiVersion: "storage.k8s.io/v1",
      kind: "CSINode",
      metadata: { name: metadata.name },
      spec: {
        drivers: [
          {
            name: DRIVER,
            nodeID: metadata.name,
            ...(random.chance(0.9) ? { allocatable: { count: random.between(1, 3) } } : {}),
          },
        ],
      },
    }),
  );
  const attachments = random.some(volumes, 0.4).map(
    ({ metadata }, index): Manifest => ({
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: `attachment-${index}` },
      spec: {
        attacher: DRIVER,
        nodeName: nodes[random.below(nodes.length)]?.metadata.name ?? "",
        source: { persistentVolumeName: metadata.name },
      },
    }),
  );
  return [...limits, ...attachments];
}

function capacities(random: SeededRandom): readonly Manifest[] {
  return random.times(random.between(1, 3), (index) => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIStorageCapacity",
    metadata: { name: `capacity-${index}`, namespace: NAMESPACES[0] },
    storageClassName: random.pick(["delayed", "delayed", "delayed", "manual"]),
    ...(random.chance(0.7)
      ? { nodeTopology: random.chance(0.2) ? {} : { matchLabels: { [ZONE]: `z${random.between(1, 3)}` } } }
      : {}),
    ...(random.chance(0.9) ? { capacity: random.pick(["1Gi", "2Gi", "3Gi"]) } : {}),
    ...(random.chance(0.45) ? { maximumVolumeSize: random.pick(["1Gi", "2Gi"]) } : {}),
  }));
}
