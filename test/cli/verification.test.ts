import { describe, expect, test } from 'vitest';
import { parse } from '../../src/cli/parse.js';
import { parseSample, parseSince } from '../../src/cli/verification.js';
import { always } from '../../src/pace/timetable.js';
import type { VerifySettings } from '../../src/settings.js';
import { usageMessage, usageMessageOf } from './helpers.js';

const NOW = Date.parse('2026-11-30T12:00:00Z');

test.each([
  ['5%', { part: 0.05, seed: undefined }],
  [' 12.5 %', { part: 0.125, seed: undefined }],
  ['100%:a-B_9', { part: 1, seed: 'a-B_9' }],
  ['off', undefined],
])('--sample %s', (text, value) => {
  expect(parseSample(text)).toEqual(value);
});

test.each(['5', '0%', '101%', '5%:', '5%:a b', '-5%', ''])('--sample %j is refused', (text) => {
  expect(usageMessage(() => parseSample(text))).toContain('write a percentage such as 5%');
});

test.each([
  ['24h', NOW - 86_400_000],
  ['2026-11-30T11:00Z', NOW - 3_600_000],
  ['2026-11-30 13:00:30.5+02:00', NOW - 3_570_000 + 500],
  ['2026-11-29', new Date(2026, 10, 29).getTime()],
  ['2026-11-29T08:30', new Date(2026, 10, 29, 8, 30).getTime()],
  ['off', undefined],
])('--since %s', (text, ms) => {
  expect(parseSince(text, NOW)).toBe(ms);
});

test.each([
  ['tomorrow', 'not a time'],
  ['2026-11', 'not a time'],
  ['2026-13-01', 'there is no such time'],
  ['2027-01-01', 'is yet to come'],
  ['1000d', 'must be from 1s to 365d'],
])('--since %s is refused', (text, why) => {
  expect(usageMessage(() => parseSince(text, NOW))).toContain(why);
});

describe('the command', () => {
  const machine = { env: { HOME: '/home/me' }, memory: 8 * 1024 ** 3, terminal: 'fit' as const };
  const settings = async (...args: string[]) => {
    const command = await parse(['verify', ...args], machine);
    return (command as { settings: VerifySettings }).settings;
  };

  test('is about what is unverified, and of the ledger of a pair, a named one, or the only one', async () => {
    expect(await settings('/a', '/b')).toMatchObject({
      which: { kind: 'unverified' },
      reads: 'dest',
      roots: { source: '/a', dest: '/b' },
      logFile: undefined,
    });
    expect(await settings('--db', '/x.db', '--log-file', '/x')).toMatchObject({
      ledger: { file: '/x.db' },
      roots: undefined,
      logFile: '/x',
    });
    expect(await settings()).toMatchObject({ ledger: { onlyOneIn: '/home/me/.local/state/millrace' } });
  });

  test('reads both shares at the limit for reading', async () => {
    const { pace, reads } = await settings('--bwlimit', '20M:1K', '--read', 'both');
    expect(reads).toBe('both');
    expect(pace.bwlimit).toEqual(always({ read: 20 * 1024 ** 2, write: 20 * 1024 ** 2 }));
  });

  test('is shown by a line where a copy has the full screen', async () => {
    expect((await settings()).progress).toBe('plain');
    expect((await settings('--progress', 'tui')).progress).toBe('plain');
    expect((await settings('--progress', 'json')).progress).toBe('json');
  });

  test('takes one of its ways to choose, and no option of a copy', async () => {
    const all = usageMessageOf(parse(['verify', '--all', '--since', '1h'], machine));
    expect(await all).toBe('--all and --since do not go together; give one of them');
    expect(await usageMessageOf(parse(['verify', '--rescan'], machine))).toContain("not of 'millrace verify'");
    expect(await usageMessageOf(parse(['/a', '/b', '--all'], machine))).toContain("option of 'millrace verify'");
  });
});
