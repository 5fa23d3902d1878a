/** Verdicts on how fast the shares are, by the short measurements of share/local/canary/speed.ts. Pure. */
import type { DestSpeed, Latency, SourceSpeed } from '../share/local/canary/speed.js';
import { formatRate, formatShortCount } from '../stats/format.js';
import { type Check, pass, warn } from './check.js';

/** One call in a hundred that takes so long holds a lane up, ms. */
const SLOW_MS = 500;
/** One thread that moves less has a share in trouble before it, bytes/s. */
const SLOW_RATE = 4 * 1024 ** 2;

export function judgeDestSpeed({ write, ...calls }: DestSpeed): Check[] {
  return [
    judgeLatency('dest-latency', calls),
    judgeRate('dest-speed', write, 'written and flushed by one thread', 'too little room to try'),
  ];
}

export function judgeSourceSpeed({ list, open, read }: SourceSpeed): Check[] {
  const rate = judgeRate('source-speed', read, 'read by one thread', 'too little there to try');
  return [
    open ? judgeLatency('source-latency', { open }) : pass('source-latency', 'no file to open', { calls: {} }),
    {
      ...rate,
      says: `${rate.says}; ${formatShortCount(list)} entries/s listed`,
      facts: { ...rate.facts, entriesPerSecond: Math.round(list) },
    },
  ];
}

function judgeLatency(name: string, calls: Readonly<Record<string, Latency>>): Check {
  const facts = { calls };
  const shown = Object.entries(calls).map(([call, { p50Ms, p99Ms }]) => `${call} ${ms(p50Ms)} / ${ms(p99Ms)}`);
  const says = `${shown.join(', ')} ms (half of the calls / 99 in 100)`;
  const worst = Math.max(...Object.values(calls).map(({ p99Ms }) => p99Ms));
  if (worst < SLOW_MS) return pass(name, says, facts);
  return warn(
    name,
    `${says}: some calls take very long`,
    'see what else uses the share or the network; try again later',
    facts,
  );
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function judgeRate(name: string, rate: number | undefined, how: string, why: string): Check {
  const facts = { bytesPerSecond: rate === undefined ? null : Math.round(rate) };
  if (rate === undefined) return pass(name, `not measured: ${why}`, facts);
  const says = `${formatRate(rate)} ${how}`;
  if (rate >= SLOW_RATE) return pass(name, says, facts);
  return warn(name, `${says}: slow`, 'see what else uses the share or the network; more threads may give more', facts);
}
