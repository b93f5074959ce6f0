/**
 * What is wrong with what a person asked of a lab: all of it together, before anything starts.
 * @module
 */
import { parseLoadOptions } from "../load/options.ts";
import { LabOptions } from "./layout.ts";

/** Options of the command line by the fields that they set. */
const FLAGS: Readonly<Record<string, string>> = {
  directory: "--dir",
  prefix: "--prefix",
  profile: "--profile",
  perTryTimeout: "--per-try-timeout",
  holdDown: "--hold-down",
};

/** Problems of the options of a lab, a sentence each, by the names of the command line's options. */
export function checkLabOptions(options: LabOptions): readonly string[] {
  const parsed = LabOptions.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => {
    const field = String(path[0] ?? "");
    return `${FLAGS[field] ?? field} ${JSON.stringify(options[field as keyof LabOptions])} ${message}`;
  });
}

/** Problems of the load that is to be sent, a sentence each. Both texts are as they were typed. */
export function checkLoad(load: { readonly rate: string; readonly duration: string }): readonly string[] {
  // The generator's own rules; where it sends to is not for a person to choose.
  const options = parseLoadOptions(["--target", "127.0.0.1:1", `--rate=${load.rate}`, `--duration=${load.duration}`]);
  return Array.isArray(options) ? options : [];
}

/** Problems of the share of requests that a `partial` fault lets fail. */
export function checkShare(text: string): readonly string[] {
  const share = text.trim() === "" ? Number.NaN : Number(text);
  return share > 0 && share <= 1 ? [] : [`--share must be more than 0 and at most 1, not "${text}"`];
}
