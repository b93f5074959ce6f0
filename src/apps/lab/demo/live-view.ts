/**
 * The demo as it goes: a view that redraws itself on a terminal, plain lines elsewhere.
 * @module
 */
import { styleText } from "node:util";
import type { ProgressLine } from "../load/lines.ts";

/** Shows what goes on. */
export interface LiveView {
  /** A step, or an event: stays on the screen. */
  say(text: string): void;
  progress(line: ProgressLine): void;
  /** Removes what would be redrawn. */
  end(): void;
}

const BAR = 40;
const PLAIN_EVERY_MS = 2_000;

/** The view that fits where standard output goes. */
export function createLiveView(): LiveView {
  return process.stdout.isTTY ? terminalView() : plainView();
}

function terminalView(): LiveView {
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stdout.write("\r\u001b[K");
    drawn = false;
  };
  return {
    say: (text) => {
      clear();
      process.stdout.write(`${text}\n`);
    },
    progress: (line) => {
      clear();
      process.stdout.write(`${time(line.atMs)} ${bar(line)} ${counts(line)}`);
      drawn = true;
    },
    end: clear,
  };
}

function plainView(): LiveView {
  let said = Number.NEGATIVE_INFINITY;
  return {
    say: (text) => void process.stdout.write(`${text}\n`),
    progress: (line) => {
      if (line.atMs - said < PLAIN_EVERY_MS) return;
      said = line.atMs;
      process.stdout.write(`${time(line.atMs)} ${counts(line)}\n`);
    },
    end: () => {},
  };
}

function time(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(5)} s`;
}

function bar({ servedBy, failed }: ProgressLine): string {
  const west = servedBy["west"] ?? 0;
  const east = servedBy["east"] ?? 0;
  const all = Math.max(1, west + east + failed);
  const width = (count: number): number => Math.round((BAR * count) / all);
  const paint = (style: "green" | "yellow" | "red", count: number): string =>
    styleText(style, "█".repeat(width(count)));
  return paint("green", west) + paint("yellow", east) + paint("red", failed);
}

function counts({ servedBy, failed, p99Ms }: ProgressLine): string {
  const answers = ["west", "east"].map((site) => `${site} ${String(servedBy[site] ?? 0).padStart(3)}`).join("  ");
  return `${answers}  failed ${failed}${p99Ms === null ? "" : `  p99 ${p99Ms.toFixed(1)} ms`}`;
}
