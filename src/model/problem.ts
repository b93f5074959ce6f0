/**
 * Something wrong in what a person gave us: a value, never an exception, so that all problems of an input are reported at once.
 * @module
 */

/** One thing that is wrong in an input, where it is, and what to do about it. */
export interface Problem {
  /** Path of the file as the user named it; absent for input that is not a file. */
  readonly file?: string;
  /** 1-based line and column in `file`. */
  readonly line?: number;
  readonly column?: number;
  /** Dotted path of the field, e.g. `spec.sites[0].name`. */
  readonly field?: string;
  /** What is wrong, without a final full stop. */
  readonly message: string;
  /** What to do; an imperative sentence. */
  readonly remedy: string;
}

/** A parsed value or every problem that was found in its input; never both. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** One line for terminals and logs: `file:line: field: message. Remedy.` */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.file === undefined ? undefined : problem.column]
    .filter((part) => part !== undefined)
    .join(":");
  const subject = problem.field === undefined ? problem.message : `${problem.field}: ${problem.message}`;
  return `${place === "" ? "" : `${place}: `}${subject}. ${problem.remedy}`;
}
