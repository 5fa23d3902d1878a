/** How much is done, what the scan has seen, and what failed. */
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatCounted,
  formatDuration,
  formatPercent,
  formatPlusMinus,
  formatShortCount,
} from '../../../stats/format.js';
import { progressOf } from '../../../stats/progress.js';
import type { Snapshot } from '../../../stats/snapshot.js';
import { cleanText } from '../../clean.js';
import { bar, cut, heading, joined, type Line, span, spread, widthOf } from '../text.js';
import type { View } from '../view.js';
import { clip } from '../words.js';

/** A bar, and the figures below it. */
export function backlog(view: View, width: number, height: number): Line[] {
  const { snapshot } = view;
  if (snapshot.dryRun) return clip(dryRun(snapshot, width), height);
  const { done, all, part } = progressOf(snapshot);
  const { pending, failed, skipped } = snapshot.total;
  const shown = [span(` ${formatPercent(part, 1)}`, 'bold'), span(`  ETA ${etaOf(view)}`)];
  const room = width - widthOf(shown);
  const first = room >= 8 ? [...bar(part, room, 'good'), ...shown] : cut(shown, width);
  const deleted = snapshot.session.deleted;
  const second = joined(
    [
      [span(formatBytesOf(done.bytes, all.bytes), 'bold'), span(' done')],
      [span(`${formatShortCount(done.files)}/${formatShortCount(all.files)} files`)],
      failed.files > 0 ? [span(`failed ${formatCount(failed.files)}`, 'bad')] : [],
      [
        span(
          `left ${formatBytes(Math.max(0, all.bytes - done.bytes - failed.bytes))}, ${formatCounted(pending.files, 'file')}`,
        ),
      ],
      deleted > 0 ? [span(`deleted ${formatCount(deleted)}`)] : [],
      skipped > 0 ? [span(`skipped ${formatCount(skipped)}`, 'dim')] : [],
      [
        span(
          `this session ${formatBytes(snapshot.session.copied.bytes)}, ${formatCounted(snapshot.session.copied.files, 'file')}`,
          'dim',
        ),
      ],
    ],
    width,
  );
  return clip([first, second], height);
}

function dryRun({ total, session }: Snapshot, width: number): Line[] {
  const { files, bytes } = total.pending;
  return [
    cut([span(`would copy ${formatCounted(files, 'file')}, ${formatBytes(bytes)}`, 'bold')], width),
    joined(
      [
        [span(`same ${formatCount(session.same.files)}`)],
        [span(`would delete ${formatCount(session.deleted)}`)],
        session.failed > 0 ? [span(`failed ${formatCount(session.failed)}`, 'bad')] : [],
      ],
      width,
    ),
  ];
}

/** `11d 04h ± 5 h`; `>` while a scan still adds to the backlog. */
function etaOf({ snapshot, expected }: View): string {
  if (expected === null) return '-';
  if (expected.seconds === 0) return formatDuration(0);
  const more = snapshot.scan.done ? '' : '>';
  return `${more}${formatDuration(expected.seconds)} ${formatPlusMinus(expected.plusMinus)}`;
}

/** In one row, or as a panel. */
export function scan({ snapshot }: View, width: number, height: number): Line[] {
  const { done, dirs, files, bytes, errors } = snapshot.scan;
  const lost = errors > 0 ? [span(`${formatCount(errors)} not seen`, 'bad')] : [];
  if (height === 1) {
    const crew = done ? [] : [span(`${snapshot.lanes.scanners} scanners`, 'dim')];
    const word = done ? (dirs > 0 ? 'scanned' : 'no scan in this session') : 'scanning';
    const seen = dirs > 0 || !done ? [span(`${formatCounted(dirs, 'folder')}`)] : [];
    const rest = dirs > 0 ? [[span(`${formatShortCount(files)} files`)], [span(formatBytes(bytes))]] : [];
    return [
      joined(
        [[span(word, done ? 'dim' : 'bold'), span(seen.length > 0 ? ' ' : ''), ...seen], lost, ...rest, crew],
        width,
      ),
    ];
  }
  const state = done ? (dirs > 0 ? 'done' : 'none in this session') : 'running';
  const rows: Line[] = [
    [span(`${formatCounted(dirs, 'folder')}`)],
    lost,
    [span(`${formatCounted(files, 'file')}`)],
    [span(formatBytes(bytes))],
    [span(`${formatCount(snapshot.lanes.scanners)} scanners`)],
    [span(`${formatCounted(snapshot.session.same.files, 'file')} were there already`)],
    [span(`${formatCount(snapshot.session.deleted)} entries deleted`)],
  ];
  const present = rows.filter((row) => row.length > 0).map((row) => cut(row, width));
  // Where there are few rows they hold several figures each.
  const body = present.length < height ? present : [joined(rows, width), ...present.slice(3)];
  return clip([heading([span('scan '), span(state, done ? 'dim' : 'bold')], width), ...body], height);
}

/** By kind, the most frequent first. */
export function errors({ snapshot }: View, width: number, height: number): Line[] {
  const kinds = Object.entries(snapshot.errors).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const failed = snapshot.total.failed.files;
  const title =
    failed > 0
      ? [span(`${formatCount(failed)} failed`, 'bad'), span(', e shows them', 'dim')]
      : [span('no errors', 'dim')];
  const cells = kinds.map(([code, count]): Line => [span(cleanText(code), 'bad'), span(` ${formatCount(count)}`)]);
  if (height === 1) return [joined([title, ...cells], width)];
  const rows = kinds.map(([code, count]) => spread([span(cleanText(code), 'bad')], [span(formatCount(count))], width));
  return clip(
    [heading(failed > 0 ? title : [span('errors')], width), ...(rows.length > 0 ? rows : [title])],
    height,
  ).map((row) => cut(row, width));
}
