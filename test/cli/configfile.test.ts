import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/cli/configfile.js';
import { always } from '../../src/pace/timetable.js';
import { temporaryFolder } from '../helpers/tree.js';
import { usageMessage } from './helpers.js';

function read(content: string | Uint8Array) {
  const file = join(temporaryFolder(), 'config.toml');
  writeFileSync(file, content);
  return readConfigFile(file);
}

/** The message without the file's name, which must come first. */
function refusal(content: string | Uint8Array): string {
  const message = usageMessage(() => read(content));
  expect(message).toMatch(/^\/.*\/config\.toml:/);
  return message.replace(/^\/.*\/config\.toml:\s?/, '');
}

describe('a good file', () => {
  test('sets every option that may stand there', () => {
    const layer = read(`# three weeks
      db = "/var/lib/m.db"
      log-file = '/var/log/m.log'
      bwlimit = "80M:40M"
      checksum = "xxh128"
      delete-extras = true
      block-size = "1M"
      queue-capacity = 40
      readers = 4
      writers = "8"
      scanners = "auto"
      verbose = false
      progress = "json"
    `);
    expect(layer).toEqual({
      db: '/var/lib/m.db',
      'log-file': '/var/log/m.log',
      bwlimit: always({ read: 80 * 1024 ** 2, write: 40 * 1024 ** 2 }),
      checksum: 'xxh128',
      'delete-extras': true,
      'block-size': 1024 ** 2,
      'queue-capacity': 40,
      readers: 4,
      writers: 8,
      scanners: 0,
      verbose: false,
      progress: 'json',
    });
  });

  test('has rules as a list', () => {
    const filter = ['- *.tmp', '+ keep'].map((text) => ({ option: 'filter', text }));
    expect(read("filter = ['- *.tmp', '+ keep']")).toEqual({ filter });
    expect(refusal("filter = '- a'")).toContain('write a list');
    expect(refusal("exclude = ['a']")).toContain('write filter = [');
  });

  test('takes sizes and rates as numbers of bytes', () => {
    expect(read('block-size = 1_048_576\nbwlimit = 2e6')).toEqual({
      'block-size': 1_048_576,
      bwlimit: always({ read: 2e6, write: 2e6 }),
    });
  });

  test('may be empty, begin with a byte order mark, or come from Windows', () => {
    expect(read('')).toEqual({});
    expect(read('\ufeffreaders = 4\r\nwriters = 4\r\n')).toEqual({ readers: 4, writers: 4 });
  });
});

describe('a wrong value names its key and itself', () => {
  test.each([
    ['block-size = "5X"', 'block-size = "5X": unknown unit \'X\''],
    ['block-size = 5', 'block-size = 5: must be from 64K to 256M'],
    ['block-size = -1', 'block-size = -1: must be more than zero'],
    ['block-size = nan', 'block-size = NaN: write a number'],
    ['block-size = inf', 'block-size = Infinity: write a number'],
    ['block-size = 1e300', 'block-size = 1e+300: not a size'],
    ['block-size = true', 'block-size = true: write a number, or a text in quotes'],
    ['block-size = ["5M"]', 'block-size = ["5M"]: write a number'],
    ['block-size = { a = 1 }', 'block-size = {"a":1}: write a number'],
    ['block-size = 1979-05-27', 'block-size = "1979-05-27": write a number'],
    ['queue-capacity = 2.5', 'queue-capacity = 2.5: must be a whole number from 2 to 1000'],
    ['readers = 0', 'readers = 0: must be a whole number from 1 to 64'],
    ['delete-extras = "true"', 'delete-extras = "true": write true or false, without quotes'],
    ['delete-extras = 1', 'delete-extras = 1: write true or false'],
    ['checksum = "crc"', 'checksum = "crc": must be one of'],
    ['progress = 1', 'progress = 1: write a text in quotes'],
    ['db = "m.db"', 'db = "m.db": write the path from / on'],
    ['db = "~/m.db"', 'db = "~/m.db": the shell left ~'],
    ['db = ""', 'db = "": the path is empty'],
    ['db = "/a\\u0000b"', 'db = "/a\\u0000b": a path cannot hold a zero byte'],
    ['db = 5', 'db = 5: write a text in quotes'],
    ['skip = -1', 'skip = -1: write a text in quotes'],
  ])('%s', (content, message) => {
    expect(refusal(content).startsWith(message), refusal(content)).toBe(true);
  });
});

describe('a key that does not belong', () => {
  test.each([
    ['blocksize = "5M"', "unknown key 'blocksize' (did you mean block-size?)"],
    ['block_size = "5M"', "unknown key 'block_size' (did you mean block-size?)"],
    ['delete = true', "unknown key 'delete' (did you mean delete-extras?)"],
    ['json = true', "unknown key 'json'"],
    ['help = true', "unknown key 'help'"],
    ['"" = 1', "unknown key ''"],
    ['__proto__ = 1', "unknown key '__proto__'"],
    ['constructor = 1', "unknown key 'constructor'"],
    ['[copy]\nreaders = 4', "unknown key 'copy'"],
    ['compress = true', "unknown key 'compress'; known are delete-extras, filter, max-size"],
  ])('%j is named', (content, message) => {
    expect(refusal(content)).toContain(message);
  });

  test.each(['dry-run', 'rescan'])('%s is refused with the reason', (key) => {
    expect(refusal(`${key} = true`)).toMatch(
      new RegExp(`^${key} = true: is for one run; a forgotten line would change`),
    );
    expect(refusal(`${key} = false`)).toContain('is for one run');
  });

  test('config is refused', () => {
    expect(refusal('config = "/x.toml"')).toContain('only for the command line or the environment');
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['readers 4', /^1:\d+: .+/],
    ['readers = 4\nreaders = 5', /^2:\d+: .+/],
    ['readers = 99999999999999999999', /^1:\d+: .+/],
    ['a = "x', /^1:\d+: .+/],
  ])('%j: says the line and column', (content, message) => {
    expect(refusal(content)).toMatch(message);
    expect(refusal(content)).not.toContain('\n');
  });

  test('is missing', () => {
    const file = join(temporaryFolder(), 'none.toml');
    expect(usageMessage(() => readConfigFile(file))).toBe(
      `${file}: cannot read the config file: ENOENT: no such file or directory`,
    );
  });

  test('is a folder', () => {
    const folder = join(temporaryFolder(), 'x');
    mkdirSync(folder);
    expect(usageMessage(() => readConfigFile(folder))).toMatch(/: EISDIR: illegal operation on a directory$/);
  });

  test('never ends', () => {
    expect(usageMessage(() => readConfigFile('/dev/zero'))).toBe(
      '/dev/zero: too large for a config file (more than 64 KiB)',
    );
  });

  test('is not UTF-8', () => {
    expect(refusal(new Uint8Array([0x23, 0xff, 0xfe]))).toBe('not a text in UTF-8');
  });
});
