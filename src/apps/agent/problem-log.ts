import { formatProblem, type Problem } from "../../model/problem.ts";
import type { Logger } from "../../ports/logger.ts";

/** Changes come in bursts; what is wrong is looked up once after each. */
const GATHER_MS = 100;

/** Logs each problem of the objects once when it comes and once when it is gone; `tandem status` shows what there is now. */
export class ProblemLog {
  readonly #problems: () => readonly Problem[];
  readonly #log: Logger;
  #known = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(problems: () => readonly Problem[], log: Logger) {
    this.#problems = problems;
    this.#log = log;
  }

  /** Looks soon. */
  look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#compare();
    }, GATHER_MS);
  }

  /** Stops looking. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #compare(): void {
    const now = new Set(this.#problems().map(formatProblem));
    for (const problem of now) if (!this.#known.has(problem)) this.#log.warn("manifest_problem", { problem });
    for (const problem of this.#known) if (!now.has(problem)) this.#log.info("manifest_problem_gone", { problem });
    this.#known = now;
  }
}
