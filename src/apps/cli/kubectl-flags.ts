/** Flags of kubectl that people write before the command. */
const GLOBAL = ["--context", "--kubeconfig", "-n", "--namespace"] as const;

/**
 * Arguments with kubectl's flags behind the command they are for: `--context west status` is `status --context west`. What
 * is none of them stays where it is.
 */
export function globalFlagsLast(args: readonly string[]): readonly string[] {
  const flags: string[] = [];
  const rest = [...args];
  for (;;) {
    const [first = ""] = rest;
    const isJoined = GLOBAL.some((flag) => first.startsWith(`${flag}=`)) || /^-n[^-]/.test(first);
    if (!isJoined && !GLOBAL.some((flag) => flag === first)) break;
    flags.push(...rest.splice(0, isJoined ? 1 : 2));
  }
  // Behind `--` nothing is a flag.
  const end = rest.indexOf("--");
  return end === -1 ? [...rest, ...flags] : rest.toSpliced(end, 0, ...flags);
}
