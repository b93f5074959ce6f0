import { expect, test } from "vitest";
import type { ServiceTimeline } from "../../../core/simulate/timeline/service-timeline.ts";
import { PICTURE_COLUMNS, replicaPicture } from "./replica-picture.ts";

const range = { least: 0, most: 0 };

function service(curve: ServiceTimeline["curve"]): ServiceTimeline {
  return {
    service: "shop/web",
    needs: { pods: 4, because: "annotation" },
    before: 8,
    atWorst: range,
    after: range,
    belowNeedsMs: range,
    noneMs: range,
    staleUntilMs: range,
    dropsBelowNeeds: { kind: "proved" },
    endsBelowNeeds: { kind: "proved" },
    wasBelowNeeds: false,
    curve,
    worstSeed: 1,
  };
}

test("each bar is the fewest of its part of the time, as a share of those before", () => {
  const point = (atMs: number, replicas: number) => ({ atMs, replicas, stale: 0 });
  // Two columns a second: down within the fourth, back in the middle of the sixth.
  const curve = [point(0, 8), point(1_600, 0), point(1_700, 4), point(2_750, 8)];
  const picture = replicaPicture(service(curve), (PICTURE_COLUMNS * 1000) / 2);
  expect(picture).toBe(`███·▄▄${"█".repeat(PICTURE_COLUMNS - 6)}`);
});

test("more than before is not higher than full, one of many is more than none", () => {
  expect(replicaPicture(service([{ atMs: 0, replicas: 12, stale: 0 }]), 1000)).toBe("█".repeat(PICTURE_COLUMNS));
  expect(replicaPicture(service([{ atMs: 0, replicas: 1, stale: 0 }]), 1000)).toBe("▁".repeat(PICTURE_COLUMNS));
});
