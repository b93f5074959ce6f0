import { type Filter, unresolvable } from "./filter.ts";

/** A pod that names its node runs there only. */
export const nodeName: Filter = {
  name: "NodeName",
  prepare({ pod }) {
    const { nodeName: wanted } = pod.spec;
    if (wanted === "") return undefined;
    return {
      check: ({ name }) => (name === wanted ? undefined : unresolvable("node(s) didn't match the requested node name")),
    };
  },
};
