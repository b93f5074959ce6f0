import type { DemoReport } from "./demo-report.ts";
import { escapeHtml, formatCount, formatLatency, formatLength, formatMoment } from "./markup.ts";
import { pageStyle } from "./page-style.ts";
import { renderTimeline } from "./timeline-picture.ts";

/** The report as a page of its own: nothing is loaded from anywhere, and no script runs. */
export function renderReport(report: DemoReport): string {
  const drawn = { ...report, sites: sitesDrawn(report) };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(report.title)} – Tandem</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${renderHead(report)}
${renderTiles(report)}
<section>
<h2>Who answered</h2>
${renderLegend(drawn)}
${renderTimeline(drawn, { width: 1040, height: 260, labels: "names" })}
${renderTimeline(drawn, { width: 360, height: 170, labels: "numbers" })}
</section>
${renderEvents(report)}
${renderCommands(report)}
${renderFoot(report)}
</main>
</body>
</html>
`;
}

/** The sites as asked for, then any other that answered: no answer may be missing from the picture. */
function sitesDrawn(report: DemoReport): string[] {
  return [...new Set([...report.sites, ...report.timeline.sites])];
}

function renderHead(report: DemoReport): string {
  const { failed, requests } = report.measure;
  const isGood = failed === 0 && requests > 0;
  const share = requests === 0 ? 0 : (100 * failed) / requests;
  const words = isGood
    ? "No request was lost"
    : requests === 0
      ? "No request was sent"
      : `${formatCount(failed)} of ${formatCount(requests)} requests were lost (${share < 0.1 ? share.toFixed(3) : share.toFixed(1)} %)`;
  const icon = isGood ? '<path d="M4 12.5l5 5L20 6.5"/>' : '<path d="M6 6l12 12M18 6L6 18"/>';
  return `<header>
<h1>${escapeHtml(report.title)}</h1>
<p class="about">${escapeHtml(report.service)} called ${formatCount(report.rate)} times a second for ${formatLength(report.durationMs)}</p>
<p class="verdict ${isGood ? "good" : "bad"}"><svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>${words}</p>
</header>`;
}

function renderTiles({ measure }: DemoReport): string {
  const tiles: readonly (readonly [string, string, string])[] = [
    [formatCount(measure.requests), "requests", ""],
    [formatCount(measure.failed), "failed", measure.failed === 0 ? "good" : "bad"],
    [withSmallUnit(formatLatency(measure.longestGapMs)), "longest gap", ""],
    [withSmallUnit(formatLatency(measure.p50Ms)), "latency, median", ""],
    [withSmallUnit(formatLatency(measure.p99Ms)), "latency, 99th percentile", ""],
  ];
  return `<ul class="tiles">
${tiles.map(([value, name, tone]) => `<li class="${tone}"><b>${value}</b><span>${name}</span></li>`).join("\n")}
</ul>`;
}

function withSmallUnit(text: string): string {
  const [number, unit] = text.split(" ");
  return unit === undefined ? text : `${number}<small>${unit}</small>`;
}

function renderLegend(report: DemoReport): string {
  const answers = (site: string): string => formatCount(report.measure.servedBy[site] ?? 0);
  const sites = report.sites.map(
    (site, index) => `<li><i class="site-${index % 6}"></i>${escapeHtml(site)}, ${answers(site)} answers</li>`,
  );
  const holds = report.holds.length > 0 ? ['<li><i class="hold"></i>hold-down</li>'] : [];
  return `<ul class="legend">
${[...sites, `<li><i class="failed"></i>failed, ${formatCount(report.measure.failed)}</li>`, '<li><i class="line"></i>latency</li>', ...holds].join("\n")}
</ul>`;
}

function renderEvents({ events }: DemoReport): string {
  if (events.length === 0) return "";
  const rows = events
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ kind, atMs, label, detail }, index) => {
      const number = `<td class="number event ${kind}"><span class="badge">${index + 1}</span></td>`;
      return `<tr>${number}<td class="at">${formatMoment(atMs)}</td><td class="what">${escapeHtml(label)}</td><td class="detail">${escapeHtml(detail)}</td></tr>`;
    });
  return `<section>
<h2>What happened</h2>
<table>
<thead><tr><th></th><th>At</th><th>Event</th><th>In detail</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</section>`;
}

function renderCommands({ nextCommands }: DemoReport): string {
  if (nextCommands.length === 0) return "";
  const entries = nextCommands.map(
    ({ command, purpose }) => `<dt><code>${escapeHtml(command)}</code></dt><dd>${escapeHtml(purpose)}</dd>`,
  );
  return `<section>
<h2>Try next</h2>
<dl>
${entries.join("\n")}
</dl>
</section>`;
}

function renderFoot(report: DemoReport): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return `<footer><p>${[report.startedAt, ...versions].map(escapeHtml).join(" · ")}. Latency counts from the moment a request was due, however late it was sent; the longest gap is the longest time without a completed answer.</p></footer>`;
}
