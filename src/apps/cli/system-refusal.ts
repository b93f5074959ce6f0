import { systemErrorCode, TandemError } from "../../model/errors.ts";

/** What to do, by the system's name of what it refused; the catalogue's remedy stands for all others. */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "Run the command as the user that owns it, or correct its permissions",
  EPERM: "Run the command as the user that owns it, or correct its permissions and attributes",
  ENOENT: "Name a path that exists, or make the directory first",
  ENOTDIR: "Name a path of which only the last part is a file",
  EISDIR: "Name a file; this is a directory",
  EEXIST: "Name another path, or remove what is there",
  ENAMETOOLONG: "Use a shorter path",
  ENOSPC: "Make room on the disk and try again",
  EDQUOT: "Make room within the user's quota and try again",
  EROFS: "Name a path on a file system that can be written",
  EMFILE: "Allow the process more open files (ulimit -n) and try again",
  EADDRINUSE: "End what listens there, or use another address",
};

/** What the system refused as an error of the catalogue; undefined when the error is not the system's. */
export function systemRefusal(error: unknown): TandemError | undefined {
  const code = systemErrorCode(error);
  if (code === undefined || !(error instanceof Error)) return undefined;
  const remedy = REMEDIES[code];
  return new TandemError("SystemRefused", error.message, {
    ...(remedy === undefined ? {} : { remedy }),
    cause: error,
  });
}
