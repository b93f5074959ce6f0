import { collide } from "../host-ports.ts";
import { type Filter, unschedulable } from "./filter.ts";

/** A port of a node is had by one pod at a time. */
export const nodePorts: Filter = {
  name: "NodePorts",
  prepare({ hostPorts: wanted }) {
    if (wanted.length === 0) return undefined;
    return {
      check({ pods }) {
        for (const { hostPorts } of pods)
          if (hostPorts.some((taken) => wanted.some((port) => collide(taken, port))))
            return unschedulable("node(s) didn't have free ports for the requested pod ports");
        return undefined;
      },
    };
  },
};
