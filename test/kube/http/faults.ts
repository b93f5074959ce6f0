/**
 * Faults on demand: what an API server does when it is overloaded, slow, restarted or gone.
 * @module
 */
import type { AuditEntry } from "./audit.ts";

/** Which requests a fault meets; what is not given fits all. */
export interface FaultMatch {
  readonly verb?: string | readonly string[];
  readonly user?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What happens to such a request. */
export type FaultAnswer =
  /** Answered with this status instead of being carried out. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number; readonly message?: string }
  /** Carried out later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Taken, and carried out once this is fulfilled, whether or not the client is still there. */
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  /** The connection is cut and nothing done. */
  | { readonly kind: "cut" }
  /** Carried out, but the connection is cut before the answer. */
  | { readonly kind: "cut-after" }
  /** Never answered; the connection stays open. */
  | { readonly kind: "hang" };

/** A fault to come. */
export interface Fault {
  readonly match: FaultMatch;
  /** How many requests it meets; without it every one until it is removed. */
  readonly times?: number;
  readonly answer: FaultAnswer;
}

/** Faults in the order in which they were added; the first that fits a request is used. */
export class Faults {
  #faults: { readonly fault: Fault; left: number }[] = [];

  /** Adds a fault. Returns what takes it away. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((one) => one !== entry);
    };
  }

  /** Takes every fault away. */
  clear(): void {
    this.#faults = [];
  }

  /** What happens to a request; counts it. */
  take(request: AuditEntry): FaultAnswer | undefined {
    const entry = this.#faults.find(({ fault, left }) => left > 0 && fits(fault.match, request));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#faults = this.#faults.filter((one) => one !== entry);
    return entry.fault.answer;
  }
}

function fits({ verb, ...rest }: FaultMatch, request: AuditEntry): boolean {
  if (verb !== undefined && ![verb].flat().includes(request.verb)) return false;
  return Object.entries(rest).every(([field, wanted]) => request[field as keyof typeof rest] === wanted);
}
