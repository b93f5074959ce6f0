import type { KindObject } from "./kinds/index.ts";

/** Something that is valid but would be ignored today; better refused than believed to be in force. */
export interface Unenforced {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

/** What a site is made of: some things are in force on one sort only. */
export type SiteSort = "static" | "cluster";

/** What an object asks for that is not in force on a sort of site. Nothing a user writes is ever silently ignored. */
export function unenforced(object: KindObject, site: SiteSort): readonly Unenforced[] {
  if (object.kind === "FailoverPolicy") {
    const found: Unenforced[] = [];
    if (object.spec.mode === "Direct" && site === "static") {
      found.push({
        path: ["spec", "mode"],
        message: "Direct is not in force on static sites: there is no Service address to switch",
        remedy: "Write Gateway, or leave mode out",
      });
    }
    if (object.spec.failback.mode === "Manual") {
      found.push({
        path: ["spec", "failback", "mode"],
        message: "Manual failback is not in force yet",
        remedy: "Write Auto with a long holdDown, or use tandem switch to stay on a site",
      });
    }
    return found;
  }
  if (object.kind === "Site") return unenforcedOfSite(object.spec, site);
  if (object.kind === "Service") {
    return object.spec.ports.flatMap((port, index) =>
      port.protocol === "TCP"
        ? []
        : [
            {
              path: ["spec", "ports", index, "protocol"],
              message: `${port.protocol} is not carried by gateways`,
              remedy: "Remove the port or make it TCP",
            },
          ],
    );
  }
  return [];
}

function unenforcedOfSite(spec: Extract<KindObject, { kind: "Site" }>["spec"], site: SiteSort): readonly Unenforced[] {
  const found: Unenforced[] = [];
  if (spec.trustBundle !== "" && site === "static")
    found.push({
      path: ["spec", "trustBundle"],
      message: "a static site's authority is in its state directory, and peers' authorities come by joining",
      remedy: "Remove it; join with tandem token create and tandem join",
    });
  if (!spec.accepted)
    found.push({
      path: ["spec", "accepted"],
      message: "accepting introduced sites one by one is not in force yet",
      remedy: "Remove it",
    });
  return found;
}
