import { powerTicks, roundTicks } from "./axis.ts";
import type { DemoEvent, DemoReport } from "./demo-report.ts";
import { type LabelPlace, placeLabels } from "./label-lanes.ts";
import { escapeHtml, formatCount, formatLatency, formatLength, formatMoment } from "./markup.ts";
import { type Column, columnsOf } from "./timeline-columns.ts";

/** How much room a picture has. */
export interface PictureSize {
  /** Width in CSS pixels at which it is shown. */
  readonly width: number;
  /** Height of the part with the answers. */
  readonly height: number;
  /** Names of events on the picture, or only their numbers in the table. */
  readonly labels: "names" | "numbers";
}

const laneHeight = 22;
const latencyHeight = 84;
const captionHeight = 28;
const panelGap = 44;
const axisHeight = 26;
/** Mean width of a character of the labels' font at 12 px: a little generous, so that no name leaves its box. */
const characterWidth = 6.9;

/** Place of everything in one picture. */
interface Frame {
  readonly size: PictureSize;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly endMs: number;
  readonly x: (ms: number) => number;
}

/** The run as SVG: answers per second by site, failures, latency, events. Colours come from the page's style. */
export function renderTimeline(report: DemoReport, size: PictureSize): string {
  const endMs = lastMoment(report);
  const left = size.labels === "names" ? 54 : 48;
  const right = size.width - 8;
  const x = (ms: number): number => left + ((right - left) * Math.max(0, Math.min(ms, endMs))) / endMs;
  const events = report.events.toSorted((a, b) => a.atMs - b.atMs);
  const widths = events.map((event, index) =>
    size.labels === "names" ? event.label.length * characterWidth + 30 : 12 + 8 * String(index + 1).length,
  );
  const places = placeLabels(
    events.map((event, index) => ({ x: x(event.atMs) - left, width: widths[index] ?? 0 })),
    right - left,
  );
  const lanes = places.reduce((most, place) => Math.max(most, place.lane + 1), 0);
  const frame: Frame = { size, left, right, top: lanes * laneHeight + captionHeight, endMs, x };
  const columns = columnsOf(report.timeline, report.sites, endMs, Math.floor((right - left) / 3));
  const bottom = frame.top + size.height + panelGap + latencyHeight;
  const title = `${report.title}: answers per second by site, failures and latency over ${formatLength(endMs)}`;
  return [
    `<svg class="picture ${size.labels}" viewBox="0 0 ${size.width} ${bottom + axisHeight}" role="img" aria-label="${escapeHtml(title)}">`,
    drawHolds(report, frame, bottom),
    drawAnswers(columns, report, frame),
    drawLatency(columns, frame),
    drawTimeAxis(frame, bottom),
    events
      .map((event, index) =>
        drawEvent(event, { frame, bottom, number: index + 1, width: widths[index] ?? 0, place: places[index] }),
      )
      .join(""),
    drawCaptions(frame, bottom),
    size.labels === "names" ? drawHints(columns, report, frame) : "",
    "</svg>",
  ].join("\n");
}

/** Sending ends the picture, unless something was lost later: that must be seen. */
function lastMoment(report: DemoReport): number {
  const { bucketMs, buckets } = report.timeline;
  const lastLoss = buckets.findLast(({ failed }) => failed > 0);
  return Math.max(report.durationMs, 1, lastLoss === undefined ? 0 : lastLoss.atMs + bucketMs);
}

function drawHolds(report: DemoReport, frame: Frame, bottom: number): string {
  return report.holds
    .map(({ fromMs, toMs }) => {
      const [from, to] = [frame.x(fromMs), frame.x(toMs)];
      const name =
        to - from > 70
          ? `<text class="hold-name" x="${round((from + to) / 2)}" y="${frame.top + 14}" text-anchor="middle">hold-down</text>`
          : "";
      return `<rect class="hold" x="${round(from)}" y="${frame.top}" width="${round(to - from)}" height="${bottom - frame.top}"/>${name}`;
    })
    .join("");
}

function drawAnswers(columns: readonly Column[], report: DemoReport, frame: Frame): string {
  const { top, size } = frame;
  const most = Math.max(report.rate, ...columns.map((column) => column.failedPerSecond + sum(column.answersPerSecond)));
  const ticks = roundTicks(most, size.height > 200 ? 4 : 3);
  const max = ticks.at(-1) ?? 1;
  const y = (value: number): number => top + size.height * (1 - value / max);
  const base = columns.map(() => 0);
  const layers = report.sites.map((_, site) => {
    const lower = base.slice();
    columns.forEach((column, index) => {
      base[index] = (base[index] ?? 0) + (column.answersPerSecond[site] ?? 0);
    });
    return `<path class="site site-${site % 6}" d="${stepArea(columns, lower, base, { frame, y })}"/>`;
  });
  const failures = columns.map((column, index) => {
    if (column.failed === 0) return "";
    const height = y(0) - y(column.failedPerSecond);
    const [x, width] = [
      round(frame.x(column.fromMs)),
      round(Math.max(2, frame.x(column.toMs) - frame.x(column.fromMs))),
    ];
    const bar = `<rect class="failed" x="${x}" y="${round(y(base[index] ?? 0) - height)}" width="${width}" height="${round(height)}"/>`;
    // One lost request among a thousand is less than a pixel high, and the one thing that must not be overlooked.
    return `${bar}<rect class="failed" x="${x}" y="${round(y(0) + 3)}" width="${Math.max(3, width)}" height="6"/>`;
  });
  const grid = ticks.map((tick) => gridLine(frame, y(tick), formatCount(tick)));
  return [...grid, ...layers, ...failures].join("");
}

function stepArea(
  columns: readonly Column[],
  lower: readonly number[],
  upper: readonly number[],
  scale: { frame: Frame; y: (value: number) => number },
): string {
  const { frame, y } = scale;
  const edge = (values: readonly number[]): string[] =>
    columns.map(
      (column, index) =>
        `${round(frame.x(column.fromMs))},${round(y(values[index] ?? 0))} ${round(frame.x(column.toMs))},${round(y(values[index] ?? 0))}`,
    );
  const back = columns
    .map(
      (column, index) =>
        `${round(frame.x(column.toMs))},${round(y(lower[index] ?? 0))} ${round(frame.x(column.fromMs))},${round(y(lower[index] ?? 0))}`,
    )
    .reverse();
  return columns.length === 0 ? "" : `M${[...edge(upper), ...back].join(" L")}Z`;
}

function drawLatency(columns: readonly Column[], frame: Frame): string {
  const measured = columns.flatMap(({ p99Ms }) => (p99Ms === null ? [] : Math.max(p99Ms, 0.1)));
  const ticks = powerTicks(Math.min(1, ...measured), Math.max(100, ...measured));
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10)];
  const bottom = frame.top + frame.size.height + panelGap + latencyHeight;
  const y = (ms: number): number => bottom - (latencyHeight * (Math.log10(Math.max(ms, 0.1)) - low)) / (high - low);
  let path = "";
  let isDrawing = false;
  for (const column of columns) {
    if (column.p99Ms === null) {
      isDrawing = false;
      continue;
    }
    path += `${isDrawing ? "L" : "M"}${round((frame.x(column.fromMs) + frame.x(column.toMs)) / 2)},${round(y(column.p99Ms))}`;
    isDrawing = true;
  }
  const grid = ticks.map((tick) => gridLine(frame, y(tick), tick >= 1000 ? `${tick / 1000} s` : `${tick} ms`));
  return `${grid.join("")}<path class="latency" d="${path}"/>`;
}

/** Drawn after the events' lines, which must not run through words. */
function drawCaptions({ left, top }: Frame, bottom: number): string {
  const caption = (y: number, text: string): string => `<text class="caption" x="${left}" y="${y}">${text}</text>`;
  return caption(top - 9, "answers per second") + caption(bottom - latencyHeight - 10, "latency, 99th percentile");
}

function gridLine(frame: Frame, y: number, label: string): string {
  return `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${round(y)}" y2="${round(y)}"/><text class="tick" x="${frame.left - 7}" y="${round(y + 4)}" text-anchor="end">${label}</text>`;
}

function drawTimeAxis(frame: Frame, bottom: number): string {
  const seconds = frame.endMs / 1000;
  const count = frame.size.labels === "names" ? 10 : 5;
  return roundTicks(seconds, count)
    .filter((tick) => tick <= seconds + 1e-9)
    .map((tick) => {
      const x = round(frame.x(tick * 1000));
      const anchor = frame.x(tick * 1000) > frame.right - 12 ? "end" : "middle";
      return `<line class="axis" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick" x="${x}" y="${bottom + 18}" text-anchor="${anchor}">${tick} s</text>`;
    })
    .join("");
}

interface EventPlace {
  readonly frame: Frame;
  readonly bottom: number;
  readonly number: number;
  readonly width: number;
  readonly place: LabelPlace | undefined;
}

function drawEvent(event: DemoEvent, { frame, bottom, number, width, place }: EventPlace): string {
  if (place === undefined) return "";
  const x = round(frame.x(event.atMs));
  const y = place.lane * laneHeight + 1;
  const left = frame.left + place.left;
  const isNamed = frame.size.labels === "names";
  const digits = `<text class="event-number" x="${round(left + (isNamed ? 11 : width / 2))}" y="${y + 14}" text-anchor="middle">${number}</text>`;
  const name = isNamed
    ? `<text class="event-name" x="${round(left + 21)}" y="${y + 14}">${escapeHtml(event.label)}</text>`
    : "";
  return [
    `<g class="event ${event.kind}"><title>${escapeHtml(`${formatMoment(event.atMs)}: ${event.label}. ${event.detail}`)}</title>`,
    `<line class="event-line" x1="${x}" x2="${x}" y1="${y + laneHeight - 4}" y2="${bottom}"/>`,
    `<rect class="event-box" x="${round(left)}" y="${y}" width="${round(width)}" height="${laneHeight - 3}" rx="4"/>${digits}${name}</g>`,
  ].join("");
}

/** Invisible columns that say their numbers when pointed at. */
function drawHints(columns: readonly Column[], report: DemoReport, frame: Frame): string {
  const height = frame.size.height + panelGap + latencyHeight;
  const hints = columns.map((column) => {
    const answers = report.sites.map((site, index) => `${site} ${formatCount(column.answersPerSecond[index] ?? 0)}/s`);
    const text = [
      formatMoment(column.fromMs),
      ...answers,
      `failed ${column.failed}`,
      `p99 ${formatLatency(column.p99Ms)}`,
    ].join(" · ");
    const [from, to] = [frame.x(column.fromMs), frame.x(column.toMs)];
    return `<rect x="${round(from)}" y="${frame.top}" width="${round(to - from)}" height="${height}"><title>${escapeHtml(text)}</title></rect>`;
  });
  return `<g class="hints">${hints.join("")}</g>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
