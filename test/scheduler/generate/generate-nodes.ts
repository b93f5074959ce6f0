import type { Manifest } from "../scheduler-case.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Theme } from "./themes.ts";
import { BETA_ZONE, EXTENDED, HOSTNAME, RACK, REGION, TAINT_KEYS, ZONE } from "./vocabulary.ts";

/** Three to seven nodes in up to three zones; some lack a label that others have. */
export function generateNodes(random: SeededRandom, themes: ReadonlySet<Theme>): readonly Manifest[] {
  const zones = random.between(1, 3);
  const lacks = random.chance(0.4) ? 0.25 : 0;
  const sizes = imageSizes(random);
  return random.times(random.between(3, 7), (index): Manifest => {
    const name = `node-${index}`;
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: nodeLabels(random, { name, zones, lacks, themes }) },
      spec: {
        ...(themes.has("taints") ? { taints: taints(random) } : {}),
        ...(themes.has("cordon") && random.chance(0.5) ? { unschedulable: true } : {}),
      },
      status: {
        allocatable: allocatable(random, themes),
        ...(themes.has("images") ? { images: images(random, sizes) } : {}),
      },
    };
  });
}

function nodeLabels(
  random: SeededRandom,
  of: {
    readonly name: string;
    readonly zones: number;
    readonly lacks: number;
    readonly themes: ReadonlySet<Theme>;
  },
): Record<string, string> {
  const zone = `z${random.between(1, of.zones)}`;
  const all = {
    [HOSTNAME]: of.name,
    [ZONE]: zone,
    [RACK]: `r${random.between(1, 3)}`,
    size: String(random.between(1, 4)),
    disk: random.pick(["ssd", "hdd"]),
  };
  const ofZones = of.themes.has("volume-zones");
  // A cluster with one zone often says nothing of it.
  if (ofZones && random.chance(0.2)) return { [HOSTNAME]: of.name };
  const kept = Object.entries(all).filter(([key]) => !random.chance(key === "disk" ? 0.4 : of.lacks));
  const region = ofZones && random.chance(0.5) ? [[REGION, random.pick(["eu", "us"])]] : [];
  const beta = ofZones && random.chance(0.2) ? [[BETA_ZONE, zone]] : [];
  return Object.fromEntries([...kept, ...region, ...beta]) as Record<string, string>;
}

/** Room for two to four of the amounts that pods ask for, so that nodes are often exactly full. */
function allocatable(random: SeededRandom, themes: ReadonlySet<Theme>): Record<string, string> {
  const scarce = themes.has("resources") || themes.has("pod-shapes") || themes.has("resize");
  const cpu = scarce ? random.pick(["1", "1500m", "2"]) : "16";
  const memory = scarce ? random.pick(["1Gi", "2Gi", "1536Mi"]) : "64Gi";
  return {
    cpu,
    memory,
    pods: themes.has("slots") ? String(random.between(1, 4)) : "110",
    "ephemeral-storage": scarce ? random.pick(["2Gi", "10Gi"]) : "100Gi",
    ...(random.chance(0.5) ? { [EXTENDED]: String(random.between(0, 2)) } : {}),
    ...(random.chance(0.2) ? { "hugepages-2Mi": "4Mi" } : {}),
  };
}

/** An image has one size wherever it is: the scheduler knows one size of each. */
type ImageSizes = Readonly<Record<string, number>>;

function imageSizes(random: SeededRandom): ImageSizes {
  const size = () => random.pick([10, 100, 700, 3000]) * 1024 * 1024;
  return { "registry.example.com/app:1": size(), "registry.example.com/big:latest": size() };
}

function images(random: SeededRandom, sizes: ImageSizes): readonly unknown[] {
  return random
    .some(Object.entries(sizes), 0.6)
    .map(([name, sizeBytes]) => ({ names: [name, `${name}@sha256:0`], sizeBytes }));
}

function taints(random: SeededRandom): readonly unknown[] {
  return random.some(TAINT_KEYS, 0.4).map((key) => ({
    key,
    ...(random.chance(0.6) ? { value: random.pick(["v1", "v2"]) } : {}),
    effect: random.pick(["NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule"]),
  }));
}
