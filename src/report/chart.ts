/**
 * Charts as inline SVG without a script. The drawing stretches to whatever width there is; lines keep their width, and
 * labels are HTML beside it, so that they have the size of text on a phone too. Coordinates are from 0 to 1 here, x to
 * the right and y upwards.
 */
import { html, type Markup } from './markup.js';
import type { Tick } from './ticks.js';

export type Point = readonly [x: number, y: number];

/** Units of the drawing in each direction. */
const SIZE = 1000;

const px = (x: number): string => String(Math.round(x * SIZE * 10) / 10);
const py = (y: number): string => px(1 - y);

/** A line through the points. */
export function line(points: readonly Point[], className: string): Markup {
  return html`<path class="${className}" d="${pathOf(points)}"/>`;
}

/** What lies below the line through the points. */
export function area(points: readonly Point[], className: string): Markup {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return html``;
  return html`<path class="${className}" d="${pathOf(points)}V${py(0)}H${px(first[0])}Z"/>`;
}

function pathOf(points: readonly Point[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('');
}

/** The whole height from one x to another, with a text that shows where the pointer rests. */
export function band(from: number, to: number, className: string, title: string): Markup {
  return html`<rect class="${className}" x="${px(from)}" width="${px(Math.max(0, to - from))}" height="${SIZE}"><title>${title}</title></rect>`;
}

/** Axes and grid around `layers`, the last one on top; `label` is what the chart shows, for those who do not see it. */
export function chart(
  label: string,
  xTicks: readonly Tick[],
  yTicks: readonly Tick[],
  layers: readonly Markup[],
): Markup {
  const grid = yTicks.map(({ at }) => `M0 ${py(at)}H${SIZE}`).join('');
  const marks = xTicks.map(({ at }) => `M${px(at)} 0V${SIZE}`).join('');
  return html`<div class="chart">
<div class="ys" aria-hidden="true">${yTicks.map((tick) => html`<span style="bottom:${percent(tick.at)}">${tick.label}</span>`)}</div>
<svg viewBox="0 0 ${SIZE} ${SIZE}" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="grid" d="${grid}${marks}"/>${layers}</svg>
<div class="xs" aria-hidden="true">${xTicks.map((tick) => html`<span style="left:${percent(tick.at)}">${tick.label}</span>`)}</div>
</div>`;
}

function percent(part: number): string {
  return `${Math.round(part * 10_000) / 100}%`;
}

/** A bar of the part (0 to 1) of its cell's width; what is not nothing can be seen. */
export function bar(part: number, className = 'bar'): Markup {
  const width = part > 0 ? Math.max(0.5, Math.min(1, part) * 100).toFixed(1) : '0';
  return html`<svg class="${className}" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="1"/></svg>`;
}

/** One bar of several parts (0 to 1), each in its colour. */
export function stack(parts: readonly { readonly part: number; readonly className: string }[], label: string): Markup {
  let x = 0;
  const rects = parts.map(({ part, className }) => {
    const from = x;
    x += part;
    return html`<rect class="${className}" x="${px(from)}" width="${px(part)}" height="1"/>`;
  });
  return html`<svg class="stack" viewBox="0 0 ${SIZE} 1" preserveAspectRatio="none" role="img" aria-label="${label}">${rects}</svg>`;
}
