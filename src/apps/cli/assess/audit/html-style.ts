/** The style of the report, for light and dark screens. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1c2330;--dim:#667085;--line:#e2e6ec;--zone:#eef3fb;--critical:#a3158f;--high:#d92d20;--medium:#dc8a04;--low:#0e86b7;--info:#667085;--ok:#16915b}
@media (prefers-color-scheme:dark){:root{--bg:#11151c;--card:#1a202b;--ink:#e6eaf1;--dim:#98a2b3;--line:#2b3442;--zone:#1f2836}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px;font:15px/1.5 system-ui,sans-serif;background:var(--bg);color:var(--ink)}
h1{margin:0;font-size:26px}h2{font-size:17px;margin:0 0 6px}.dim{color:var(--dim)}header p{margin:2px 0 18px}
.tiles{display:flex;gap:12px;flex-wrap:wrap;margin-bottom:18px}.tile{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--dim);border-radius:10px;padding:10px 18px;min-width:104px}
.tile b{display:block;font-size:28px;line-height:1.1}.tile span{color:var(--dim)}.tile.critical{border-top-color:var(--critical)}.tile.high{border-top-color:var(--high)}.tile.medium{border-top-color:var(--medium)}.tile.low{border-top-color:var(--low)}.tile.none,.tile.proved{border-top-color:var(--ok)}
.card,footer{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-bottom:18px}
svg{width:100%;height:auto;display:block;margin:8px 0}.zone{fill:var(--zone);stroke:var(--line)}.zone-name{font:600 15px system-ui,sans-serif;fill:var(--ink)}.node{fill:var(--card);stroke:var(--line)}.node-name{font:12px ui-monospace,monospace;fill:var(--dim)}
.pod.alone{stroke:var(--high);stroke-width:2.5}
.legend{list-style:none;padding:0;margin:10px 0 0;display:flex;flex-wrap:wrap;gap:4px 18px}.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
.finding{border-left:4px solid var(--dim);border-radius:4px;background:var(--bg);padding:8px 12px;margin:8px 0}.finding.critical{border-color:var(--critical)}.finding.high{border-color:var(--high)}.finding.medium{border-color:var(--medium)}.finding.low{border-color:var(--low)}
summary{cursor:pointer;display:flex;gap:12px;align-items:baseline}.what{flex:1}.badge{font-size:12px;font-weight:700;min-width:58px;color:var(--dim)}.critical .badge{color:var(--critical)}.high .badge{color:var(--high)}.medium .badge{color:var(--medium)}.low .badge{color:var(--low)}
code,pre{font:13px ui-monospace,monospace;overflow-wrap:anywhere}pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px;overflow:auto}.proof{font-weight:600;color:var(--high)}.note{color:var(--medium)}
`;
