/** A label that belongs to a vertical line at `x`; all in the picture's units. */
export interface LineLabel {
  readonly x: number;
  readonly width: number;
}

/** Where a label goes: lane 0 is the highest; its line starts at its lane and runs down. */
export interface LabelPlace {
  readonly lane: number;
  readonly left: number;
  /** Which side of its line it stands on. */
  readonly side: "right" | "left";
}

/** Space that stays free between two labels of one lane. */
const spacing = 8;

/**
 * Places labels (ascending by `x`) within `[0, right]`: no two overlap, and no line runs through the label of another
 * as long as that is possible at all. The first labels stand right of their lines, the others left; of all such splits
 * the one with the fewest lanes wins.
 */
export function placeLabels(labels: readonly LineLabel[], right: number): LabelPlace[] {
  let best: LabelPlace[] | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let split = labels.length; split >= 0; split -= 1) {
    const boxes = labels.map((label, index) => boxOf(label, index < split ? "right" : "left", right));
    const { lanes, crossings } = assignLanes(boxes);
    const moved = boxes.reduce((sum, box) => sum + box.moved, 0);
    const cost = crossings * 1000 + moved * 10 + Math.max(0, ...lanes);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = boxes.map(({ left, side }, index) => ({ lane: lanes[index] ?? 0, left, side }));
  }
  return best ?? [];
}

interface Box {
  readonly x: number;
  readonly left: number;
  readonly right: number;
  readonly side: "right" | "left";
  /** How far it had to be moved from its line to stay inside. */
  readonly moved: number;
}

function boxOf({ x, width }: LineLabel, side: "right" | "left", limit: number): Box {
  const wanted = side === "right" ? x : x - width;
  const left = Math.max(0, Math.min(wanted, limit - width));
  return { x, left, right: left + width, side, moved: Math.abs(left - wanted) };
}

/**
 * A label whose box another's line would cross must stand above that other one, for lines run down from their labels.
 * Labels are taken in turn, each one as high as those rules let it; lower ones give way.
 */
function assignLanes(boxes: readonly Box[]): { lanes: readonly number[]; crossings: number } {
  const lanes = boxes.map(() => 0);
  // Longest path: more rounds than labels mean a circle, which no order can satisfy.
  for (let round = 0; round <= boxes.length; round += 1) {
    if (!lowerOnce(boxes, lanes)) return { lanes, crossings: countCrossings(boxes, lanes) };
  }
  // Every label in a lane of its own never overlaps, whatever the lines do.
  const apart = boxes.map((_, index) => index);
  return { lanes: apart, crossings: countCrossings(boxes, apart) };
}

/** Moves every label below those that must be above it; false when all stood right already. */
function lowerOnce(boxes: readonly Box[], lanes: number[]): boolean {
  let hasMoved = false;
  boxes.forEach((lower, index) => {
    boxes.forEach((upper, other) => {
      const lane = lanes[other] ?? 0;
      if (index === other || !standsAbove(upper, lower, other < index) || (lanes[index] ?? 0) > lane) return;
      lanes[index] = lane + 1;
      hasMoved = true;
    });
  });
  return hasMoved;
}

function standsAbove(upper: Box, lower: Box, isEarlier: boolean): boolean {
  const isApart = upper.left >= lower.right + spacing || lower.left >= upper.right + spacing;
  if (isApart) return false;
  const [must, mustNot] = [isCut(upper, lower.x), isCut(lower, upper.x)];
  if (must !== mustNot) return must;
  return upper.side === "left" && lower.side === "left" ? !isEarlier : isEarlier;
}

function isCut(box: Box, line: number): boolean {
  return line > box.left && line < box.right;
}

function countCrossings(boxes: readonly Box[], lanes: readonly number[]): number {
  return boxes.flatMap((line, index) =>
    boxes.filter((box, other) => (lanes[other] ?? 0) > (lanes[index] ?? 0) && isCut(box, line.x)),
  ).length;
}
