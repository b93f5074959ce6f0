import { request } from "node:http";
import type { Target } from "./target-list.ts";

/** How often each target is asked, and how long an answer may take, in ms. */
export interface ReadinessPace {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/**
 * Asks each target that names a readiness address, and keeps `isReady` true exactly while it answers 200 in time.
 * Returns a function that ends the asking.
 */
export function watchReadiness(targets: readonly Target[], pace: ReadinessPace): () => void {
  const ends = targets.map((target) =>
    target.ready === null ? () => {} : watchOne(target, `http://${target.ready}`, pace),
  );
  return () => {
    for (const end of ends) end();
  };
}

function watchOne(target: Target, url: string, pace: ReadinessPace): () => void {
  let isAsking = false;
  const settle = (isReady: boolean): void => {
    isAsking = false;
    target.isReady = isReady;
  };
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    // A connection of its own: a draining gateway would end a kept one, and that is no verdict.
    const asked = request(url, { agent: false, timeout: pace.timeoutMs }, (response) => {
      response.resume();
      response.once("end", () => settle(response.statusCode === 200));
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.once("error", () => settle(false));
    asked.end();
  }, pace.everyMs);
  return () => clearInterval(timer);
}
