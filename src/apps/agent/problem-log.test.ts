import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../../model/problem.ts";
import { ProblemLog } from "./problem-log.ts";

const unknownField: Problem = { file: "web.yaml", line: 3, field: "spec.sties", message: "unknown", remedy: "Fix it" };

describe("the log of problems", () => {
  let problems: Problem[] = [];
  let lines: string[] = [];
  const record = (event: string, fields?: unknown): void => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log = { info: record, warn: record, error: record };
  let problemLog = new ProblemLog(() => problems, log);

  beforeEach(() => {
    vi.useFakeTimers();
    problems = [];
    lines = [];
    problemLog = new ProblemLog(() => problems, log);
  });
  afterEach(() => {
    problemLog.close();
    vi.useRealTimers();
  });

  function look(): void {
    problemLog.look();
    vi.runAllTimers();
  }

  it("names a problem once, with file, line, field and remedy", () => {
    problems = [unknownField];
    look();
    look();
    expect(lines).toEqual(['manifest_problem {"problem":"web.yaml:3: spec.sties: unknown. Fix it"}']);
  });

  it("says when it is gone", () => {
    problems = [unknownField];
    look();
    problems = [];
    look();
    expect(lines[1]).toBe('manifest_problem_gone {"problem":"web.yaml:3: spec.sties: unknown. Fix it"}');
  });

  it("looks once after a burst of changes", () => {
    const asked = vi.fn(() => problems);
    const counted = new ProblemLog(asked, log);
    for (let change = 0; change < 10; change += 1) counted.look();
    vi.runAllTimers();
    expect(asked).toHaveBeenCalledOnce();
  });
});
