/**
 * What commands print: text for people, JSON or YAML for programs, errors with their remedy.
 * @module
 */
import { styleText } from "node:util";
import { stringify } from "yaml";
import { ZodError } from "zod";
import { EnvoyBinaryError } from "../../adapters/envoy/envoy-binary.ts";
import { KubeError } from "../../adapters/kube/kube-error.ts";
import { ERRORS, EXIT, TandemError } from "../../model/errors.ts";
import { clusterRefusal } from "./cluster/cluster-refusal.ts";
import { systemRefusal } from "./system-refusal.ts";

/** Forms of output. */
export const OUTPUTS = ["text", "json", "yaml"] as const;
export type OutputForm = (typeof OUTPUTS)[number];

/** Prints a result in the form that was asked for. */
export function printResult(result: unknown, form: OutputForm, text: () => string): void {
  if (form === "json") process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else if (form === "yaml") process.stdout.write(stringify(result));
  else process.stdout.write(`${text()}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** Colours text, where the output is a terminal that wants colours. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

/** Columns of equal width; colours do not count. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - visibleLength(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A number of things: `1 error`, `2 errors`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function visibleLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- colour codes are control characters
  return text.replace(/\u001b\[[0-9;]*m/g, "").length;
}

/** Prints an error with its code and remedy, and gives the exit code for it. */
export function printError(error: unknown): number {
  const write = (text: string): boolean => process.stderr.write(`${text}\n`);
  if (error instanceof TandemError) {
    write(`${styleText("red", "error", { stream: process.stderr })} ${error.code}: ${error.message}`);
    write(`  ${error.remedy}`);
    return error.exit;
  }
  if (error instanceof ZodError) {
    for (const issue of error.issues) write(`error InvalidArgument: ${issue.path.join(".")}: ${issue.message}`);
    write(`  ${ERRORS.InvalidArgument.remedy}`);
    return EXIT.usage;
  }
  if (error instanceof EnvoyBinaryError)
    return printError(new TandemError("EnvoyNotFound", error.message, { remedy: error.remedy, cause: error }));
  if (error instanceof KubeError) return printError(clusterRefusal(error));
  const refusal = systemRefusal(error);
  if (refusal !== undefined) return printError(refusal);
  write(`error: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env["TANDEM_DEBUG"] !== undefined && error instanceof Error) write(error.stack ?? "");
  return EXIT.failed;
}
