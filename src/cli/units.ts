/**
 * Numbers as people write them. Every function throws a UsageError whose message completes "<where> <value>: ", so it
 * says what is wrong and what to write, and does not repeat the value.
 */
import { UsageError } from '../exit.js';

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
