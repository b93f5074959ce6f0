import { stringify } from "yaml";
import type { Finding, ObjectName } from "../../../../core/audit/audit.ts";

/** A patch as a YAML document: of a new object its manifest, of a change what is changed and the command that does it. */
export function patchDocument(patch: NonNullable<Finding["patch"]>, message: string, object: ObjectName): string {
  // A line break in a name would end the comment.
  const lines = [message, ...(patch.kind === "merge-patch" ? [mergeCommand(patch.object, object)] : [])];
  return `${lines.map((line) => `# ${line.replace(/\s+/g, " ")}`).join("\n")}\n${stringify(patch.object)}`;
}

function mergeCommand(patch: object, { kind, namespace, name }: ObjectName): string {
  const change = Object.fromEntries(Object.entries(patch).filter(([key]) => key !== "kind" && key !== "metadata"));
  return `kubectl patch ${quoted(kind)} ${quoted(name)} -n ${quoted(namespace)} --type merge -p ${quoted(JSON.stringify(change))}`;
}

function quoted(word: string): string {
  return /^[A-Za-z0-9.-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
