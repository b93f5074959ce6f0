import { expect, test } from "vitest";
import type { SchedulerCase } from "../scheduler-case.ts";
import { inOwnNamespaces } from "./own-namespaces.ts";

const one: SchedulerCase = {
  mode: "probe",
  seed: 1,
  objects: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "a", labels: { team: "a" } } },
    { apiVersion: "v1", kind: "Node", metadata: { name: "a" } },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "v" },
      spec: { claimRef: { namespace: "a", name: "a" } },
    },
  ],
  pending: [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a" },
      spec: {
        term: {
          namespaces: ["a", "b"],
          namespaceSelector: {
            matchLabels: { "kubernetes.io/metadata.name": "a", team: "a" },
            matchExpressions: [
              { key: "kubernetes.io/metadata.name", operator: "In", values: ["a"] },
              { key: "team", operator: "In", values: ["a"] },
            ],
          },
        },
      },
    },
  ],
};

test("namespaces are renamed wherever one is named, and nothing else is", () => {
  expect(inOwnNamespaces(one)).toEqual({
    ...one,
    objects: [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "tandem-verify-a", labels: { team: "a" } } },
      { apiVersion: "v1", kind: "Node", metadata: { name: "a" } },
      {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: "v" },
        spec: { claimRef: { namespace: "tandem-verify-a", name: "a" } },
      },
    ],
    pending: [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "a", namespace: "tandem-verify-default" },
        spec: {
          term: {
            namespaces: ["tandem-verify-a", "tandem-verify-b"],
            namespaceSelector: {
              matchLabels: { "kubernetes.io/metadata.name": "tandem-verify-a", team: "a" },
              matchExpressions: [
                { key: "kubernetes.io/metadata.name", operator: "In", values: ["tandem-verify-a"] },
                { key: "team", operator: "In", values: ["a"] },
              ],
            },
          },
        },
      },
    ],
  });
  expect(inOwnNamespaces(inOwnNamespaces(one))).toEqual(inOwnNamespaces(one));
});
