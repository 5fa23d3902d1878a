/** Words that several surfaces share. */
import type { Limits } from '../pace/timetable.js';
import type { Bottleneck } from '../stats/flow.js';
import { formatMoment, formatRate } from '../stats/format.js';
import { tightest } from '../stats/history.js';
import type { Snapshot } from '../stats/snapshot.js';

export const BOTTLENECKS: Readonly<Record<Bottleneck, string>> = {
  trouble: 'a share is waited for',
  pause: 'paused',
  limit: 'the limit is the bottleneck',
  guard: 'gives way to other users of the share',
  scan: 'the scan is the bottleneck',
  source: 'source is the bottleneck',
  dest: 'destination is the bottleneck',
};

/** `20.0 MiB/s` for both directions, `20.0 MiB/s:off` where they differ. */
export function limitOf({ read, write }: Limits): string {
  const [from, to] = [read, write].map((limit) => (limit > 0 ? formatRate(limit) : 'off'));
  return from === to ? from! : `${from}:${to}`;
}

/** `20.0 MiB/s; 80.0 MiB/s from 18:00; giving way to 3.1 MiB/s`; '' when there is nothing to say. */
export function limitWords({ bwlimit, guards, nextLimit, nowMs }: Snapshot): string {
  const parts = [limitOf(bwlimit)];
  if (nextLimit) parts.push(`${limitOf(nextLimit.limits)} from ${formatMoment(nextLimit.atMs, nowMs)}`);
  if (tightest(guards) > 0) parts.push(`giving way to ${limitOf(guards)}`);
  return parts.length === 1 && parts[0] === 'off' ? '' : parts.join('; ');
}

/** Local time: `14:05:09`. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
