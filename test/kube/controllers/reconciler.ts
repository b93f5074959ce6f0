/**
 * What the cluster's own controllers have in common: an event says "look again", and looking again is all they do.
 * @module
 */
import { ApiError } from "../api/api-error.ts";
import type { StoreEvent } from "../storage/object-store.ts";
import type { ServedResources } from "../storage/served-resources.ts";

/** One controller. */
export interface Controller {
  readonly name: string;
  /** Keys to look at because of a change. */
  readonly keysOf: (event: StoreEvent) => readonly string[];
  /** Keys to look at after a start. */
  readonly allKeys: () => readonly string[];
  /** Brings one key to its desired state. May throw an ApiError, which is left alone until the next event. */
  readonly reconcile: (key: string) => void;
}

/** Runs a controller: each key once however many events name it, `delayMs` after the first of them. */
export class Reconciler {
  readonly #controller: Controller;
  readonly #delayMs: number;
  readonly #due = new Map<string, NodeJS.Timeout | NodeJS.Immediate>();
  readonly #unsubscribe: () => void;
  #isPaused = false;

  constructor(controller: Controller, resources: ServedResources, delayMs: number) {
    this.#controller = controller;
    this.#delayMs = delayMs;
    this.#unsubscribe = resources.world.store.subscribe((event) => this.#look(controller.keysOf(event)));
    this.#look(controller.allKeys());
  }

  /** Whether nothing is left to look at. */
  get isIdle(): boolean {
    return this.#due.size === 0;
  }

  /** Does nothing any more, as a controller that cannot reach the API server. */
  pause(): void {
    this.#isPaused = true;
    this.#forget();
  }

  /** Looks at everything again. */
  resume(): void {
    this.#isPaused = false;
    this.#look(this.#controller.allKeys());
  }

  close(): void {
    this.#unsubscribe();
    this.#forget();
  }

  #forget(): void {
    for (const timer of this.#due.values()) {
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
    }
    this.#due.clear();
  }

  #look(keys: readonly string[]): void {
    if (this.#isPaused) return;
    for (const key of keys) {
      if (this.#due.has(key)) continue;
      const run = (): void => this.#run(key);
      this.#due.set(key, this.#delayMs > 0 ? setTimeout(run, this.#delayMs) : setImmediate(run));
    }
  }

  #run(key: string): void {
    this.#due.delete(key);
    try {
      this.#controller.reconcile(key);
    } catch (error) {
      // Refused by the API, such as a loopback address: the real controllers log it and what is there stays.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}
