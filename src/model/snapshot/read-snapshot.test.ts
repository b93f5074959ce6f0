import { expect, test } from "vitest";
import { readSnapshot } from "./read-snapshot.ts";

test("a kind of the same name in another group counts among the others", () => {
  const metadata = { name: "nightly" };
  const { snapshot, otherKinds } = readSnapshot([
    { apiVersion: "postgresql.cnpg.io/v1", kind: "Backup", metadata },
    { apiVersion: "velero.io/v1", kind: "Backup", metadata },
  ]);
  expect(snapshot.backups).toHaveLength(1);
  expect([...otherKinds]).toEqual([["Backup", 1]]);
});

test("of ConfigMaps and Secrets the names are kept, never the values, and they count among the others", () => {
  const { snapshot, otherKinds } = readSnapshot([
    { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { password: "c2VjcmV0" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "b" } },
  ]);
  expect(JSON.stringify(snapshot)).not.toMatch(/c2VjcmV0|"a":/);
  expect(snapshot.secrets.map(({ metadata }) => metadata.name)).toEqual(["s"]);
  expect([...otherKinds]).toEqual([
    ["Secret", 1],
    ["ConfigMap", 1],
  ]);
});

test("each object knows where it was among those that were given", () => {
  const { snapshot, sources } = readSnapshot([
    { kind: "Widget" },
    { apiVersion: "v1", kind: "Node", metadata: { name: "a1" } },
  ]);
  expect(sources.get(snapshot.nodes[0] ?? {})).toBe(1);
});
