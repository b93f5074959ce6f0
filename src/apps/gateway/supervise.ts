/**
 * Watches over Envoy from the moment it is started until it has ended.
 * @module
 */
import type { ChildProcess } from "node:child_process";

/** How long Envoy gets to end once it is told to, in milliseconds; one that hangs never would. */
export const END_MS = 5_000;

/** A supervisor that signals every process of a service, and whoever sends signals on, make two of one within this time. */
const SAME_SIGNAL_MS = 1_000;

/** What happens to an Envoy besides starting and ending. */
export interface GatewaySteps {
  /** Takes it into service. @param wanted whether it still is to be */
  readonly admit: (wanted: () => boolean) => Promise<void>;
  /** Takes it out of service. */
  readonly drain: () => Promise<void>;
  /** Told what goes on; for people. */
  readonly say: (text: string) => void;
}

/**
 * Takes Envoy into service, drains and ends it on SIGTERM or SIGINT, and gives its exit code. To be called in the same turn
 * in which Envoy was started, so that no signal and no end of it is missed.
 * @throws when Envoy could not be started at all
 */
export function superviseEnvoy(child: ChildProcess, { admit, drain, say }: GatewaySteps): Promise<number> {
  return new Promise((resolve, reject) => {
    let drainingSince: number | undefined;
    let ended = false;
    let killing: NodeJS.Timeout | undefined;
    const end = (): void => {
      if (ended) return;
      child.kill("SIGTERM");
      killing ??= setTimeout(() => child.kill("SIGKILL"), END_MS);
    };
    const stop = (): void => {
      // A second signal is a person who does not want to wait.
      if (drainingSince !== undefined) {
        if (performance.now() - drainingSince > SAME_SIGNAL_MS) end();
        return;
      }
      drainingSince = performance.now();
      void drain().finally(end);
    };
    const forget = (): void => {
      ended = true;
      clearTimeout(killing);
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    child.on("error", (error) => {
      // Later errors are of signals that did not reach it.
      if (child.pid !== undefined) {
        say(`Envoy: ${error.message}`);
        return;
      }
      forget();
      reject(error);
    });
    child.once("exit", (code, signal) => {
      forget();
      if (drainingSince === undefined) say(`Envoy ended by itself: ${signal ?? `exit code ${code ?? 0}`}`);
      resolve(drainingSince !== undefined ? 0 : (code ?? 1));
    });
    void admit(() => drainingSince === undefined && !ended);
  });
}
