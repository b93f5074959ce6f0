/**
 * Failure domains as a picture: zones, in them nodes, in them pods by workload.
 * @module
 */
import type { AuditView } from "../../../../core/audit/audit-view.ts";
import { zoneOf } from "../../../../core/audit/node-domains.ts";
import type { Node } from "../../../../model/snapshot/node.ts";
import { escapeMarkup } from "./markup.ts";

const POD = 16;
const GAP = 4;
const ACROSS = 6;
const NODE_WIDTH = ACROSS * (POD + GAP) + 20;
const ZONE_PAD = 14;

/** In degrees: multiples of it never come close to each other. */
const GOLDEN_ANGLE = 137.508;

/** More nodes than these would be too small to see. */
const MOST_NODES = 200;

/** One pod of the picture. */
interface Dot {
  readonly workload: string;
  readonly name: string;
  readonly colour: string;
  readonly isAlone: boolean;
}

/** SVG; undefined where there is no node. Workloads of which one domain holds all pods are ringed. */
export function domainMap(view: AuditView): string | undefined {
  const { snapshot, workloads } = view;
  if (snapshot.nodes.length === 0) return undefined;
  const nodes = snapshot.nodes.slice(0, MOST_NODES);
  const zoneByNode = new Map(nodes.map((node) => [node.metadata.name, zoneOf(node) ?? "no zone"]));
  const colours = workloadColours(view);
  const dots = new Map<string, Dot[]>();
  for (const workload of workloads) {
    const isAlone = workload.kind !== "DaemonSet" && new Set(workload.pods.map(({ spec }) => spec.nodeName)).size === 1;
    for (const pod of workload.pods) {
      const list = dots.get(pod.spec.nodeName) ?? [];
      const key = `${workload.namespace}/${workload.name}`;
      list.push({ workload: key, name: pod.metadata.name, colour: colours.get(key) ?? "", isAlone });
      dots.set(pod.spec.nodeName, list);
    }
  }
  const zones = [...Map.groupBy(nodes, ({ metadata }) => zoneByNode.get(metadata.name) ?? "")].toSorted(
    ([one], [other]) => (one < other ? -1 : 1),
  );
  const across = Math.max(1, Math.min(4, Math.floor(8 / zones.length)));
  let x = 0;
  let height = 0;
  const drawn = zones.map(([zone, members]) => {
    const columns = Math.min(across, members.length);
    const box = drawZone(zone, members, { x, columns, dots });
    x += box.width + 18;
    height = Math.max(height, box.height);
    return box;
  });
  const more = snapshot.nodes.length - nodes.length;
  return `<svg viewBox="0 0 ${x} ${height}" style="max-width:${Math.max(420, x)}px" role="img" aria-label="Failure domains">
${drawn.map((box) => box.svg(height)).join("\n")}
</svg>${more > 0 ? `<p class="dim">and ${more} more nodes</p>` : ""}`;
}

interface Box {
  readonly width: number;
  readonly height: number;
  readonly svg: (height: number) => string;
}

function drawZone(
  zone: string,
  members: readonly Node[],
  {
    x,
    columns,
    dots,
  }: { readonly x: number; readonly columns: number; readonly dots: ReadonlyMap<string, readonly Dot[]> },
): Box {
  const width = columns * (NODE_WIDTH + 10) - 10 + 2 * ZONE_PAD;
  const rows = Math.ceil(members.length / columns);
  const most = Math.max(
    1,
    ...members.map(({ metadata }) => Math.ceil((dots.get(metadata.name)?.length ?? 0) / ACROSS)),
  );
  const nodeHeight = 34 + most * (POD + GAP);
  const height = 44 + rows * (nodeHeight + 10);
  const inner = members
    .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
    .map((node, index) => {
      const left = x + ZONE_PAD + (index % columns) * (NODE_WIDTH + 10);
      const top = 36 + Math.floor(index / columns) * (nodeHeight + 10);
      return drawNode(node, dots.get(node.metadata.name) ?? [], { left, top, height: nodeHeight });
    });
  return {
    width,
    height,
    svg: (
      full,
    ) => `<g><rect class="zone" x="${x + 1}" y="1" width="${width - 2}" height="${full - 2}" rx="12"/><text class="zone-name" x="${x + ZONE_PAD}" y="24">${escapeMarkup(zone)}</text>
${inner.join("\n")}</g>`,
  };
}

function drawNode(
  { metadata }: Node,
  dots: readonly Dot[],
  { left, top, height }: { readonly left: number; readonly top: number; readonly height: number },
): string {
  const pods = dots
    .toSorted((one, other) => (one.workload < other.workload ? -1 : 1))
    .map(({ workload, name, colour, isAlone }, index) => {
      const x = left + 10 + (index % ACROSS) * (POD + GAP);
      const y = top + 28 + Math.floor(index / ACROSS) * (POD + GAP);
      return `<rect class="pod${isAlone ? " alone" : ""}" x="${x}" y="${y}" width="${POD}" height="${POD}" rx="4" fill="${colour}" data-workload="${escapeMarkup(workload)}"><title>${escapeMarkup(`${workload}: ${name}`)}</title></rect>`;
    });
  const label = metadata.name.length > 17 ? `${metadata.name.slice(0, 16)}…` : metadata.name;
  return `<rect class="node" x="${left}" y="${top}" width="${NODE_WIDTH}" height="${height}" rx="8"/><text class="node-name" x="${left + 10}" y="${top + 18}">${escapeMarkup(label)}</text>
${pods.join("\n")}`;
}

/** Colours of workloads, by `<namespace>/<name>`: neighbours in the order of names differ as much as colours can. */
export function workloadColours({ workloads }: AuditView): ReadonlyMap<string, string> {
  const names = [...new Set(workloads.map(({ namespace, name }) => `${namespace}/${name}`))].toSorted();
  return new Map(
    names.map((name, index) => [
      name,
      `hsl(${Math.round(205 + index * GOLDEN_ANGLE) % 360} 58% ${46 + (index % 3) * 8}%)`,
    ]),
  );
}
