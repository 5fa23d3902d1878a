/**
 * Numbers as people read them. Pure, and the same in every locale, so that logs can be compared and searched.
 * Every function takes `null`, NaN, an infinity or a negative number as "unknown" and shows it as `-`.
 */
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

const UNKNOWN = '-';

export interface ByteUnit {
  readonly name: (typeof UNITS)[number];
  /** Bytes in one of it, a power of 1024. */
  readonly bytes: number;
}

function known(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value >= 0;
}

/** The largest unit that shows `bytes` as at least 1.0, with rounding in mind: 1023.97 KiB is read as 1.0 MiB. */
export function byteUnit(bytes: number): ByteUnit {
  let index = 0;
  let size = 1;
  while (index < UNITS.length - 1) {
    const shown = index === 0 ? Math.round(bytes) : Math.round((bytes / size) * 10) / 10;
    if (shown < 1024) break;
    index += 1;
    size *= 1024;
  }
  return { name: UNITS[index]!, bytes: size };
}

/** `bytes` as a bare number of `unit`: whole for B, else one decimal. */
export function inUnit(bytes: number | null, unit: ByteUnit): string {
  if (!known(bytes)) return UNKNOWN;
  return (bytes / unit.bytes).toFixed(unit.bytes === 1 ? 0 : 1);
}

/** `0 B`, `1023 B`, `1.5 GiB`. */
export function formatBytes(bytes: number | null): string {
  if (!known(bytes)) return UNKNOWN;
  const unit = byteUnit(bytes);
  return `${inUnit(bytes, unit)} ${unit.name}`;
}

/** Both amounts in the unit of the larger: `3.2/98.1 GiB`. */
export function formatBytesOf(part: number, whole: number): string {
  const unit = byteUnit(Math.max(part, whole));
  return `${inUnit(part, unit)}/${inUnit(whole, unit)} ${unit.name}`;
}

/** Bytes per second: `12.3 MiB/s`. */
export function formatRate(bytesPerSecond: number | null): string {
  return known(bytesPerSecond) ? `${formatBytes(bytesPerSecond)}/s` : UNKNOWN;
}

/** A part of 1: `43 %`; never 100 before it is. */
export function formatPercent(part: number, digits = 0): string {
  if (!known(part)) return UNKNOWN;
  const most = part < 1 ? 100 - 10 ** -digits : 100;
  return `${Math.min(most, part * 100).toFixed(digits)} %`;
}

/** The two largest units of a time in seconds: `3d 04h`, `2h 05m`, `4m 10s`, `12s`. */
export function formatDuration(seconds: number | null): string {
  if (!known(seconds)) return UNKNOWN;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${formatCount(Math.floor(whole / 86_400))}d ${two(Math.floor((whole % 86_400) / 3600))}h`;
}

/** The time from one moment to another, in ms; none where the clock was set back in between. */
export function formatSince(fromMs: number, nowMs: number): string {
  return formatDuration(Math.max(0, nowMs - fromMs) / 1000);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment by the machine's clock: `14:05` today, `Thu 3 Dec 14:05` this year, `3 Dec 2027` later. */
export function formatMoment(ms: number, nowMs: number): string {
  const [at, now] = [new Date(ms), new Date(nowMs)];
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  const day = `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  if (at.getFullYear() !== now.getFullYear()) return `${day} ${at.getFullYear()}`;
  const time = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
  const isToday = at.getDate() === now.getDate() && at.getMonth() === now.getMonth();
  return isToday ? time : `${DAYS[at.getDay()]} ${day} ${time}`;
}

/** What a forecast may be wrong by: `± 5 h`, in the largest unit that makes it at least 2. */
export function formatPlusMinus(seconds: number): string {
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const)
    if (seconds >= 2 * length) return `± ${formatCount(seconds / length)} ${unit}`;
  return `± ${formatCount(seconds)} s`;
}

/** When something ends that takes `seconds`, give or take: `Thu 3 Dec 14:00 ± 5 h`; no finer than it is known. */
export function formatEnd(seconds: number, plusMinus: number, nowMs: number): string {
  const grainMs = plusMinus >= 7200 ? 3_600_000 : 60_000;
  const endMs = Math.round((nowMs + seconds * 1000) / grainMs) * grainMs;
  return `${formatMoment(endMs, nowMs)} ${formatPlusMinus(plusMinus)}`;
}

/** `12,345`; a fraction is rounded. */
export function formatCount(count: number | null): string {
  if (!known(count)) return UNKNOWN;
  return BigInt(Math.round(count))
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 file`, `1,204 files`. */
export function formatCounted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A count in few columns: exact up to 99,999, then thousands `K`, millions `M`, ...: `12.3M`. */
export function formatShortCount(count: number | null): string {
  if (!known(count) || count < 100_000) return formatCount(count);
  let value = count;
  for (const suffix of ['K', 'M', 'G', 'T']) {
    value /= 1000;
    if (Math.round(value * 10) / 10 < 1000) return `${value.toFixed(1)}${suffix}`;
  }
  return `${formatCount(value)}T`;
}
