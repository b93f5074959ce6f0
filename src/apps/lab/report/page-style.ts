/** The page's style sheet: colours for light and dark, layout for phone, desktop and paper. No font or image is loaded. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16191f; --dim: #5d6675; --rule: #e2e5ea; --faint: #eef0f3;
  --site-0: #3f6fe0; --site-1: #17a589; --site-2: #9a6be0; --site-3: #d39a1f; --site-4: #4f9fc9; --site-5: #8a8f99;
  --bad: #d6303f; --good: #17834a; --decided: #a15c00; --latency: #5d6675; --hold: #f5ecd2; --hold-ink: #7d5b06;
  --good-soft: #e4f4ea; --bad-soft: #fbe5e6; --decided-soft: #fbeed9; --note-soft: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #181c23; --ink: #e8ebf0; --dim: #98a2b3; --rule: #2b313b; --faint: #222731;
    --site-0: #5b8af5; --site-1: #2bbd9d; --site-2: #ad86ee; --site-3: #dbab45; --site-4: #6bb4da; --site-5: #8b93a1;
    --bad: #ff6570; --good: #4cc983; --decided: #f0ae55; --latency: #aab4c4; --hold: #2e2813; --hold-ink: #d8b65a;
    --good-soft: #15301f; --bad-soft: #3a1a1e; --decided-soft: #35260f; --note-soft: #272d37;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 1.65rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.015em; }
h2 { font-size: 1.05rem; margin: 0 0 12px; }
p { margin: 0; }
.about { color: var(--dim); font-size: 0.92rem; }
.verdict { display: inline-flex; align-items: center; gap: 10px; margin: 20px 0 0; padding: 8px 16px 8px 12px; border-radius: 999px; font-weight: 600; }
.verdict svg { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.verdict.good { background: var(--good-soft); color: var(--good); }
.verdict.bad { background: var(--bad-soft); color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px; margin: 20px 0; padding: 0; list-style: none; }
.tiles li, section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.tiles li { padding: 14px 16px; }
.tiles b { display: block; font-size: 1.7rem; line-height: 1.15; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles b small { font-size: 0.55em; font-weight: 600; letter-spacing: 0; color: var(--dim); margin-left: 3px; }
.tiles span { color: var(--dim); font-size: 0.86rem; }
.tiles .bad b { color: var(--bad); }
.tiles .good b { color: var(--good); }
section { padding: 18px 18px 14px; margin: 0 0 16px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 14px; padding: 0; list-style: none; color: var(--dim); font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend i { width: 12px; height: 12px; border-radius: 3px; flex: none; }
.legend i.line { height: 3px; border-radius: 2px; background: var(--latency); }
.legend i.hold { background: var(--hold); border: 1px solid var(--hold-ink); }
.legend i.failed { background: var(--bad); }
${[0, 1, 2, 3, 4, 5].map((site) => `.site-${site} { fill: var(--site-${site}); background: var(--site-${site}); }`).join("\n")}
.picture { display: block; width: 100%; height: auto; font-size: 12px; overflow: visible; }
.picture.numbers { display: none; }
.picture text { fill: var(--dim); font-variant-numeric: tabular-nums; }
.picture .caption { paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
.picture .grid { stroke: var(--rule); stroke-width: 1; }
.picture .axis { stroke: var(--dim); }
.picture .hold { fill: var(--hold); }
.picture .hold-name { fill: var(--hold-ink); }
.picture .site { stroke: none; fill-opacity: 0.88; }
.picture .failed { fill: var(--bad); }
.picture .latency { fill: none; stroke: var(--latency); stroke-width: 1.6; stroke-linejoin: round; }
.picture .hints rect { fill: transparent; }
.picture .hints rect:hover { fill: var(--ink); fill-opacity: 0.1; }
.event { --tone: var(--dim); --soft: var(--note-soft); }
.event.fault { --tone: var(--bad); --soft: var(--bad-soft); }
.event.failover { --tone: var(--decided); --soft: var(--decided-soft); }
.event.heal, .event.failback { --tone: var(--good); --soft: var(--good-soft); }
.picture .event-line { stroke: var(--tone); stroke-width: 1.4; stroke-dasharray: 4 3; }
.picture .event-box { fill: var(--soft); stroke: var(--tone); stroke-width: 1; }
.picture .event-name, .picture .event-number { fill: var(--tone); }
.picture .event-number { font-weight: 700; font-size: 11px; }
table { width: 100%; border-collapse: collapse; font-size: 0.94rem; }
th { text-align: left; color: var(--dim); font-weight: 500; font-size: 0.84rem; padding: 0 12px 6px 0; }
td { border-top: 1px solid var(--rule); padding: 9px 12px 9px 0; vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
td.at { font-variant-numeric: tabular-nums; white-space: nowrap; width: 1%; }
td.number { width: 1%; }
td.what { font-weight: 600; white-space: nowrap; width: 1%; padding-right: 24px; }
td.detail { color: var(--dim); }
.badge { display: inline-block; min-width: 22px; padding: 0 6px; border-radius: 5px; text-align: center; font-size: 0.8rem; font-weight: 700; background: var(--soft); color: var(--tone); border: 1px solid var(--tone); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 18px; margin: 0; font-size: 0.94rem; }
dd { margin: 0; color: var(--dim); }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; background: var(--faint); padding: 2px 6px; border-radius: 5px; overflow-wrap: anywhere; }
footer { color: var(--dim); font-size: 0.84rem; }
@media (max-width: 700px) {
  main { padding: 20px 12px 32px; }
  h1 { font-size: 1.35rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .tiles li:first-child { grid-column: 1 / -1; }
  .tiles b { font-size: 1.45rem; }
  section { padding: 14px 12px 10px; }
  .picture.names { display: none; }
  .picture.numbers { display: block; }
  td.what { white-space: normal; width: auto; padding-right: 0; }
  thead { display: none; }
  tr { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 10px; padding: 10px 0; border-top: 1px solid var(--rule); }
  tbody tr:first-child { border-top: 0; padding-top: 0; }
  td { border: 0; padding: 0; }
  td.what { grid-row: 1; grid-column: 2; }
  td.at { grid-row: 1; grid-column: 3; width: auto; color: var(--dim); }
  td.detail { grid-column: 2 / -1; }
  dl { grid-template-columns: 1fr; gap: 2px; }
  dd { margin-bottom: 10px; }
}
@media print {
  body { background: none; }
  main { max-width: none; padding: 0; }
  .tiles li, section { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
