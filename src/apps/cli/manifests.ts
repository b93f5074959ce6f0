import { stringify } from "yaml";

/** Objects as documents of one YAML file that kubectl reads, which takes `on` and `no` for truth values: YAML 1.1. */
export function formatManifests(objects: readonly object[]): string {
  return objects
    .map((object) => stringify(object, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 }))
    .join("---\n");
}
