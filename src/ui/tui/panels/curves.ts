/** Throughput over time with the limit as a line. */
import { formatRate } from '../../../stats/format.js';
import { ratesMean, ratesNow } from '../../../stats/rates.js';
import { drawCurve, topOf } from '../curve.js';
import { heading, joined, type Line, span } from '../text.js';
import { TIMES, type Time, type View } from '../view.js';
import { clip, shortSize } from '../words.js';

/** Columns of the scale beside a curve. */
const SCALE = 6;

const SHORT_TIMES: Readonly<Record<Time, string>> = { minute: '1 min', hour: '1 h', day: '1 d' };

/** The curve of one side; `later` counts the next longer times after the one that was chosen. */
export function curve(side: 'read' | 'write', later = 0) {
  return (view: View, width: number, height: number): Line[] => {
    const { snapshot, history } = view;
    const time = TIMES[(TIMES.indexOf(view.time) + later) % TIMES.length]!;
    const now = ratesNow(history, snapshot.nowMs);
    const mean = ratesMean(snapshot);
    const [rate, average] = side === 'read' ? [now?.read, mean?.read] : [now?.written, mean?.written];
    const limit = snapshot.bwlimit[side];
    const guard = snapshot.guards[side];
    const next = snapshot.nextLimit?.limits[side];
    const title = joined(
      later > 0
        ? [[span(`${side} `, side), span(`last ${time}`, 'dim')]]
        : [
            [span(`${side} ${formatRate(rate ?? null)}`, side)],
            limit > 0 ? [span(`limit ${shortSize(limit)}`, 'limit')] : [span('no limit', 'dim')],
            [span(SHORT_TIMES[time], 'dim')],
            guard > 0 && (limit === 0 || guard < limit) ? [span(`gives way to ${shortSize(guard)}`, 'warn')] : [],
            snapshot.nextLimit ? [span(`then ${next ? shortSize(next) : 'off'}`, 'dim')] : [],
            [span(`mean ${shortSize(average ?? 0)}`, 'dim')],
          ],
      width - 3,
    );
    const rows = height - 1;
    const columns = width - SCALE;
    if (rows < 1 || columns < 4) return clip([heading(title, width)], height);
    const series = view.series(time, columns * 2);
    const top = topOf(series);
    const drawn = drawCurve(series[side], series.limit, top, rows, side);
    const lines = drawn.map((line, row) => [span(`${scaleAt(row, rows, top).padStart(SCALE - 1)} `, 'dim'), ...line]);
    return [heading(title, width), ...lines];
  };
}

/** The label of a row: at the top, at the bottom, and half way where there is room. */
function scaleAt(row: number, rows: number, top: number): string {
  if (row === rows - 1) return '0';
  if (top <= 1) return '';
  if (row === 0) return shortSize(top);
  return rows >= 6 && row * 2 === rows ? shortSize(top / 2) : '';
}
