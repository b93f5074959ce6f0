import { expect, test } from "vitest";
import { PeerKnowledge } from "./peer-knowledge.ts";

function knowledge(): PeerKnowledge {
  return new PeerKnowledge({ site: "west", gateway: "west-1" });
}

test("a gateway that drained and came back is looked at again", () => {
  const known = knowledge();
  known.connected("east", "east-1");
  expect(known.take("east", "east-1", { type: "draining", draining: true }).everything).toBe(true);
  known.disconnected("east", "east-1");
  expect(known.draining("east", "east-1")).toBe(true);
  known.connected("east", "east-1");
  expect(known.draining("east", "east-1")).toBe(true);
  expect(known.take("east", "east-1", { type: "draining", draining: false }).everything).toBe(true);
  expect(known.draining("east", "east-1")).toBe(false);
});

test("a gateway that says once more what is known changes nothing", () => {
  const known = knowledge();
  known.connected("east", "east-1");
  expect(known.take("east", "east-1", { type: "draining", draining: false })).toEqual({
    services: new Set(),
    everything: false,
  });
});
