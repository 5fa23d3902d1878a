/** The first rows: what the run does, how it will end and what holds it up. A share in trouble takes both of them. */
import { SIDE_NAMES } from '../../../share/share.js';
import { formatEnd, formatMoment, formatSince } from '../../../stats/format.js';
import type { Snapshot, Trouble } from '../../../stats/snapshot.js';
import { cleanName, cleanText, truncateMiddle } from '../../clean.js';
import { BOTTLENECKS, clock } from '../../words.js';
import { band, cut, joined, type Line, type Style, span, spread, widthOf } from '../text.js';
import type { View } from '../view.js';

export function status(view: View, width: number, height: number): Line[] {
  const { snapshot } = view;
  const time = [span(clock(snapshot.nowMs))];
  const [first, second, look] = saying(view, width - 10);
  const lines = [spread(first, time, width), second];
  const shown = lines.slice(0, height);
  return look === undefined ? shown : shown.map((line) => band(line, width, look));
}

/** Two lines, and how they look if not as any other. */
function saying(view: View, room: number): readonly [Line, Line, Style | undefined] {
  const { snapshot } = view;
  const { troubles, nowMs, migration } = snapshot;
  const [trouble, other] = troubles;
  if (trouble !== undefined) {
    const root = cleanName(trouble.side === 'source' ? migration.source : migration.dest);
    const comfort = `${truncateMiddle(root, 40)}: the run goes on by itself when it is back`;
    return [
      line(`!! ${waiting(trouble, nowMs)}`),
      line(other ? `!! ${waiting(other, nowMs)}` : `   ${comfort}`),
      'alarm',
    ];
  }
  const roots = rootsOf(view, room);
  const [word, look] = stateOf(snapshot);
  const state = [span(word, look)];
  if (snapshot.stopping !== 'no') {
    const what =
      snapshot.stopping === 'drain'
        ? view.quit === 'leave'
          ? 'finishing the files in flight'
          : 'finishing the files in flight; q again stops now'
        : 'ending now';
    return [joined([state, line(what)], room), roots, 'banner'];
  }
  if (snapshot.paused) return [joined([state, line('nothing moves; p goes on')], room), roots, 'banner'];
  const end = [span(word, look), span('  '), ...endOf(view)];
  const why = view.bottleneck === undefined ? [] : [span(BOTTLENECKS[view.bottleneck], 'warn')];
  const both = joined([end, why], room, ' · ');
  // What holds it up is on the screen in any case, beside the roots where there is no room above.
  const second = why.length > 0 && widthOf(both) === widthOf(end) ? joined([why, roots], room, ' · ') : roots;
  return [both, stallsOf(view, room) ?? second, undefined];
}

function line(text: string): Line {
  return [span(text)];
}

/** `WAITING 35s for the destination: no space left (ENOSPC)`. */
function waiting({ side, why, sinceMs }: Trouble, nowMs: number): string {
  return `WAITING ${formatSince(sinceMs, nowMs)} for the ${SIDE_NAMES[side]}: ${cleanText(why)}`;
}

const PHASES = {
  starting: 'STARTING',
  transfer: 'COPYING',
  'last pass': 'LAST PASS',
  'clean-up': 'CLEAN-UP',
  folders: 'FOLDERS',
  'second look': 'SECOND LOOK',
  finished: 'FINISHED',
} as const satisfies Record<Snapshot['phase'], string>;

function stateOf(snapshot: Snapshot): readonly [word: string, look: Style] {
  if (snapshot.stopping !== 'no') return [snapshot.stopping === 'drain' ? 'DRAINING' : 'STOPPING', 'warn'];
  if (snapshot.paused) return ['PAUSED', 'warn'];
  if (snapshot.dryRun) return ['DRY RUN', 'bold'];
  return [PHASES[snapshot.phase], 'bold'];
}

/** `DONE Thu 3 Dec 14:00 ± 5 h`. */
function endOf({ snapshot, expected }: View): Line {
  if (snapshot.dryRun || snapshot.phase === 'finished') return [];
  if (expected === null) return [span('the end is not known yet')];
  if (expected.seconds === 0) return [span('nothing is left to copy')];
  const end = formatEnd(expected.seconds, expected.plusMinus, snapshot.nowMs);
  // A scan that runs still adds to the backlog.
  return [span(`${snapshot.scan.done ? 'DONE' : 'DONE after'} ${end}`, 'good')];
}

/** Calls that hang: the one that does so for longest. */
function stallsOf({ snapshot }: View, room: number): Line | undefined {
  const [first, ...more] = [...snapshot.stalls].sort((a, b) => a.sinceMs - b.sinceMs);
  if (first === undefined) return undefined;
  const count = more.length > 0 ? `${more.length + 1} calls hang, the first` : 'a call hangs';
  const what = `${count} for ${formatSince(first.sinceMs, snapshot.nowMs)}: ${SIDE_NAMES[first.side]}, ${cleanText(first.doing)} `;
  const path = truncateMiddle(cleanName(first.path), Math.max(8, room - what.length));
  return cut([span(`! ${what}${path}`, 'warn')], room);
}

function rootsOf({ snapshot }: View, room: number): Line {
  const { migration, nowMs } = snapshot;
  const most = Math.max(10, Math.floor((room - 3) / 2));
  const [from, to] = [migration.source, migration.dest].map((root) => truncateMiddle(cleanName(root), most));
  const begun = `session ${migration.session}, the first began ${formatMoment(migration.begunMs, nowMs)}`;
  return joined(
    [[span(from!), span(' → ', 'dim'), span(to!)], migration.session > 0 ? [span(begun, 'dim')] : []],
    room,
  );
}
