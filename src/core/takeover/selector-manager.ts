import type { ClusterService } from "../../model/takeover.ts";

/** Who has set a Service's selector last, which has one owner as a whole; undefined where the API server does not say. */
export function selectorManager({ metadata }: ClusterService): string | undefined {
  const owning = (metadata.managedFields ?? []).filter(
    ({ fieldsV1 }) => fieldsV1?.["f:spec"]?.["f:selector"] !== undefined,
  );
  return owning.toSorted((left, right) => ((left.time ?? "") < (right.time ?? "") ? 1 : -1))[0]?.manager;
}
