/**
 * What the demo does when, and what it says.
 * @module
 */

/** Times of the demo, in milliseconds from the first request. */
export interface DemoScript {
  readonly rate: number;
  /** When the service dies in west. */
  readonly killAtMs: number;
  /** When it is started again. */
  readonly healAtMs: number;
  readonly durationMs: number;
  /** As in the policy. */
  readonly holdDown: string;
}

/** The demo as it is shown, and a short one for checks. */
export const DEMO_SCRIPTS: Readonly<Record<"full" | "short", DemoScript>> = {
  full: { rate: 500, killAtMs: 5_000, healAtMs: 15_000, durationMs: 35_000, holdDown: "8s" },
  short: { rate: 200, killAtMs: 2_000, healAtMs: 5_000, durationMs: 14_000, holdDown: "3s" },
};
