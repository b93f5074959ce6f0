/**
 * An audit as one HTML file that needs nothing else: no script, no font, no address.
 * @module
 */
import type { AuditResult, Evidence, Finding } from "../../../../core/audit/audit.ts";
import type { AuditView } from "../../../../core/audit/audit-view.ts";
import { SEVERITIES } from "../../../../core/audit/severity.ts";
import { domainMap, workloadColours } from "./domain-map.ts";
import { STYLE } from "./html-style.ts";
import { escapeMarkup as e } from "./markup.ts";

/** More workloads are not named beside the map. */
const MOST_NAMED = 24;

/** The page. */
export function auditHtml(result: AuditResult, view: AuditView): string {
  const fresh = result.findings.filter(({ isKnown }) => !isKnown);
  const map = domainMap(view);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>High-availability audit</title><style>${STYLE}</style></head><body>
<header><h1>High-availability audit</h1><p class="dim">${result.workloads} workloads, ${view.snapshot.nodes.length} nodes, ${result.rules} rules · ${e(view.now.slice(0, 10))}</p></header>
<section class="tiles">${tiles(fresh, result)}</section>
${map === undefined ? "" : `<section class="card"><h2>Failure domains</h2><p class="dim">A column is a zone, a box a node, a square a pod; workloads have colours. Ringed in red: all pods of the workload are on this one node.</p>${map}${legend(view)}</section>`}
<section class="card"><h2>Findings, the worst first</h2>${fresh.length === 0 ? "<p>Nothing found.</p>" : fresh.map(card).join("\n")}</section>
${result.exempted.length === 0 ? "" : `<section class="card"><h2>Exempted</h2><ul>${result.exempted.map(({ rule, message, reason, until }) => `<li><b>${e(rule)}</b> ${e(message)}: ${e(reason)}${until === undefined ? "" : ` (until ${e(until)})`}</li>`).join("")}</ul></section>`}
<footer class="dim"><h2>What this rests on</h2><ul>${result.assumptions.map((text) => `<li>${e(text)}</li>`).join("")}</ul></footer>
</body></html>`;
}

function tiles(fresh: readonly Finding[], { findings, exempted }: AuditResult): string {
  const counts = SEVERITIES.map(
    (severity) => [severity, fresh.filter((one) => one.severity === severity).length] as const,
  );
  const known = findings.length - fresh.length;
  const proved = fresh.filter(({ proof }) => proof !== undefined).length;
  return [...counts, ["proved", proved] as const, ["known", known] as const, ["exempted", exempted.length] as const]
    .filter(([name, count]) => count > 0 || SEVERITIES.slice(0, 3).some((severity) => severity === name))
    .map(
      ([name, count]) =>
        `<div class="tile ${name}${count === 0 ? " none" : ""}"><b>${count}</b><span>${name}</span></div>`,
    )
    .join("");
}

function legend(view: AuditView): string {
  const colours = workloadColours(view);
  const placed = view.workloads.filter(({ pods }) => pods.length > 0);
  const items = placed.slice(0, MOST_NAMED).map(({ namespace, name, pods }) => {
    const key = `${namespace}/${name}`;
    return `<li><i style="background:${colours.get(key) ?? ""}"></i>${e(key)} <span class="dim">${pods.length}</span></li>`;
  });
  const more = placed.length - items.length;
  return `<ul class="legend">${items.join("")}${more > 0 ? `<li class="dim">and ${more} more</li>` : ""}</ul>`;
}

function card(finding: Finding): string {
  const { severity, rule, message, breaks, proof, evidence, patch, owner, note } = finding;
  return `<details class="finding ${severity}"><summary><span class="badge">${severity}</span><span class="what">${e(message)}</span><code>${e(rule)}</code></summary>
<p>${e(breaks)}</p>
${proof === undefined ? "" : `<p class="proof">${e(proof)}</p>`}
${note === undefined ? "" : `<p class="note">${e(note)}</p>`}
<ul>${evidence.map(evidenceItem).join("")}</ul>
${owner === undefined ? "" : `<p class="dim">owner: ${e(owner)}</p>`}
${patch === undefined ? "" : `<p>A change that is certain to remove it:</p><pre>${e(JSON.stringify(patch.object, undefined, 2))}</pre>`}</details>`;
}

function evidenceItem({ object, field, value, file, line }: Evidence): string {
  const place = file === undefined ? "" : ` <span class="dim">${e(file)}${line === undefined ? "" : `:${line}`}</span>`;
  return `<li>${e(object.kind)} ${e(object.name)} <code>${e(field)}</code> ${value === undefined ? "is absent" : `= <code>${e(value)}</code>`}${place}</li>`;
}
