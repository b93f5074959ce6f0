import { consulLike } from "./consul.ts";
import type { Contender } from "./contender.ts";
import { istioLiteral, istioTuned } from "./istio.ts";
import { noProxy } from "./no-proxy.ts";
import { staticEnvoy } from "./static-envoy.ts";
import { tandem, tandemFast } from "./tandem.ts";

/** Every contender, in the order of the results' columns. */
export const contenders: readonly Contender[] = [
  noProxy,
  istioTuned,
  istioLiteral,
  consulLike,
  staticEnvoy,
  tandem,
  tandemFast,
];

/** Those whose names are in `names` (all when there are none); a string says which name is unknown. */
export function chooseContenders(names: readonly string[]): readonly Contender[] | string {
  const unknown = names.find((name) => !contenders.some((contender) => contender.name === name));
  if (unknown !== undefined)
    return `no contender "${unknown}": there are ${contenders.map(({ name }) => name).join(", ")}`;
  return names.length === 0 ? contenders : contenders.filter(({ name }) => names.includes(name));
}
