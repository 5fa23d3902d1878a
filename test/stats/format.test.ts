import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatCounted,
  formatDuration,
  formatPercent,
  formatRate,
  formatShortCount,
} from '../../src/stats/format.js';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1023.7, '1.0 KiB'],
    [1024, '1.0 KiB'],
    [1.5 * GIB, '1.5 GiB'],
    [1024 * KIB - 1, '1.0 MiB'],
    [200 * 1024 * GIB, '200.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
    [2000 * 1024 ** 6, '2000.0 EiB'],
    [null, '-'],
    [Number.NaN, '-'],
    [Number.POSITIVE_INFINITY, '-'],
    [-1, '-'],
  ])('shows %s as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('shows at most six digits below an EiB, whatever the rounding', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^(?:\d{1,4} B|\d{1,4}\.\d [KMGTP]iB)$/);
        expect(Number.parseFloat(formatBytes(bytes))).toBeLessThan(1024);
      }),
    );
  });
});

describe('formatCounted', () => {
  it.each([
    [formatCounted(0, 'file'), '0 files'],
    [formatCounted(1, 'file'), '1 file'],
    [formatCounted(1204, 'entry', 'entries'), '1,204 entries'],
  ])('shows %s', (shown, text) => {
    expect(shown).toBe(text);
  });
});

describe('formatPercent', () => {
  it.each([
    [0, 0, '0 %'],
    [0.426, 0, '43 %'],
    [0.999, 0, '99 %'],
    [0.9996, 1, '99.9 %'],
    [0.9995, 2, '99.95 %'],
    [1, 1, '100.0 %'],
    [Number.NaN, 0, '-'],
  ])('shows %s with %s digits as %s', (part, digits, text) => {
    expect(formatPercent(part, digits)).toBe(text);
  });
});

describe('formatRate', () => {
  it.each([
    [12.3 * MIB, '12.3 MiB/s'],
    [0, '0 B/s'],
    [0.4, '0 B/s'],
    [null, '-'],
  ])('shows %s as %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });
});

describe('formatBytesOf', () => {
  it.each([
    [3.2 * GIB, 98.1 * GIB, '3.2/98.1 GiB'],
    [12, 800, '12/800 B'],
    [0, 0, '0/0 B'],
    [10 * MIB, 5 * GIB, '0.0/5.0 GiB'],
  ])('shows %s of %s as %s', (part, whole, text) => {
    expect(formatBytesOf(part, whole)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [12, '12s'],
    [59.4, '59s'],
    [59.6, '1m 00s'],
    [250, '4m 10s'],
    [3599.5, '1h 00m'],
    [7500, '2h 05m'],
    [86_399, '23h 59m'],
    [3 * 86_400 + 4 * 3600 + 59, '3d 04h'],
    [1234 * 86_400, '1,234d 00h'],
    [null, '-'],
    [Number.NaN, '-'],
    [Number.POSITIVE_INFINITY, '-'],
    [-3, '-'],
  ])('shows %s seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [12_345, '12,345'],
    [1_234_567.6, '1,234,568'],
    [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
    [null, '-'],
  ])('shows %s as %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});

describe('formatShortCount', () => {
  it.each([
    [0, '0'],
    [99_999, '99,999'],
    [100_000, '100.0K'],
    [999_960, '1.0M'],
    [12_345_678, '12.3M'],
    [3.2e9, '3.2G'],
    [5e15, '5,000T'],
    [null, '-'],
  ])('shows %s as %s', (count, text) => {
    expect(formatShortCount(count)).toBe(text);
  });
});
