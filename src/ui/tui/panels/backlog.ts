/** How much is done, what the scan has seen, and what failed. */
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatCounted,
  formatDuration,
  formatPlusMinus,
  formatShortCount,
} from '../../../stats/format.js';
import type { Snapshot } from '../../../stats/snapshot.js';
import { cleanText } from '../../clean.js';
import { bar, cut, heading, joined, type Line, percent, span, spread, widthOf } from '../text.js';
import type { View } from '../view.js';
import { clip } from '../words.js';

/** Synced and all of the migration as far as it is known, all sessions; bytes in flight count as they are read. */
function amountsOf({ total, active }: Snapshot) {
  const { synced, pending, failed } = total;
  const files = { done: synced.files, all: synced.files + pending.files + failed.files };
  const all = synced.bytes + pending.bytes + failed.bytes;
  const inFlight = active.reduce((sum, file) => sum + file.done, 0);
  const bytes = { done: Math.min(synced.bytes + inFlight, all), all };
  // Empty files have a number and no size.
  const part = bytes.all > 0 ? bytes.done / bytes.all : files.all > 0 ? files.done / files.all : 0;
  return { files, bytes, part };
}

/** A bar, and the figures below it. */
export function backlog(view: View, width: number, height: number): Line[] {
  const { snapshot } = view;
  if (snapshot.dryRun) return clip(dryRun(snapshot, width), height);
  const { files, bytes, part } = amountsOf(snapshot);
  const { pending, failed, skipped } = snapshot.total;
  const shown = [span(` ${percent(part, 1)}`, 'bold'), span(`  ETA ${etaOf(view)}`)];
  const room = width - widthOf(shown);
  const first = room >= 8 ? [...bar(part, room, 'good'), ...shown] : cut(shown, width);
  const deleted = snapshot.session.deleted;
  const second = joined(
    [
      [span(formatBytesOf(bytes.done, bytes.all), 'bold'), span(' done')],
      [span(`${formatShortCount(files.done)}/${formatShortCount(files.all)} files`)],
      failed.files > 0 ? [span(`failed ${formatCount(failed.files)}`, 'bad')] : [],
      [
        span(
          `left ${formatBytes(Math.max(0, bytes.all - bytes.done - failed.bytes))}, ${formatCounted(pending.files, 'file')}`,
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
  const lost = errors > 0 ? [span(`${formatCounted(errors, 'folder')} not listed`, 'bad')] : [];
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
