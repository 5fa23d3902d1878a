/** The two curves of a migration: how far it was, and how fast. */
import { formatBytes, formatDuration, formatRate } from '../stats/format.js';
import { area, band, chart, line, type Point } from './chart.js';
import { html, type Markup } from './markup.js';
import { byteTicks, stamp, timeTicks } from './ticks.js';
import type { ProgressPoint, RateStep, Timeline } from './timeline.js';

const X_TICKS = 12;
const Y_TICKS = 5;

export function progressChart(timeline: Timeline): Markup {
  const all = timeline.progress.flat();
  const { top, ticks } = byteTicks(Math.max(...all.map(({ knownBytes }) => knownBytes)), Y_TICKS);
  const x = placeIn(timeline);
  const curve = (points: readonly ProgressPoint[], value: (point: ProgressPoint) => number): Point[] =>
    points.map((point) => [x(point.atMs), value(point) / top]);
  const sessions = timeline.progress.map((points) => [
    area(
      curve(points, ({ syncedBytes }) => syncedBytes),
      'fill',
    ),
    line(
      curve(points, ({ knownBytes }) => knownBytes),
      'known',
    ),
    line(
      curve(points, ({ syncedBytes }) => syncedBytes),
      'main',
    ),
  ]);
  const hovers = timeline.progress.flatMap((points) =>
    points.slice(1).map((point, index) => {
      const text = `${stamp(point.atMs)}: ${formatBytes(point.syncedBytes)} of ${formatBytes(point.knownBytes)}`;
      return band(x(points[index]!.atMs), x(point.atMs), 'hover', text);
    }),
  );
  const last = all.at(-1)!;
  const label = `Progress: ${formatBytes(last.syncedBytes)} of ${formatBytes(last.knownBytes)} synced by ${stamp(last.atMs)}`;
  return html`<section><h2>Progress</h2>
<ul class="legend"><li class="main">synced</li><li class="known">known to scans</li>${idleLegend(timeline)}</ul>
${chart(label, xTicks(timeline), ticks, [...gaps(timeline), ...sessions.flat(), ...hovers])}</section>`;
}

export function throughputChart(timeline: Timeline): Markup {
  const { rates } = timeline;
  const fastest = Math.max(1, ...rates.map(({ rate }) => rate ?? 0));
  // A limit far above what was reached would press the curve to the ground.
  const limits = rates.map(({ limit }) => limit ?? 0).filter((limit) => limit <= 3 * fastest);
  const { top, ticks } = byteTicks(Math.max(fastest, ...limits), Y_TICKS, '/s');
  const x = placeIn(timeline);
  const steps = (value: (step: RateStep) => number | null): Point[][] =>
    stretches(rates, value).map((stretch) =>
      stretch.flatMap((step): Point[] => {
        const y = value(step)! / top;
        return [
          [x(step.fromMs), y],
          [x(step.toMs), y],
        ];
      }),
    );
  const written = steps(({ rate }) => rate);
  const limited = steps(({ limit }) => (limit !== null && limit <= top ? limit : null));
  const hovers = rates.flatMap(({ fromMs, toMs, rate, limit }) => {
    if (rate === null) return [];
    const under = limit === null ? '' : `, limit ${formatRate(limit)}`;
    return band(x(fromMs), x(toMs), 'hover', `${stamp(fromMs)}: ${formatRate(rate)}${under}`);
  });
  const stepSeconds = (timeline.toMs - timeline.fromMs) / 1000 / rates.length;
  const mean = stepSeconds >= 1 ? `, mean of ${formatDuration(stepSeconds)}` : '';
  return html`<section><h2>Throughput</h2>
<ul class="legend"><li class="main">written${mean}</li>${limited.length > 0 ? html`<li class="limit">limit</li>` : html``}${idleLegend(timeline)}</ul>
${chart(`Throughput: at most ${formatRate(fastest)} written`, xTicks(timeline), ticks, [
  ...gaps(timeline),
  ...written.flatMap((points) => [area(points, 'fill'), line(points, 'main')]),
  ...limited.map((points) => line(points, 'limit')),
  ...hovers,
])}</section>`;
}

/** Runs of steps that have a value. */
function stretches(steps: readonly RateStep[], value: (step: RateStep) => number | null): RateStep[][] {
  const found: RateStep[][] = [];
  steps.forEach((step, index) => {
    if (value(step) === null) return;
    if (index > 0 && value(steps[index - 1]!) !== null) found.at(-1)!.push(step);
    else found.push([step]);
  });
  return found;
}

function gaps(timeline: Timeline): Markup[] {
  const x = placeIn(timeline);
  return timeline.gaps.map(({ fromMs, toMs }) =>
    band(
      x(fromMs),
      x(toMs),
      'idle',
      `Nothing ran for ${formatDuration((toMs - fromMs) / 1000)}, from ${stamp(fromMs)}`,
    ),
  );
}

function idleLegend({ gaps: found }: Timeline): Markup {
  return found.length > 0 ? html`<li class="idle">nothing ran</li>` : html``;
}

function xTicks({ fromMs, toMs }: Timeline) {
  // A label in the middle below its mark would hang over the edge.
  return timeTicks(fromMs, toMs, X_TICKS).filter(({ at }) => at > 0.02 && at < 0.97);
}

function placeIn({ fromMs, toMs }: Timeline): (ms: number) => number {
  return (ms) => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
}
