import { describe, expect, test } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/commands.js';
import { isOption, OPTION_NAMES, OPTIONS, type OptionName, optionOf } from '../../src/cli/options.js';
import { always } from '../../src/pace/timetable.js';
import { CHECKSUMS, MANIFEST_FORMATS } from '../../src/settings.js';
import { usageMessage } from './helpers.js';

test('every default obeys its own option', () => {
  for (const name of OPTION_NAMES) {
    const { fallback, parse } = optionOf(name);
    if (fallback !== undefined) expect(() => parse(fallback)).not.toThrow();
  }
  expect(OPTIONS['block-size'].parse(OPTIONS['block-size'].fallback)).toBe(5 * 1024 ** 2);
  expect(OPTIONS.checksum.fallback).toBe('sha256');
});

test.each(COMMAND_NAMES)('each letter stands for one option of %s', (command) => {
  const names = OPTION_NAMES.filter((name) => optionOf(name).commands.includes(command));
  const letters = names.flatMap((name) => optionOf(name).short ?? []);
  expect(new Set(letters).size).toBe(letters.length);
});

test('names of the language are no options', () => {
  for (const name of ['toString', '__proto__', 'constructor', '_', '$0', '']) expect(isOption(name)).toBe(false);
});

const GOOD: [OptionName, string, unknown][] = [
  ...CHECKSUMS.map((name): [OptionName, string, unknown] => ['checksum', name, name]),
  ['block-size', '64K', 65_536],
  ['block-size', '256M', 256 * 1024 ** 2],
  ['queue-capacity', '2', 2],
  ['queue-capacity', '1000', 1000],
  ['readers', '1', 1],
  ['writers', '64', 64],
  ['scanners', 'auto', 0],
  ['progress', 'json', 'json'],
  ['db', 'rel/x.db', 'rel/x.db'],
  ['db', '...', '...'],
  ['log-file', '/var/log/m.log', '/var/log/m.log'],
  ['config', './~', './~'],
  ['output', 'a b/r.html', 'a b/r.html'],
  ['output', '/r.csv', '/r.csv'],
  ...MANIFEST_FORMATS.map((name): [OptionName, string, unknown] => ['format', name, name]),
  ['bwlimit', '1M:off', always({ read: 1024 ** 2, write: 0 })],
  ['latency-target', '20ms', { source: 20, dest: 20 }],
  ['latency-target', '1.5s', { source: 1500, dest: 1500 }],
  ['latency-target', 'src=20ms, dst=50ms', { source: 20, dest: 50 }],
  ['latency-target', 'dst=50MS', { source: 0, dest: 50 }],
  ['latency-target', 'off', { source: 0, dest: 0 }],
  ['bwlimit-floor', '16K', 16_384],
  ['op-cost', '0', 0],
  ['op-cost', '1M', 1024 ** 2],
];

const BAD: [OptionName, string, string][] = [
  ['latency-target', '20', 'not a time; write for example 20ms'],
  ['latency-target', '0.5ms', 'must be from 1ms to 10s'],
  ['latency-target', '11s', 'must be from 1ms to 10s'],
  ['latency-target', 'source=20ms', 'write src=TIME, dst=TIME or both'],
  ['latency-target', 'src=20ms,src=30ms', 'src is there twice'],
  ['bwlimit-floor', '1K', 'must be from 16K to 100G'],
  ['op-cost', '2M', 'must be from 0 to 1M'],
  ['checksum', 'SHA256', 'did you mean sha256?'],
  ['checksum', 'sha265', 'did you mean sha256?'],
  ['checksum', 'crc32', 'must be one of md5, sha1, sha256, sha512, blake2b, blake3, xxh128'],
  ['block-size', '65535', 'must be from 64K to 256M'],
  ['block-size', '257M', 'must be from 64K to 256M'],
  ['block-size', '0', 'more than zero'],
  ['queue-capacity', '1', 'from 2 to 1000'],
  ['queue-capacity', '1001', 'from 2 to 1000'],
  ['queue-capacity', 'auto', 'from 2 to 1000'],
  ['readers', '0', 'from 1 to 64'],
  ['writers', '65', 'from 1 to 64'],
  ['scanners', 'many', 'from 1 to 64'],
  ['progress', 'tuy', 'must be one of auto, tui, plain, quiet, json, none (did you mean tui?)'],
  ['db', '/tmp/', 'names a folder'],
  ['db', '.', 'names a folder'],
  ['log-file', 'logs/..', 'names a folder'],
  ['log-file', '~/m.log', 'the shell left ~'],
  ['config', '~', 'the shell left ~'],
  ['output', 'r/', 'names a folder'],
  ['format', 'sha256', 'must be one of sha256sum, b3sum, md5sum'],
  ['output', '~/r.html', 'the shell left ~'],
  ['config', 'a\0b', 'zero byte'],
  ['db', 'a\ufffdb', 'not UTF-8'],
  ['bwlimit', 'fast', 'not a rate'],
];

describe('values', () => {
  test.each(GOOD)('--%s takes %j', (name, text, value) => {
    expect(optionOf(name).parse(text)).toEqual(value);
  });
  test.each(BAD)('--%s refuses %j: %s', (name, text, reason) => {
    expect(usageMessage(() => optionOf(name).parse(text))).toContain(reason);
  });
});

test.each(['', '.', '..', 'a/b', '/', 'a\nb', 'a\u001b', 'x'.repeat(256), '.millrace-part.x'])(
  'the trash cannot be %j',
  (name) => {
    expect(usageMessage(() => optionOf('trash').parse(name))).toContain('must be the name of one folder');
  },
);

test.each(['.trash', 'gelöscht', 'x'.repeat(255)])('the trash can be %j', (name) => {
  expect(optionOf('trash').parse(name)).toBe(name);
});
