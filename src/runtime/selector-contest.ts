import type { ServiceKey } from "../model/service-key.ts";
import type { SelectorContest } from "../model/takeover.ts";

/** So long a selector that somebody else has set counts, in milliseconds. */
const REMEMBERED_MS = 10 * 60_000;

/** How many are answered at once; from then on with a pause, which doubles. In milliseconds. */
const FREE = 2;
const PAUSE_MS = { first: 30_000, longest: 300_000 } as const;

/** Services whose selector somebody else sets while they are held, as GitOps tools do that were not told to leave it alone. */
export class SelectorContests {
  /** When each was set by others, in Unix milliseconds. */
  readonly #reverts = new Map<ServiceKey, readonly number[]>();
  /** Who did it last. */
  readonly #by = new Map<ServiceKey, string | undefined>();
  readonly #held = new Set<ServiceKey>();

  /**
   * Takes what is seen of a Service's selector.
   * @param isHeld whether it is the one that holds the Service
   * @param seen `shouldBe`: whether it was left so here; `by`: who has set it, by the name that the API server gives
   */
  see(key: ServiceKey, seen: { isHeld: boolean; shouldBe: boolean; by: string | undefined; now: number }): void {
    const { isHeld, shouldBe, by, now } = seen;
    if (isHeld) {
      this.#held.add(key);
      return;
    }
    const wasHeld = this.#held.delete(key);
    if (!wasHeld || !shouldBe) return;
    const recent = (this.#reverts.get(key) ?? []).filter((at) => now - at < REMEMBERED_MS);
    this.#reverts.set(key, [...recent, now]);
    this.#by.set(key, by);
  }

  /** What there is of a contest; undefined when nobody else has set the selector lately. */
  of(key: ServiceKey, now: number): SelectorContest | undefined {
    const recent = (this.#reverts.get(key) ?? []).filter((at) => now - at < REMEMBERED_MS);
    const last = recent.at(-1);
    if (last === undefined) {
      this.#reverts.delete(key);
      this.#by.delete(key);
      return undefined;
    }
    const answered = recent.length - FREE;
    const pause = answered <= 0 ? 0 : Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (answered - 1));
    return { by: this.#by.get(key), holdAgainAt: last + pause, endsAt: last + REMEMBERED_MS };
  }

  /** There is no such Service any more, or nothing to hold. */
  forget(key: ServiceKey): void {
    this.#reverts.delete(key);
    this.#by.delete(key);
    this.#held.delete(key);
  }
}
