/**
 * The arguments of `tandem simulate`, and what is wrong with them for a cluster.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { type LostDomain, nodesOf, parseLostDomain, valuesOf } from "../../../core/simulate/loss.ts";
import { type AddedNodes, templateOf } from "../../../core/simulate/timeline/added-nodes.ts";
import { parseDuration } from "../../../model/duration.ts";
import { TandemError } from "../../../model/errors.ts";
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { nearestWord } from "../../../model/suggestion.ts";

/** What was asked for with `--lose`. */
export interface LostDomainArgument {
  readonly text: string;
  readonly domain: LostDomain;
}

/** One more `--lose`. */
export function lostDomainArgument(text: string, before: readonly LostDomainArgument[]): readonly LostDomainArgument[] {
  const domain = parseLostDomain(text);
  if (domain === undefined) throw new InvalidArgumentError("Write node=NAME, zone=ZONE, region=REGION or LABEL=VALUE.");
  return [...before, { text, domain }];
}

/** One more `--add-nodes POOL=N@TIME`. */
export function addedNodesArgument(text: string, before: readonly AddedNodes[]): readonly AddedNodes[] {
  const [, pool = "", count = "", time = ""] = /^(.+)=(\d+)@([^@]+)$/.exec(text) ?? [];
  const atMs = parseDuration(time);
  if (pool === "" || atMs === undefined || Number(count) < 1 || Number(count) > 1000)
    throw new InvalidArgumentError("Write POOL=N@TIME, N from 1 to 1000, for example workers=3@90s.");
  return [...before, { pool, count: Number(count), atMs }];
}

/**
 * The nodes that are to be lost.
 * @throws TandemError InvalidManifests, InvalidArgument when there is nothing that could be lost
 */
export function lostNodes(domains: readonly LostDomainArgument[], snapshot: ClusterSnapshot): ReadonlySet<string> {
  refuseEmpty(snapshot);
  const unknown = domains.filter(({ domain }) => nodesOf(domain, snapshot).length === 0);
  if (unknown.length > 0)
    throw new TandemError("InvalidArgument", unknown.map((one) => noSuchDomain(one, snapshot)).join("\n  "));
  return new Set(domains.flatMap(({ domain }) => nodesOf(domain, snapshot).map(({ metadata }) => metadata.name)));
}

/**
 * The label, or `node`, whose values fail one after the other.
 * @throws TandemError InvalidManifests, InvalidArgument when no node has it
 */
export function failureKey(word: string, snapshot: ClusterSnapshot): string {
  refuseEmpty(snapshot);
  const key = parseLostDomain(`${word}=x`)?.key ?? word;
  if (valuesOf(key, snapshot).length > 0) return key;
  const labels = [...new Set(snapshot.nodes.flatMap(({ metadata }) => Object.keys(metadata.labels)))];
  const near = nearestWord(key, labels);
  throw new TandemError("InvalidArgument", `--each ${word}: no node has the label ${key}`, {
    remedy: near === undefined ? "Write node, zone, region or a label that nodes have" : `Did you mean ${near}?`,
  });
}

/** @throws TandemError InvalidArgument when a pool has no node that is left to be copied */
export function refuseEmptyPools(
  added: readonly AddedNodes[],
  snapshot: ClusterSnapshot,
  lost: ReadonlySet<string>,
): void {
  const empty = added.filter(({ pool }) => templateOf(pool, snapshot, lost) === undefined);
  if (empty.length === 0) return;
  const texts = empty.map(({ pool }) => `--add-nodes ${pool}: no node that is left is, or has a label, of that name`);
  throw new TandemError("InvalidArgument", texts.join("\n  "), {
    remedy: "Name a node that is not lost, LABEL=VALUE, or a value that a label of such nodes has",
  });
}

function refuseEmpty({ nodes }: ClusterSnapshot): void {
  if (nodes.length > 0) return;
  throw new TandemError("InvalidManifests", "there is no Node among the objects: nothing can be lost", {
    remedy: "Name files of a cluster, or pass it on: the help has a kubectl command that prints what is needed",
  });
}

function noSuchDomain({ text, domain }: LostDomainArgument, snapshot: ClusterSnapshot): string {
  const values = valuesOf(domain.key, snapshot);
  const near = nearestWord(domain.value, values);
  if (near !== undefined) return `--lose ${text}: no node is there; did you mean ${near}?`;
  if (values.length === 0) return `--lose ${text}: no node has the label ${domain.key}`;
  return `--lose ${text}: no node is there; there are ${values.slice(0, 10).join(", ")}`;
}
