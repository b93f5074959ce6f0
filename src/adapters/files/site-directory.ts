/**
 * The store of a static site: a directory of manifests, watched.
 * @module
 */
import { createHash } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../../model/problem.ts";
import { createdAt, type OpenableStore } from "../../ports/object-store.ts";
import { changesOf } from "../objects/object-changes.ts";
import { IndexedStore } from "../objects/indexed-store.ts";
import type { LocatedObject } from "../objects/object-index.ts";
import { LARGEST_MANIFEST, parseManifest } from "./parse-manifest.ts";

/** A writer needs a moment to finish a file that it does not replace atomically; what is half-written then is looked at again. */
const SETTLE_MS = 20;

/** Watching can miss changes (network file systems, exhausted inotify); a slow look at everything makes up for it. */
const RESCAN_MS = 5_000;

/** Files that are looked at in one rescan: all of a large site at once would keep other processes waiting for the processor. */
const RESCAN_PART = 100;

interface FileContent {
  /** What the file was when it was read: a cheap way to see that it did not change. */
  readonly stamp: string;
  readonly hash: string;
  /** Of the last good content. */
  readonly objects: readonly LocatedObject[];
  readonly problems: readonly Problem[];
}

/** Whether a name in the directory is a manifest: editors' temporary and backup files are not. */
export function isManifestName(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name) && !/^[.#~]/.test(name) && !name.endsWith("~");
}

/** A watched directory of manifests. A bad file leaves its last good content in force; the other files still count. */
export class SiteDirectory extends IndexedStore implements OpenableStore {
  readonly sitesAreMembers = false;
  /** The directory. */
  readonly place: string;
  readonly #files = new Map<string, FileContent>();
  #unreadable: Problem | undefined;
  #watched: { readonly inode: number; readonly watcher: FSWatcher } | undefined;
  #rescanTimer: NodeJS.Timeout | undefined;
  #rescanWaits = false;
  /** How many of the known files this round of rescans has looked at. */
  #rescanned = 0;
  #settle: NodeJS.Timeout | undefined;
  #scanning: Promise<void> = Promise.resolve();
  /** Names to look at again; all when somebody does not know which. */
  #touched: Set<string> | "all" = "all";

  constructor(path: string) {
    super();
    this.place = path;
  }

  get inspection(): string {
    return `tandem validate ${this.place}`;
  }

  /** Reads everything once and starts watching. */
  async open(): Promise<void> {
    await this.#watch();
    await this.#scan();
    this.#rescanTimer = setInterval(() => this.#rescanSoon(), RESCAN_MS);
  }

  /** Stops watching. */
  close(): void {
    this.#watched?.watcher.close();
    clearInterval(this.#rescanTimer);
    clearTimeout(this.#settle);
  }

  problems(): readonly Problem[] {
    const ofFiles = [...this.#files.values()].flatMap((file) => file.problems);
    const located = [...ofFiles, ...this.index.problems()].sort(byPlace);
    return [...(this.#unreadable === undefined ? [] : [this.#unreadable]), ...located];
  }

  /** Watches the directory that has the path now, which may have taken the place of another one. */
  async #watch(): Promise<void> {
    const inode = await stat(this.place).then(
      ({ ino }) => ino,
      () => undefined,
    );
    if (inode === this.#watched?.inode) return;
    this.#watched?.watcher.close();
    this.#watched = undefined;
    this.#touched = "all";
    if (inode === undefined) return;
    try {
      const watcher = watch(this.place, (_event, name) => this.#scanSoon(name));
      watcher.on("error", () => this.#scanSoon(null));
      this.#watched = { inode, watcher };
    } catch {
      // Rescans notice what happens.
    }
  }

  /** @param name null: any file may have changed */
  #scanSoon(name: string | null): void {
    // A ConfigMap's files are links through `..data`, which is replaced as a whole.
    if (name === null || name.startsWith("..")) this.#touched = "all";
    else if (this.#touched !== "all") this.#touched.add(name);
    // Not put off by further changes: whoever writes all the time must not keep the first change from being seen.
    this.#settle ??= setTimeout(() => {
      this.#settle = undefined;
      this.#inTurn(() => this.#scan());
    }, SETTLE_MS);
  }

  /** One at a time: where the file system hangs they must not pile up. */
  #rescanSoon(): void {
    if (this.#rescanWaits) return;
    this.#rescanWaits = true;
    this.#inTurn(async () => {
      await this.#rescan();
      this.#rescanWaits = false;
    });
  }

  #inTurn(look: () => Promise<void>): void {
    this.#scanning = this.#scanning.then(look);
  }

  /** Looks at what was touched. */
  async #scan(): Promise<void> {
    const touched = this.#unreadable === undefined ? this.#touched : "all";
    this.#touched = new Set();
    if (touched === "all") await this.#lookAtAll();
    else await this.#lookAt([...touched].filter(isManifestName));
  }

  /** Looks at some of the files; at all where nothing is watched. */
  async #rescan(): Promise<void> {
    await this.#watch();
    if (this.#watched === undefined) this.#touched = "all";
    if (this.#touched === "all" || this.#unreadable !== undefined) return this.#scan();
    const listed = await this.#list();
    if (listed === undefined) return;
    const known = [...this.#files.keys()];
    const start = this.#rescanned < known.length ? this.#rescanned : 0;
    this.#rescanned = start + RESCAN_PART;
    const cameOrWent = listed.symmetricDifference(new Set(known));
    await this.#lookAt([...cameOrWent, ...known.slice(start, this.#rescanned)]);
  }

  async #lookAtAll(): Promise<void> {
    const listed = await this.#list();
    // An unreadable directory says nothing about the objects in it: what was known stays in force.
    if (listed !== undefined) await this.#lookAt([...listed, ...this.#files.keys()]);
  }

  async #lookAt(names: readonly string[]): Promise<void> {
    // All are read before any counts, so that nobody sees half of what was written together.
    const read = new Map<string, FileContent | undefined>();
    for (const name of new Set(names)) read.set(name, await this.#readFile(name, this.#files.get(name)));
    this.#takeOver(read);
  }

  /** Names of the manifests in the directory; undefined when it cannot be read. */
  async #list(): Promise<ReadonlySet<string> | undefined> {
    try {
      const names = await readdir(this.place);
      this.#unreadable = undefined;
      return new Set(names.filter(isManifestName));
    } catch (error) {
      this.#unreadable = {
        file: this.place,
        message: `cannot be read: ${reason(error)}`,
        remedy: "Create the directory or correct its permissions",
      };
      return undefined;
    }
  }

  async #readFile(name: string, known: FileContent | undefined): Promise<FileContent | undefined> {
    const path = join(this.place, name);
    try {
      const stats = await stat(path);
      const stamp = `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
      if (known !== undefined && known.stamp === stamp) return known;
      if (stats.size > LARGEST_MANIFEST) return badContent(known, stamp, [tooLarge(path)]);
      return readContent(path, { text: await readFile(path, "utf8"), stamp, writtenAt: stats.mtime }, known);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      return badContent(known, "", [
        { file: path, message: `cannot be read: ${reason(error)}`, remedy: "Correct its permissions" },
      ]);
    }
  }

  /** @param read by name; undefined where there is no file any more */
  #takeOver(read: ReadonlyMap<string, FileContent | undefined>): void {
    const changed = [...read].filter(([name, content]) => content !== this.#files.get(name));
    if (changed.length === 0) return;
    const replaced: [path: string, objects: readonly LocatedObject[]][] = [];
    for (const [name, content] of changed) {
      const before = this.#files.get(name)?.objects ?? [];
      if (content === undefined) this.#files.delete(name);
      else this.#files.set(name, content);
      const after = content?.objects ?? [];
      if (after !== before) replaced.push([join(this.place, name), after]);
    }
    this.tell(changesOf(this.index.replaceAll(replaced)));
  }
}

function readContent(
  path: string,
  read: { readonly text: string; readonly stamp: string; readonly writtenAt: Date },
  known: FileContent | undefined,
): FileContent {
  const hash = createHash("sha256").update(read.text).digest("hex");
  if (known !== undefined && known.hash === hash && known.problems.length === 0) return { ...known, stamp: read.stamp };
  const parsed = parseManifest(path, read.text);
  if (parsed.ok) {
    const objects = parsed.value.map((located) => withTime(located, read.writtenAt));
    return { stamp: read.stamp, hash, objects, problems: [] };
  }
  return { ...badContent(known, read.stamp, parsed.problems), hash };
}

/** A Switch says when it was ordered; of one that does not, the file's time does. It was not ordered after it was written. */
function withTime(located: LocatedObject, writtenAt: Date): LocatedObject {
  const { object } = located;
  if (object.kind !== "Switch") return located;
  if (createdAt(object) <= writtenAt.getTime()) return located;
  const metadata = { ...object.metadata, creationTimestamp: writtenAt.toISOString() };
  return { ...located, object: { ...object, metadata } };
}

function badContent(known: FileContent | undefined, stamp: string, problems: readonly Problem[]): FileContent {
  return { stamp, hash: "", objects: known?.objects ?? [], problems };
}

function byPlace(left: Problem, right: Problem): number {
  if (left.file !== right.file) return (left.file ?? "") < (right.file ?? "") ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0);
}

function tooLarge(file: string): Problem {
  return { file, message: `is larger than ${LARGEST_MANIFEST} bytes`, remedy: "Split it into several files" };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
