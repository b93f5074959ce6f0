import type { NodeState } from "../cluster-state.ts";
import { MOST, type Scorer } from "./scorer.ts";

const MEBIBYTE = 1024 * 1024;

/** Less than that does not matter. */
const LEAST_SIZE = 23 * MEBIBYTE;

/** More than that for a container does not matter more. */
const MOST_SIZE = 1000 * MEBIBYTE;

/** Nodes that have the pod's images already are better, the more so the more nodes have them. */
export const imageLocality: Scorer = {
  name: "ImageLocality",
  weight: 1,
  score({ pod }, { nodes, state }) {
    const containers = [...pod.spec.initContainers, ...pod.spec.containers];
    const images = containers.map(({ image }) => withTag(image));
    return nodes.map((node) => {
      const sizes = images.map((image) => spreadSize(image, node, state.nodes));
      const size = sizes.reduce((sum, one) => sum + one, 0);
      const most = MOST_SIZE * containers.length;
      const counted = Math.min(Math.max(size, LEAST_SIZE), Math.max(most, LEAST_SIZE));
      return most === LEAST_SIZE ? 0 : Math.trunc((MOST * (counted - LEAST_SIZE)) / (most - LEAST_SIZE));
    });
  },
};

/** The image's size times the share of nodes that have it; 0 where this one has not. */
function spreadSize(image: string, node: NodeState, all: readonly NodeState[]): number {
  const size = sizeOn(image, node);
  if (size === undefined) return 0;
  const having = all.filter((other) => sizeOn(image, other) !== undefined).length;
  return Math.trunc(size * (having / all.length));
}

function sizeOn(image: string, { node }: NodeState): number | undefined {
  return node.status.images.find(({ names }) => names.includes(image))?.sizeBytes;
}

function withTag(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
}
