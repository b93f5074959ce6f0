import type { Clock } from "../../ports/clock.ts";

/** Says what is waited for, but nothing in the first `quietMs`: of what is quick nobody has to hear. */
export function progressAfter(
  quietMs: number,
  clock: Clock,
  say: (text: string) => void,
): { readonly tell: (text: string) => void; readonly end: () => void } {
  let isQuiet = true;
  let last: string | undefined;
  const end = clock.after(quietMs, () => {
    isQuiet = false;
    if (last !== undefined) say(last);
  });
  return {
    tell: (text) => {
      if (text === last) return;
      last = text;
      if (!isQuiet) say(text);
    },
    end,
  };
}
