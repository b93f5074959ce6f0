/**
 * What `tandem switch` was asked for, checked before the agent is asked anything.
 * @module
 */

/** The options of `tandem switch` that say what is ordered. */
export interface SwitchOptions {
  readonly to?: string;
  readonly end: boolean;
  /** Milliseconds. */
  readonly for?: number;
  readonly reason?: string;
  readonly wait: boolean;
}

/** Problems of an order, a sentence each; none when it can be given to the agent. */
export function switchProblems(service: string, options: SwitchOptions): readonly string[] {
  const problems: string[] = [];
  if (!/^[^/\s]+\/[^/\s]+$/.test(service))
    problems.push(`the service is written namespace/name, for example shop/web, not "${service}"`);
  if (!options.end && options.to === undefined) problems.push("give either --to SITE or --end");
  if (!options.end) return problems;
  const needless = (["to", "for", "reason", "wait"] as const).filter((name) => isGiven(options[name]));
  if (needless.length > 0)
    problems.push(
      `--end ends the switch that is in force: leave ${needless.map((name) => `--${name}`).join(", ")} out`,
    );
  return problems;
}

function isGiven(value: string | number | boolean | undefined): boolean {
  return value !== undefined && value !== false;
}
