/** Verdicts on where the two roots are: mounts, snapshots, clocks, room. Pure. */
import type { Space } from '../posix/statfs.js';
import type { ClockFacts, PlaceFacts } from '../share/local/canary/examine.js';
import { makesUpNumbers, softnessOf } from '../share/mounts.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { type Check, fail, pass, warn } from './check.js';

/** Options of mounts that say how they behave, as nfs(5) and mount.cifs(8) have them. */
const TELLING =
  /^(ro|rw|soft|softerr|softreval|hard|sync|noac|timeo=|retrans=|nconnect=|vers=|cache=|actimeo=|nounix|unix|posix|map\w+|nomap\w+|noserverino|noatime|relatime|nodiratime|local_lock=)/;

export function judgeMount(side: Side, { filesystem, mount }: PlaceFacts): Check {
  const name = `${side}-mount`;
  const options = mount.options.filter((option) => TELLING.test(option));
  const has = (...wanted: string[]) => wanted.find((option) => mount.options.includes(option));
  const facts = { filesystem, type: mount.type, mountPoint: mount.mountPoint, options };
  const shown = [mount.type || filesystem, ...options].join(' ');
  const soft = softnessOf(mount);
  if (soft)
    return warn(
      name,
      `${shown}: a ${soft} mount gives errors where a hard one waits, when the server is slow or away`,
      `mount the ${SIDE_NAMES[side]} hard (nfs(5)): a hard mount holds the copy up, and no file fails`,
      facts,
    );
  if (makesUpNumbers(mount))
    return warn(
      name,
      `${shown}: inode numbers are made up, and others after each mount: a copy refuses the root as another folder, and -H finds no names of one file`,
      `mount the ${SIDE_NAMES[side]} with serverino (mount.cifs(8)), or give --accept-roots after each mount`,
      facts,
    );
  const slow = has('sync', 'noac');
  if (slow && side === 'dest')
    return warn(
      name,
      `${shown}: ${slow} makes each write wait for the server`,
      `mount the destination without ${slow}; a copy flushes each file by itself`,
      facts,
    );
  return pass(name, shown, facts);
}

export function judgeSnapshots({ snapshots }: PlaceFacts): Check {
  const facts = { snapshots };
  const listed = snapshots.filter(({ listed }) => listed).map(({ name }) => name);
  if (listed.length > 0)
    return warn(
      'snapshots',
      `${listed.join(', ')} in the source's root: older states of the tree that are listed as a part of it`,
      'leave them out, or hide them at the server: they are copied as often as there are snapshots',
      facts,
    );
  if (snapshots.length > 0)
    return pass('snapshots', `${snapshots.map(({ name }) => name).join(', ')}: there, and not listed`, facts);
  return pass('snapshots', 'none in the root of the source', facts);
}

/** Clocks that are so far from ours are worth a word, ms. */
const SKEW_MS = 60_000;

export function judgeClock({ aheadMs, plusMinusMs }: ClockFacts): Check {
  const facts = { aheadMs: Math.round(aheadMs), plusMinusMs: Math.round(plusMinusMs) };
  const apart = Math.max(0, Math.abs(aheadMs) - plusMinusMs);
  const shown = `${seconds(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (apart < SKEW_MS) return pass('dest-clock', apart < 1000 ? "the same as this machine's" : shown, facts);
  return warn(
    'dest-clock',
    `the destination's clock is ${shown}`,
    "set both by NTP; a copy goes by each share's own clock, but people compare them",
    facts,
  );
}

/** Nothing is written to the source, so that only a clock that is ahead shows, by changes from the future. */
export function judgeSourceClock({ changedNs }: PlaceFacts, nowMs: number): Check {
  const aheadMs = Number(changedNs / 1_000_000n) - nowMs;
  const facts = { aheadMs: aheadMs > 0 ? Math.round(aheadMs) : null };
  if (aheadMs < SKEW_MS)
    return pass('source-clock', 'no sign that it is wrong (nothing is written there to be sure)', facts);
  return warn(
    'source-clock',
    `the source's root was changed ${seconds(aheadMs)} from now: its clock, or this machine's, is wrong`,
    'set both by NTP',
    facts,
  );
}

function seconds(ms: number): string {
  return `${formatCount(ms / 1000)} s`;
}

/** What is still to be copied, as far as it is known. */
export interface Need {
  readonly bytes: number;
  readonly files: number;
  /** ledger: what it has as not synced; scan: all of the source; filesystem: all that is used where the source is. */
  readonly from: 'ledger' | 'scan' | 'filesystem';
  /** The destination has nothing yet, or what it has is taken off: it is no less. */
  readonly isSure: boolean;
}

const NEED_SAYS: Record<Need['from'], string> = {
  ledger: 'not yet synced by the ledger',
  scan: 'in the source by the scan',
  filesystem: "used on the source's filesystem",
};

/** `need` is undefined where nobody has counted. */
export function judgeSpace(space: Space, need: Need | undefined): Check[] {
  if (!need) {
    const facts = { free: space.freeBytes, needed: null, from: null };
    return [
      pass('space', `${formatBytes(space.freeBytes)} free; what is needed is not known, --scan counts it`, facts),
    ];
  }
  const bytes = judgeRoom('space', space.freeBytes, need.bytes, formatBytes, need, 'free at least');
  // Filesystems without a fixed number tell 0 of 0.
  const inodes =
    space.totalInodes === 0
      ? pass('inodes', 'no fixed number', { free: null, needed: need.files, from: need.from })
      : judgeRoom('inodes', space.freeInodes, need.files, formatCount, need, 'make room for');
  return [bytes, inodes];
}

function judgeRoom(
  name: string,
  free: number,
  needed: number,
  format: (value: number) => string,
  need: Need,
  verb: string,
): Check {
  const facts = { free, needed, from: need.from };
  const shown = `${format(free)} free, ${format(needed)} ${NEED_SAYS[need.from]}`;
  if (needed <= free) return pass(name, shown, facts);
  const advice = `${verb} ${format(needed - free)} more`;
  if (need.isSure) return fail(name, `${shown}: it does not fit`, advice, facts);
  return warn(name, `${shown}: it may not fit`, `${advice}, unless the destination has a part of it already`, facts);
}
