/** Numbers and times in few columns. Pure. */
import { byteUnit, inUnit } from '../../stats/format.js';

/** A size or rate as the options take it: `80M`, `1.5G`, `0`. */
export function shortSize(bytes: number): string {
  const unit = byteUnit(bytes);
  return `${inUnit(bytes, unit).replace(/\.0$/, '')}${unit.bytes === 1 ? '' : unit.name[0]}`;
}

/** `0.3`, `8.1`, `45`, `1200`: ms to two digits at least. */
export function shortMs(ms: number | undefined): string {
  if (ms === undefined) return '-';
  return ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0);
}

/** The first rows, as many as there is room for. */
export function clip<T>(items: readonly T[], height: number): T[] {
  return items.slice(0, Math.max(0, height));
}
