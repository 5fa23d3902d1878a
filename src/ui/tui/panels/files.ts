/** Files in flight with their progress, and those that were finished last. */
import { fileEta } from '../../../stats/eta.js';
import { formatBytes, formatBytesOf, formatDuration, formatPercent } from '../../../stats/format.js';
import { tightest } from '../../../stats/history.js';
import { cleanName, cleanText, truncateMiddle } from '../../clean.js';
import { columnsOf } from '../../width.js';
import { clock } from '../../words.js';
import { bar, cut, heading, type Line, span, spread, widthOf } from '../text.js';
import type { View } from '../view.js';
import { clip } from '../words.js';

/** A name, shortened in its middle, with figures at the right. */
function withName(name: string, figures: Line, width: number, before: Line = []): Line {
  const room = width - widthOf(figures) - widthOf(before) - 1;
  if (room < 8) return cut([...before, span(name)], width);
  return spread([...before, span(truncateMiddle(name, room))], figures, width);
}

export function active(view: View, width: number, height: number): Line[] {
  const { snapshot } = view;
  const { lanes } = snapshot;
  const limit = tightest(snapshot.bwlimit);
  const rows = snapshot.active.map((file) => {
    const part = file.size > 0 ? file.done / file.size : 0;
    const eta = formatDuration(fileEta(file, limit, snapshot.nowMs)).padStart(8);
    const figures = [
      span(width >= 56 ? `${formatBytesOf(file.done, file.size).padStart(18)} ` : ''),
      ...(width >= 76 ? bar(part, 10, 'read') : []),
      span(formatPercent(part).padStart(6)),
      span(eta),
    ];
    return withName(cleanName(file.path), figures, width);
  });
  const title = [span('in flight', 'bold'), span(` ${lanes.readers} → ${lanes.writers} lanes`, 'dim')];
  return clip([heading(title, width), ...(rows.length > 0 ? rows : [[span('nothing', 'dim')]])], height).map((line) =>
    cut(line, width),
  );
}

export function recent({ snapshot }: View, width: number, height: number): Line[] {
  const rows = snapshot.recent.map((file) => {
    const at = [span(`${clock(file.endedMs)} `, 'dim')];
    const name = cleanName(file.path);
    if (file.error === undefined) {
      const took = formatDuration(file.tookMs === undefined ? null : file.tookMs / 1000);
      return withName(name, [span(formatBytes(file.size).padStart(10)), span(took.padStart(8))], width, at);
    }
    // The reason matters, but a name is needed to find the file.
    const error = truncateMiddle(cleanText(file.error), Math.floor(width / 2));
    const room = width - columnsOf(error) - 2 - widthOf(at);
    return cut([...at, span(`${truncateMiddle(name, Math.max(4, room))}: `), span(error, 'bad')], width);
  });
  const body = rows.length > 0 ? rows : [[span('nothing yet', 'dim')]];
  return clip([heading([span('finished last', 'bold')], width), ...body], height).map((line) => cut(line, width));
}
