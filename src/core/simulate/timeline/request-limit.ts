/**
 * What limits how fast a component writes to the API server: a token bucket, first come, first served.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/ (`--kube-api-qps`)
 */
export class RequestLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #updatedMs = 0;

  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** The moment, in milliseconds, at which the last one of some requests that are wanted now goes out. */
  take(nowMs: number, requests = 1): number {
    const earned = ((nowMs - this.#updatedMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned) - requests;
    this.#updatedMs = nowMs;
    return this.#tokens >= 0 ? nowMs : nowMs + Math.ceil((-this.#tokens / this.#perSecond) * 1000);
  }
}

/** Of each controller of the controller manager, each of which has its own. */
export const CONTROLLER_LIMIT = { perSecond: 20, burst: 30 };

/** Of the scheduler. */
export const SCHEDULER_LIMIT = { perSecond: 50, burst: 100 };
