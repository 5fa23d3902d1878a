/**
 * Numbers as people write them. Every function throws a UsageError whose message completes "<where> <value>: ", so it
 * says what is wrong and what to write, and does not repeat the value.
 */
import { UsageError } from '../exit.js';
import type { DeleteLimit } from '../settings.js';

const FACTORS = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't'].flatMap((letter, index): [string, number][] => [
    [letter, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
  ]),
]);

/** The slowest limit in bytes/s that is taken: below it a block takes hours, and the unit was probably forgotten. */
const SLOWEST = 1024;

/** Digits only, and few enough to be exact. */
const WHOLE = /^\d{1,15}$/;

/**
 * A size in bytes, at least 1: `512`, `64K`, `1.5G`, `20MB`. K M G T (or KiB ...) are powers of 1024, KB MB GB TB are
 * powers of 1000; case does not matter. A fraction of a byte is rounded.
 */
export function parseSize(text: string): number {
  return parseBytes(text, 'size', '64K, 5M or 1.5G');
}

/** A rate in bytes/s, as a size with or without `/s`, at least 1K; 0 for `off`: unlimited. */
export function parseRate(text: string): number {
  if (/^\s*off\s*$/i.test(text)) return 0;
  const rate = parseBytes(text.replace(/\/s\s*$/i, ''), 'rate', '20M, 1.5MB or off');
  if (rate < SLOWEST)
    throw new UsageError('the slowest rate is 1K (bytes/s); write for example 20M, or off for no limit');
  return rate;
}

/** A limit for each direction in bytes/s, 0: unlimited. One rate is for both; `READ:WRITE` sets them apart. */
export function parseRates(text: string): { read: number; write: number } {
  const [read = '', write = read, ...more] = text.split(':');
  if (more.length > 0) throw new UsageError('not a rate; write RATE or READ:WRITE, for example 20M or 50M:20M');
  return { read: parseRate(read), write: parseRate(write) };
}

/** The longest and the shortest latency that can be aimed at, ms. */
const LATENCIES = { min: 1, max: 10_000 };

/** A time in ms, 1ms to 10s: `20ms`, `1.5s`; 0 for `off`. */
function parseLatency(text: string): number {
  if (/^\s*off\s*$/i.test(text)) return 0;
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)\s*$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined)
    throw new UsageError('not a time; write for example 20ms, src=20ms,dst=50ms or off');
  const ms = Number(digits) * (unit.toLowerCase() === 's' ? 1000 : 1);
  if (!(ms >= LATENCIES.min && ms <= LATENCIES.max)) throw new UsageError('must be from 1ms to 10s');
  return ms;
}

/** A latency for both shares, or `src=TIME`, `dst=TIME` with a comma between them; in ms, 0: none. */
export function parseLatencies(text: string): { source: number; dest: number } {
  if (!text.includes('=')) return { source: parseLatency(text), dest: parseLatency(text) };
  const latencies = { source: 0, dest: 0 };
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [, name, time] = /^\s*(src|dst)\s*=(.*)$/is.exec(part) ?? [];
    if (name === undefined || time === undefined)
      throw new UsageError('write src=TIME, dst=TIME or both, for example src=20ms,dst=50ms');
    const side = name.toLowerCase() === 'src' ? 'source' : 'dest';
    if (named.has(side)) throw new UsageError(`${name} is there twice`);
    named.add(side);
    latencies[side] = parseLatency(time);
  }
  return latencies;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in ms, 1s to 365d: `90s`, `30m`, `24h`, `2d`. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([smhd])\s*$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined)
    throw new UsageError('not a time; write for example 90s, 30m, 24h or 2d');
  const ms = Number(digits) * UNIT_MS[unit.toLowerCase()]!;
  if (!(ms >= UNIT_MS.s! && ms <= 365 * UNIT_MS.d!)) throw new UsageError('must be from 1s to 365d');
  return ms;
}

/** `1000`, `10%`, or `unlimited`. */
export function parseDeleteLimit(text: string): DeleteLimit {
  if (/^\s*unlimited\s*$/i.test(text)) return { count: undefined, part: undefined };
  const [, percent] = /^\s*(\d{1,3}(?:\.\d+)?)\s*%\s*$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { count: undefined, part: Number(percent) / 100 };
  if (WHOLE.test(text.trim())) return { count: Number(text), part: undefined };
  throw new UsageError('not a limit; write a number such as 5000, a percentage such as 10%, or unlimited');
}

/** What an operation counts for, in bytes: a size up to 1M, or 0. */
export function parseCost(text: string): number {
  const cost = /^\s*0+\s*$/.test(text) ? 0 : parseSize(text);
  if (cost > 1024 ** 2) throw new UsageError('must be from 0 to 1M');
  return cost;
}

/**
 * A bound of file sizes in bytes as rsync takes it: a size or 0, and `+1` or `-1` after it for a byte more or less;
 * undefined for `off`.
 */
export function parseBound(text: string): number | undefined {
  if (/^\s*off\s*$/i.test(text)) return undefined;
  const [, size = '', more] = /^(.*?)([+-]1)?\s*$/s.exec(text) ?? [];
  const bytes = /^\s*0+\s*b?\s*$/i.test(size) ? 0 : parseSize(size);
  const bound = bytes + Number(more ?? 0);
  if (bound < 0) throw new UsageError('must not be less than zero');
  return bound;
}

/** A whole number between `min` and `max`, both included. */
export function parseCount(text: string, { min, max }: { min: number; max: number }): number {
  const count = WHOLE.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(count >= min && count <= max)) throw new UsageError(`must be a whole number from ${min} to ${max}`);
  return count;
}

function parseBytes(text: string, what: string, example: string): number {
  const [, sign, digits, unit] = /^\s*([+-]?)(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) throw new UsageError(`not a ${what}; write for example ${example}`);
  const factor = FACTORS.get(unit.toLowerCase());
  if (factor === undefined) {
    throw new UsageError(`unknown unit '${unit}' (K M G T, or KB MB GB TB); write for example ${example}`);
  }
  const bytes = Math.round(Number(digits) * factor);
  if (sign === '-' || bytes === 0) throw new UsageError(`must be more than zero; write for example ${example}`);
  if (!(bytes <= Number.MAX_SAFE_INTEGER)) throw new UsageError(`too large; write for example ${example}`);
  return bytes;
}
