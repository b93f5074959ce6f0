/**
 * How bad a finding is, the worst first. `critical`: an ordinary event (a lost node, a drain, a roll-out) stops a Service that was
 * promised to stay. `high`: it stops a Service. `medium`: it makes an outage longer or likelier. `low`: it matters together with
 * something else. `info`: worth knowing.
 */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Whether a severity is at least as bad as another one. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}
