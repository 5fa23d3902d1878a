import { describe, expect, test } from 'vitest';
import { merge } from '../../src/cli/config.js';
import type { Layer } from '../../src/cli/options.js';
import { ledgerOf, settingsOf } from '../../src/cli/settings.js';
import { always } from '../../src/pace/timetable.js';
import { usageMessage } from './helpers.js';

const machine = { env: { HOME: '/home/ann' }, memory: 8 * 1024 ** 3 };
const settings = (layer: Layer, source = '/src', dest = '/dst') => settingsOf(merge([layer]), source, dest, machine);

test('a last pass scans in full, and knows where its certificate goes', () => {
  const { final, rescan } = settings({ final: true, certificate: '/certificate', sign: '/key' });
  expect(final).toEqual({ output: '/certificate', key: '/key' });
  expect(rescan).toBe(true);
  expect(settings({ final: true }).final).toEqual({ output: undefined, key: undefined });
});

test('every option arrives in the settings', () => {
  const layer: Layer = {
    db: '/l/x.db',
    'log-file': '/l/y.log',
    bwlimit: always({ read: 1, write: 2 }),
    'latency-target': { source: 3, dest: 4 },
    'bwlimit-floor': 5,
    'op-cost': 6,
    checksum: 'md5',
    archive: true,
    sparse: false,
    acls: true,
    xattrs: true,
    atimes: true,
    'hard-links': true,
    'dos-attributes': true,
    specials: true,
    'delete-extras': true,
    filter: [{ option: 'exclude', text: 'a' }],
    'max-size': 9,
    'min-size': 8,
    skip: [],
    'one-file-system': true,
    'safe-links': true,
    'copy-links': true,
    update: true,
    'ignore-existing': true,
    existing: true,
    'compare-content': false,
    'size-only': true,
    'modify-window': 3,
    itemize: true,
    'delete-excluded': true,
    rescan: true,
    order: '-size',
    final: false,
    'max-delete': { count: 7, part: undefined },
    trash: '.trash',
    'rename-invalid': true,
    'share-timeout': 8000,
    'stall-timeout': 9000,
    'accept-roots': true,
    yes: true,
    'block-size': 65_536,
    'queue-capacity': 3,
    readers: 4,
    writers: 5,
    scanners: 6,
    'dry-run': true,
    verbose: true,
    progress: 'json',
    metrics: { host: '::1', port: 7 },
    'metrics-token-file': '/t',
  };
  expect(settings(layer)).toEqual({
    source: '/src',
    dest: '/dst',
    ledger: '/l/x.db',
    ledgerIsDefault: false,
    logFile: '/l/y.log',
    pace: {
      bwlimit: always({ read: 1, write: 2 }),
      latencyTarget: { source: 3, dest: 4 },
      bwlimitFloor: 5,
      opCost: 6,
    },
    checksum: 'md5',
    attributes: {
      perms: true,
      owner: process.getuid!() === 0,
      group: true,
      acls: true,
      xattrs: true,
      atimes: true,
      hardLinks: true,
      dosAttributes: true,
      specials: true,
      devices: process.getuid!() === 0,
    },
    sparse: false,
    deleteExtras: true,
    deletesExcluded: true,
    choice: {
      rules: [
        { pattern: 'a', include: false, foldersOnly: false, negated: false, source: true, dest: false, plain: true },
      ],
      minSize: 8,
      maxSize: 9,
      listed: undefined,
      oneFilesystem: true,
      safeLinks: true,
      copyLinks: true,
      comparing: { sizeOnly: true, update: true, ignoreExisting: true, existing: true, windowSeconds: 3 },
    },
    order: '-size',
    rescan: true,
    final: undefined,
    maxDelete: { count: 7, part: undefined },
    trash: '.trash',
    renameInvalid: true,
    shareTimeoutMs: 8000,
    stallTimeoutMs: 9000,
    acceptRoots: true,
    yes: true,
    blockSize: 65_536,
    queueCapacity: 3,
    readers: 4,
    writers: 5,
    scanners: 6,
    dryRun: true,
    itemize: true,
    verbose: true,
    progress: 'json',
    metrics: { host: '::1', port: 7, tokenFile: '/t' },
  });
});

test('relative paths start at the working folder, and ledger and log follow the resolved roots', () => {
  const here = process.cwd();
  const made = settings({}, '123', './b/');
  expect(made).toMatchObject({ source: `${here}/123`, dest: `${here}/b`, progress: 'plain' });
  expect(made.ledger).toBe(settings({}, `${here}/123/`, `${here}/b`).ledger);
  expect(made.ledger).toMatch(/^\/home\/ann\/\.local\/state\/millrace\/123-to-b-[0-9a-f]{8}\.db$/);
  expect(made.logFile).toBe(made.ledger.replace(/db$/, 'log'));
  expect(settings({ db: 'm.db' })).toMatchObject({ ledger: `${here}/m.db`, logFile: `${here}/m.log` });
});

test.each(['/l/x.db', '/l/x.db-wal', '/l/x.db-shm', '/l/x.db-journal'])('the log cannot be %s', (file) => {
  expect(usageMessage(() => settings({ db: '/l/x.db', 'log-file': file }))).toContain('is a file of the ledger');
});

describe('memory', () => {
  test('a ring beyond half of it is refused, naming both options', () => {
    const message = usageMessage(() => settings({ 'block-size': 256 * 1024 ** 2, 'queue-capacity': 17 }));
    expect(message).toMatch(/block-size times queue-capacity is 4\.3 GiB, .*half.*\(4\.0 GiB\)/);
  });
  test('a ring of half of it is taken', () => {
    expect(settings({ 'block-size': 256 * 1024 ** 2, 'queue-capacity': 16 }).queueCapacity).toBe(16);
  });
});

test('a ledger is named, or follows from the roots, or is asked for', () => {
  const roots = { source: '/a', dest: '/b' };
  expect(ledgerOf(merge([{ db: '/x.db' }]), roots, machine.env)).toBe('/x.db');
  expect(ledgerOf(merge([]), roots, machine.env)).toMatch(/a-to-b/);
  expect(usageMessage(() => ledgerOf(merge([]), undefined, machine.env))).toContain('which ledger?');
});

test('what is copied is checked: sizes that no file has, excluded extras that are not deleted', () => {
  expect(usageMessage(() => settings({ 'min-size': 2, 'max-size': 1 }))).toContain('no file is both');
  expect(usageMessage(() => settings({ 'delete-excluded': true }))).toContain('give both');
  expect(usageMessage(() => settings({ filter: [{ option: 'filter', text: '? x' }] }))).toContain(
    "--filter '? x': not a filter rule",
  );
});
