import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configHome, defaultLedger, defaultLog } from '../../src/cli/paths.js';

const env = { HOME: '/home/ann' };

describe('the default ledger', () => {
  test('is named after both roots and a hash of the pair', () => {
    const hash = createHash('sha256').update('/mnt/old\0/mnt/new').digest('hex').slice(0, 8);
    expect(defaultLedger('/mnt/old', '/mnt/new', env)).toBe(`/home/ann/.local/state/millrace/old-to-new-${hash}.db`);
  });

  test('stands in XDG_STATE_HOME when that is absolute, and ignores it otherwise', () => {
    expect(defaultLedger('/a', '/b', { ...env, XDG_STATE_HOME: '/state' })).toMatch(/^\/state\/millrace\/a-to-b-/);
    for (const XDG_STATE_HOME of ['', 'state', './state']) {
      expect(defaultLedger('/a', '/b', { ...env, XDG_STATE_HOME })).toMatch(/^\/home\/ann\/\.local\/state\/millrace\//);
    }
  });

  test('differs for pairs whose roots have the same names, and for the way back', () => {
    const pairs = [
      ['/x/data', '/y/data'],
      ['/y/data', '/x/data'],
      ['/x/data', '/z/data'],
    ] as const;
    expect(new Set(pairs.map(([source, dest]) => defaultLedger(source, dest, env))).size).toBe(3);
  });

  test.each([
    ['/mnt/with space\n\u001b[1m', 'with_space_1m'],
    ['/', 'root'],
    ['/mnt/äöü', '_'],
    [`/mnt/${'x'.repeat(255)}`, 'x'.repeat(40)],
    ['/mnt/.hidden', '.hidden'],
  ])('holds only harmless characters of %j', (source, shown) => {
    const name = basename(defaultLedger(source, '/mnt/new', env));
    expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(name.startsWith(`${shown}-to-new-`)).toBe(true);
  });

  test('falls back to the home of the account when HOME is not usable', () => {
    expect(defaultLedger('/a', '/b', { HOME: 'relative' })).toMatch(/^\/.+\/millrace\/a-to-b-[0-9a-f]{8}\.db$/);
  });
});

test.each([
  ['/s/a-to-b.db', '/s/a-to-b.log'],
  ['/s/ledger.sqlite', '/s/ledger.sqlite.log'],
  ['/s/ledger', '/s/ledger.log'],
  ['/s/.db', '/s/.db.log'],
  ['/s.db/ledger', '/s.db/ledger.log'],
])('the log of %s is %s', (ledger, log) => {
  expect(defaultLog(ledger)).toBe(log);
});

test('config files stand in XDG_CONFIG_HOME, else in ~/.config', () => {
  expect(configHome({ ...env, XDG_CONFIG_HOME: '/etc/cfg' })).toBe('/etc/cfg');
  expect(configHome({ ...env, XDG_CONFIG_HOME: 'cfg' })).toBe('/home/ann/.config');
  expect(configHome(env)).toBe('/home/ann/.config');
});
