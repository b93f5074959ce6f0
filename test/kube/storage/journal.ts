/**
 * A store's objects in a file, one change a line, written before the change is answered: a killed process loses nothing.
 * @module
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { KubeObject } from "../api/kube-object.ts";
import type { ObjectStore } from "./object-store.ts";

interface Line {
  readonly revision: number;
  readonly resource: string;
  readonly key: string;
  /** Absent: deleted. */
  readonly object?: KubeObject;
}

/** Fills a store from a file, if it is there, and writes every later change to it. Returns whether there was one. */
export function keepJournal(store: ObjectStore, file: string): boolean {
  const isKnown = existsSync(file);
  if (isKnown) read(store, file);
  rewrite(store, file);
  store.subscribe(({ type, resource, key, object, revision }) => {
    write(file, { revision, resource, key, ...(type === "DELETED" ? {} : { object }) });
  });
  return isKnown;
}

function read(store: ObjectStore, file: string): void {
  for (const text of readFileSync(file, "utf8").split("\n")) {
    const line = parse(text);
    if (line === undefined) continue;
    if (line.resource !== "") store.restore(line.resource, line.key, line.object);
    store.restoreRevision(line.revision);
  }
}

/** A line that a killed process wrote in part was never answered. */
function parse(text: string): Line | undefined {
  try {
    return text === "" ? undefined : (JSON.parse(text) as Line);
  } catch {
    return undefined;
  }
}

/** The file with the latest objects only. */
function rewrite(store: ObjectStore, file: string): void {
  const lines: Line[] = [{ revision: store.revision, resource: "", key: "" }];
  for (const resource of store.resources) {
    for (const { key, object } of store.list(resource)) {
      lines.push({ revision: Number(object.metadata.resourceVersion), resource, key, object });
    }
  }
  const next = `${file}.next`;
  writeFileSync(next, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  renameSync(next, file);
}

function write(file: string, line: Line): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
