import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatProblem } from "../../model/problem.ts";
import type { ObjectChanges } from "../../ports/object-store.ts";
import { SiteDirectory } from "./site-directory.ts";

let directory: string;
let store: SiteDirectory;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-site-"));
  store = new SiteDirectory(directory);
});

afterEach(async () => {
  store.close();
  await rm(directory, { recursive: true });
});

const service = (name: string, port: number): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {ports: [{port: ${port}}]}\n`;

/** The next change that the store reports. */
function nextChange(): Promise<ObjectChanges> {
  return new Promise((resolve) => {
    const stop = store.onChange((changes) => {
      stop();
      resolve(changes);
    });
  });
}

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(directory, name), text);
}

const portOf = (name: string): number | undefined => store.service(`shop/${name}`)?.spec.ports[0]?.port;

test("what is there at the start is read", async () => {
  await write("web.yaml", service("web", 80));
  await store.open();
  expect(portOf("web")).toBe(80);
});

test("a change is noticed and names the Service it is about", async () => {
  await write("web.yaml", service("web", 80));
  await write("other.yaml", service("other", 90));
  await store.open();
  const change = nextChange();
  await write("web.yaml", service("web", 81));
  expect([...(await change).services]).toEqual(["shop/web"]);
  expect(portOf("web")).toBe(81);
});

test("a Switch was ordered when it says, but not after its file was written", async () => {
  const order = (name: string, metadata: string): string =>
    `apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: ${name}, namespace: shop${metadata}}\n` +
    `spec: {targetRef: {kind: Service, name: ${name}}, to: east}\n`;
  await write("past.yaml", order("past", ', creationTimestamp: "2026-01-01T00:00:00Z"'));
  await write("none.yaml", order("none", ""));
  await write("future.yaml", order("future", ', creationTimestamp: "2999-01-01T00:00:00Z"'));
  const written = new Date("2026-02-02T00:00:00Z");
  for (const name of ["past", "none", "future"]) await utimes(join(directory, `${name}.yaml`), written, written);
  await store.open();
  const orderedAt = (name: string): unknown => store.switchesOf(`shop/${name}`)[0]?.metadata.creationTimestamp;
  expect(orderedAt("past")).toBe("2026-01-01T00:00:00Z");
  expect(orderedAt("none")).toBe(written.toISOString());
  expect(orderedAt("future")).toBe(written.toISOString());
});

test("a file that is replaced by renaming is noticed", async () => {
  await write("web.yaml", service("web", 80));
  await store.open();
  const change = nextChange();
  await write(".web.yaml.tmp", service("web", 82));
  await rename(join(directory, ".web.yaml.tmp"), join(directory, "web.yaml"));
  await change;
  expect(portOf("web")).toBe(82);
});

test("a bad file leaves its last good content in force, is named, and the other files still count", async () => {
  await write("web.yaml", service("web", 80));
  await store.open();
  await write("web.yaml", "kind: Service\n  half-writ");
  const change = nextChange();
  await write("other.yaml", service("other", 90));
  await change;
  expect(portOf("web")).toBe(80);
  expect(portOf("other")).toBe(90);
  expect(store.problems().map(formatProblem).join("\n")).toContain(`${join(directory, "web.yaml")}:`);
});

test("a corrected file is in force again and its problem is gone", async () => {
  await write("web.yaml", "kind: nothing\n");
  await store.open();
  expect(store.problems()).toHaveLength(1);
  const change = nextChange();
  await write("web.yaml", service("web", 80));
  await change;
  expect(store.problems()).toEqual([]);
});

test("a deleted file takes its objects with it", async () => {
  await write("web.yaml", service("web", 80));
  await store.open();
  const change = nextChange();
  await rm(join(directory, "web.yaml"));
  await change;
  expect(portOf("web")).toBeUndefined();
});

test("editors' temporary files are not read", async () => {
  for (const name of [".web.yaml.swp", "web.yaml~", "#web.yaml#", ".#web.yaml", "4913", "web.yaml.tmp"])
    await write(name, "not: [yaml");
  await store.open();
  expect(store.problems()).toEqual([]);
});

test("of two objects with one name at the start the first file's counts, and both places are named", async () => {
  await write("a.yaml", service("web", 80));
  await write("b.yaml", service("web", 81));
  await store.open();
  expect(portOf("web")).toBe(80);
  expect(store.problems().map(formatProblem)).toEqual([
    `${join(directory, "b.yaml")}:1: Service shop/web stands already in ${join(directory, "a.yaml")}:1, which counts. Remove one of the two`,
  ]);
});

test("a directory that is missing is a problem, not an end", async () => {
  const missing = new SiteDirectory(join(directory, "missing"));
  await missing.open();
  missing.close();
  expect(missing.problems()[0]?.message).toContain("cannot be read");
});

test("an object in force stays so when another file says the same name, until its file no longer has it", async () => {
  await write("b.yaml", service("web", 2));
  await store.open();
  const stray = `${directory}/a.yaml:1: Service shop/web stands already in ${directory}/b.yaml:1, which counts. Remove one of the two`;
  for (const [change, port, problems] of [
    [() => write("a.yaml", service("web", 1)), 2, [stray]],
    [() => write("b.yaml", service("web", 3)), 3, [stray]],
    [() => rm(join(directory, "b.yaml")), 1, []],
    [() => write("b.yaml", service("web", 3)), 1, [expect.stringContaining("b.yaml:1: Service shop/web")]],
  ] as const) {
    const changed = nextChange();
    await change();
    expect([...(await changed).services]).toEqual(["shop/web"]);
    expect(portOf("web")).toBe(port);
    expect(store.problems().map(formatProblem)).toEqual(problems);
  }
});

test("a file that is given another name stays in force", async () => {
  await write("b.yaml", service("web", 2));
  await store.open();
  const strayed = nextChange();
  await write("a.yaml", service("web", 1));
  await strayed;
  const renamed = nextChange();
  await rename(join(directory, "b.yaml"), join(directory, "c.yaml"));
  await renamed;
  expect(portOf("web")).toBe(2);
});

test("of two objects with one name at the start the one created first counts", async () => {
  const created = (name: string, day: number, port: number): string =>
    service(name, port).replace("namespace: shop", `namespace: shop, creationTimestamp: "2026-05-0${day}T00:00:00Z"`);
  await write("a.yaml", created("web", 2, 1));
  await write("b.yaml", created("web", 1, 2));
  await write("0.yaml", service("web", 3));
  await store.open();
  expect(portOf("web")).toBe(2);
  expect(store.problems()).toHaveLength(2);
});

const policy = (name: string, target = "web"): string =>
  `apiVersion: tandem.dev/v1alpha1\nkind: FailoverPolicy\nmetadata: {name: ${name}, namespace: shop}\n` +
  `spec: {targetRefs: [{kind: Service, name: ${target}}], sites: [{name: west}]}\n`;

test("the second of two policies for one Service takes over when the first goes", async () => {
  await write("a.yaml", policy("first"));
  await write("b.yaml", policy("second"));
  await store.open();
  expect(store.policyOf("shop/web")?.metadata.name).toBe("first");
  expect(store.problems().map(formatProblem)).toEqual([
    `${directory}/b.yaml:1: spec.targetRefs: Service shop/web has a policy already: first in ${directory}/a.yaml:1, which counts. Leave one policy per Service`,
  ]);
  const changed = nextChange();
  await rm(join(directory, "a.yaml"));
  await changed;
  expect(store.policyOf("shop/web")?.metadata.name).toBe("second");
  expect(store.targetedServices()).toEqual(["shop/web"]);
  expect(store.problems()).toEqual([]);
});

test("a stray second policy for a Service takes nothing over, whatever its file and its name", async () => {
  await write("web.yaml", policy("web"));
  await store.open();
  const changed = nextChange();
  await write("a-copy.yaml", policy("a-copy"));
  await changed;
  expect(store.policyOf("shop/web")?.metadata.name).toBe("web");
  expect(store.problems().map(formatProblem)).toEqual([
    `${directory}/a-copy.yaml:1: spec.targetRefs: Service shop/web has a policy already: web in ${directory}/web.yaml:1, which counts. Leave one policy per Service`,
  ]);
});

test("a policy that changes its target, or counts again, takes no Service over from the policy in force", async () => {
  await write("a.yaml", policy("old", "api"));
  await write("b.yaml", policy("web"));
  await store.open();
  const moved = nextChange();
  await write("a.yaml", policy("old"));
  expect([...(await moved).services].toSorted()).toEqual(["shop/api", "shop/web"]);
  expect(store.policyOf("shop/web")?.metadata.name).toBe("web");
  expect(store.policyOf("shop/api")).toBeUndefined();
});

test("an object that counts because its double went is named in the change", async () => {
  await write("a.yaml", policy("one", "api"));
  await write("b.yaml", policy("one", "web"));
  await store.open();
  expect(store.targetedServices()).toEqual(["shop/api"]);
  const changed = nextChange();
  await rm(join(directory, "a.yaml"));
  expect([...(await changed).services].toSorted()).toEqual(["shop/api", "shop/web"]);
  expect(store.targetedServices()).toEqual(["shop/web"]);
});

test("files behind a link that is replaced, as a ConfigMap's are, are noticed together", async () => {
  const version = async (name: string, port: number): Promise<void> => {
    await mkdir(join(directory, name));
    for (const one of ["web", "other"]) await write(`${name}/${one}.yaml`, service(one, port));
    await symlink(name, join(directory, "..new"));
    await rename(join(directory, "..new"), join(directory, "..data"));
  };
  await version("..1", 80);
  for (const one of ["web", "other"]) await symlink(`..data/${one}.yaml`, join(directory, `${one}.yaml`));
  await store.open();
  expect([portOf("web"), portOf("other")]).toEqual([80, 80]);
  const change = nextChange();
  await version("..2", 81);
  expect([...(await change).services].toSorted()).toEqual(["shop/other", "shop/web"]);
  expect([portOf("web"), portOf("other")]).toEqual([81, 81]);
});

describe("what the watch misses is found by and by:", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets the time of rescans pass until something holds. */
  async function rescanUntil(holds: () => boolean): Promise<void> {
    await vi.waitUntil(
      () => {
        vi.advanceTimersByTime(5_000);
        return holds();
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  test("another directory in the place of the watched one, and what changes in it later", async () => {
    await write("web.yaml", service("web", 80));
    await store.open();
    const old = `${directory}-old`;
    await rename(directory, old);
    await mkdir(directory);
    await write("web.yaml", service("web", 81));
    try {
      await rescanUntil(() => portOf("web") === 81);
      const change = nextChange();
      await write("web.yaml", service("web", 82));
      await change;
      expect(portOf("web")).toBe(82);
    } finally {
      await rm(old, { recursive: true });
    }
  });

  test("a directory that comes later is watched", async () => {
    await rm(directory, { recursive: true });
    await store.open();
    await mkdir(directory);
    await write("web.yaml", service("web", 80));
    await rescanUntil(() => portOf("web") === 80);
    const change = nextChange();
    await write("web.yaml", service("web", 81));
    await change;
    expect(portOf("web")).toBe(81);
  });

  test("each of many files that lie elsewhere, a part at a time", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "tandem-elsewhere-"));
    const names = Array.from({ length: 250 }, (_, index) => `s${index}`);
    try {
      // A watch sees the directory, not what its links lead to.
      for (const name of names) {
        await writeFile(join(elsewhere, `${name}.yaml`), service(name, 80));
        await symlink(join(elsewhere, `${name}.yaml`), join(directory, `${name}.yaml`));
      }
      await store.open();
      for (const name of names) await writeFile(join(elsewhere, `${name}.yaml`), service(name, 81));
      const parts: number[] = [];
      store.onChange(({ services }) => parts.push(services.size));
      await rescanUntil(() => names.every((name) => portOf(name) === 81));
      expect(parts).toEqual([100, 100, 50]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});
