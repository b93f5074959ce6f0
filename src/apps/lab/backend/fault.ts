/** What can be wrong with a service without its process being dead. Parsed from JSON at the control socket. */
export type Fault =
  /** Everything is good. */
  | { readonly kind: "none" }
  /** 503 on everything but /healthz. */
  | { readonly kind: "5xx" }
  /** Every second request answers 503. */
  | { readonly kind: "half" }
  /** This share of requests (0 to 1), chosen at random, answers 503. */
  | { readonly kind: "partial"; readonly share: number }
  /** Every answer but /healthz takes this long. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Connections are reset (TCP RST) when a request comes; /healthz stays good. */
  | { readonly kind: "reset" }
  /** The check is wrong: only /healthz answers 503. */
  | { readonly kind: "check" };

/** Every kind of {@link Fault}, for messages and help. */
export const faultKinds = [
  "none",
  "5xx",
  "half",
  "partial",
  "slow",
  "reset",
  "check",
] as const satisfies readonly Fault["kind"][];

/** What the endpoint does with one request. */
export type Treatment =
  | { readonly do: "answer"; readonly status: 200 | 503; readonly delayMs: number }
  | { readonly do: "reset" };

/** A request as far as faults care. */
export interface Arrival {
  /** The health check's path, rather than the service's own. */
  readonly isCheck: boolean;
  /** How many requests of the service came before it: every second one fails under `half`. */
  readonly ordinal: number;
}

/** Decides about one request; `chance` is uniform in [0, 1), `latencyMs` what a good answer takes. */
export function treat(fault: Fault, arrival: Arrival, latencyMs: number, chance: number): Treatment {
  if (arrival.isCheck) return { do: "answer", status: fault.kind === "check" ? 503 : 200, delayMs: 0 };
  switch (fault.kind) {
    case "none":
    case "check":
      return { do: "answer", status: 200, delayMs: latencyMs };
    case "5xx":
      return { do: "answer", status: 503, delayMs: latencyMs };
    case "half":
      return { do: "answer", status: arrival.ordinal % 2 === 0 ? 503 : 200, delayMs: latencyMs };
    case "partial":
      return { do: "answer", status: chance < fault.share ? 503 : 200, delayMs: latencyMs };
    case "slow":
      return { do: "answer", status: 200, delayMs: fault.delayMs };
    case "reset":
      return { do: "reset" };
  }
}

/** Parses what a client sent to `POST /fault`; a string says what is wrong with it and what would be right. */
export function parseFault(input: unknown): Fault | string {
  const fields = typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
  const kind = faultKinds.find((known) => known === fields["kind"]);
  if (kind === undefined) return `unknown fault ${JSON.stringify(fields["kind"])}: use one of ${faultKinds.join(", ")}`;
  if (kind === "partial") {
    const share = fields["share"] ?? 0.3;
    if (typeof share !== "number" || !(share >= 0 && share <= 1))
      return `share must be between 0 and 1, not ${JSON.stringify(share)}`;
    return { kind, share };
  }
  if (kind === "slow") {
    const delayMs = fields["delayMs"] ?? 5000;
    if (typeof delayMs !== "number" || !(delayMs >= 0 && delayMs <= 600_000))
      return `delayMs must be between 0 and 600000, not ${JSON.stringify(delayMs)}`;
    return { kind, delayMs };
  }
  return { kind };
}
