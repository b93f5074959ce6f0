import type { Check, CheckResult } from "../../model/doctor.ts";

/** Carries out checks, in their order. Pure. */
export function diagnose<P>(checks: readonly Check<P>[], picture: P): readonly CheckResult[] {
  return checks.map(({ name, find }) => {
    const faults = find(picture);
    if (faults === undefined) return { check: name, result: "unknown", faults: [] };
    const isError = faults.some(({ level }) => level === "error");
    return { check: name, result: faults.length === 0 ? "ok" : isError ? "error" : "warning", faults };
  });
}
