import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LineLabel, placeLabels } from "./label-lanes.ts";

const right = 940;

function overlapping(labels: readonly LineLabel[]): string[] {
  const places = placeLabels(labels, right);
  return places.flatMap((a, i) =>
    places.slice(i + 1).flatMap((b, offset) => {
      const j = i + 1 + offset;
      const apart =
        a.lane !== b.lane || a.left + (labels[i]?.width ?? 0) <= b.left || b.left + (labels[j]?.width ?? 0) <= a.left;
      return apart ? [] : [`${i} and ${j}`];
    }),
  );
}

/** Lines that run through the label of another. */
function crossings(labels: readonly LineLabel[]): string[] {
  const places = placeLabels(labels, right);
  return labels.flatMap((line, i) =>
    places.flatMap((box, j) => {
      const isBelow = box.lane > (places[i]?.lane ?? 0);
      return i !== j && isBelow && line.x > box.left && line.x < box.left + (labels[j]?.width ?? 0)
        ? [`${i} through ${j}`]
        : [];
    }),
  );
}

describe("placeLabels", () => {
  it("keeps one lane and the right side while there is room", () => {
    expect(
      placeLabels(
        [100, 400, 700].map((x) => ({ x, width: 150 })),
        right,
      ),
    ).toEqual([100, 400, 700].map((left) => ({ lane: 0, left, side: "right" })));
  });

  it("turns the last label to the left of its line at the border", () => {
    expect(
      placeLabels(
        [
          { x: 100, width: 150 },
          { x: 930, width: 150 },
        ],
        right,
      )[1],
    ).toEqual({ lane: 0, left: 780, side: "left" });
  });

  it("puts a label below one that its line would cross", () => {
    const labels = [200, 206, 212].map((x) => ({ x, width: 150 }));
    expect(placeLabels(labels, right).map(({ lane }) => lane)).toEqual([0, 1, 2]);
    expect(crossings(labels)).toEqual([]);
  });

  it.each([
    ["fault, failover, heal and failback", [250, 257, 500, 660]],
    ["the same at the end of the run", [700, 707, 850, 930]],
    ["all at the border", [915, 922, 929, 936]],
    ["all at the start", [0, 7, 14, 21]],
  ])("lets no line run through a label: %s", (_name, lines) => {
    expect(crossings(lines.map((x) => ({ x, width: 170 })))).toEqual([]);
  });

  it("never lets labels overlap or leave the picture", () => {
    const label = fc.record({ x: fc.integer({ min: 0, max: right }), width: fc.integer({ min: 12, max: 400 }) });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 12 }), (drawn) => {
        const labels = drawn.toSorted((a, b) => a.x - b.x);
        expect(overlapping(labels)).toEqual([]);
        placeLabels(labels, right).forEach(({ left }, index) => {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left + (labels[index]?.width ?? 0)).toBeLessThanOrEqual(right);
        });
      }),
    );
  });
});
