/** Whether a connection to a Unix socket failed because nobody listens on it: there is no such file, or a killed process left it behind. */
export function nobodyListens(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ECONNREFUSED";
}
