import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gather, merge } from '../../src/cli/config.js';
import { DEFAULT_SKIPS, parseSkips } from '../../src/cli/skips.js';
import { always } from '../../src/pace/timetable.js';
import { temporaryFolder } from '../helpers/tree.js';
import { usageMessageOf } from './helpers.js';

/** A home whose usual config file has this content; nothing of the real environment. */
function homeWith(content?: string): { HOME: string } {
  const HOME = temporaryFolder();
  mkdirSync(join(HOME, '.config', 'millrace'), { recursive: true });
  if (content !== undefined) writeFileSync(join(HOME, '.config', 'millrace', 'config.toml'), content);
  return { HOME };
}

test('without anything, the defaults', async () => {
  expect(await gather({}, homeWith())).toEqual({
    'dry-run': false,
    'rename-invalid': false,
    'delete-extras': false,
    detach: false,
    watch: false,
    rescan: false,
    final: false,
    scan: false,
    checksum: 'sha256',
    archive: false,
    acls: false,
    xattrs: false,
    atimes: false,
    'hard-links': false,
    'dos-attributes': false,
    from0: false,
    'max-size': undefined,
    'min-size': undefined,
    skip: parseSkips(DEFAULT_SKIPS),
    'copy-links': false,
    'safe-links': false,
    'one-file-system': false,
    update: false,
    'ignore-existing': false,
    existing: false,
    'compare-content': false,
    'size-only': false,
    'modify-window': 0,
    itemize: false,
    'delete-excluded': false,
    order: 'found',
    all: false,
    since: undefined,
    sample: undefined,
    read: 'dest',
    'max-delete': undefined,
    'share-timeout': 86_400_000,
    'stall-timeout': 60_000,
    'accept-roots': false,
    yes: false,
    bwlimit: always({ read: 0, write: 0 }),
    'latency-target': { source: 0, dest: 0 },
    'bwlimit-floor': 1024 ** 2,
    'op-cost': 2048,
    'block-size': 5 * 1024 ** 2,
    'queue-capacity': 20,
    readers: 0,
    writers: 0,
    scanners: 0,
    progress: 'auto',
    verbose: false,
    json: false,
    format: 'sha256sum',
    help: false,
    version: false,
  });
});

describe('precedence', () => {
  test('flags over environment over file over defaults, option by option', async () => {
    const env = {
      ...homeWith('readers = 1\nwriters = 1\nscanners = 1\ndelete-extras = true'),
      MILLRACE_READERS: '2',
      MILLRACE_WRITERS: '2',
    };
    const values = await gather({ readers: 3 }, env);
    expect(values).toMatchObject({ readers: 3, writers: 2, scanners: 1, 'queue-capacity': 20, 'delete-extras': true });
  });

  test('a flag that says no wins over a file that says yes', async () => {
    const values = await gather({ 'delete-extras': false, readers: 0 }, homeWith('delete-extras = true\nreaders = 8'));
    expect(values).toMatchObject({ 'delete-extras': false, readers: 0 });
  });

  test('a value that is overridden is checked all the same', async () => {
    expect(await usageMessageOf(gather({ readers: 3 }, { ...homeWith(), MILLRACE_READERS: 'x' }))).toContain(
      'READERS=x',
    );
    expect(await usageMessageOf(gather({ readers: 3 }, homeWith('readers = 0')))).toContain('readers = 0');
  });

  test('merging changes no layer', () => {
    const layers = [{ readers: 1 }, { readers: 2, writers: 2 }];
    expect(merge(layers)).toMatchObject({ readers: 1, writers: 2 });
    expect(layers).toEqual([{ readers: 1 }, { readers: 2, writers: 2 }]);
    expect(merge([])).toMatchObject({ readers: 0, writers: 0 });
  });
});

describe('which file', () => {
  const write = (name: string, content: string) => {
    const file = join(temporaryFolder(), name);
    writeFileSync(file, content);
    return file;
  };

  test('the named one takes the place of the usual one', async () => {
    const env = homeWith('readers = 1\nwriters = 1');
    const file = write('other.toml', 'readers = 5');
    expect(await gather({ config: file }, env)).toMatchObject({ readers: 5, writers: 0 });
    expect(await gather({}, { ...env, MILLRACE_CONFIG: file })).toMatchObject({ readers: 5, writers: 0 });
    const flagged = await gather({ config: file }, { ...env, MILLRACE_CONFIG: '/nowhere.toml' });
    expect(flagged.readers).toBe(5);
  });

  test('XDG_CONFIG_HOME has the usual one', async () => {
    const XDG_CONFIG_HOME = join(homeWith('readers = 7').HOME, '.config');
    expect(await gather({}, { ...homeWith('readers = 1'), XDG_CONFIG_HOME })).toMatchObject({ readers: 7 });
  });

  test('a named one must exist', async () => {
    expect(await usageMessageOf(gather({ config: '/nowhere.toml' }, homeWith()))).toContain(
      '/nowhere.toml: cannot read',
    );
    expect(await usageMessageOf(gather({}, { ...homeWith(), MILLRACE_CONFIG: '/nowhere.toml' }))).toContain('ENOENT');
  });

  test('a usual one that cannot be read is an error, not nothing', async () => {
    const { HOME } = homeWith();
    mkdirSync(join(HOME, '.config', 'millrace', 'config.toml'));
    expect(await usageMessageOf(gather({}, { HOME }))).toMatch(/config\.toml: cannot read the config file: EISDIR/);
  });
});
