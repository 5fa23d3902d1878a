import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasToken, isLocalRequest, isLoopback, readToken } from '../../src/metrics/access.js';
import { usageMessage } from '../cli/helpers.js';
import { isRoot, temporaryFolder } from '../helpers/tree.js';

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s is this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.example.org', '::ffff:127.0.0.1', 'myhost'])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

describe('on loopback', () => {
  test.each(['localhost', 'LOCALHOST:9400', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:9400'])(
    '%s is asked',
    (host) => {
      expect(isLocalRequest(host, '127.0.0.1')).toBe(true);
    },
  );

  test('so is the address that was given', () => {
    expect(isLocalRequest('127.0.0.5:80', '127.0.0.5')).toBe(true);
    expect(isLocalRequest('127.0.0.5:80', '127.0.0.1')).toBe(false);
  });

  test.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    'evil.example:9400',
    'localhost:9400.evil.example',
    'localhost@evil.example',
    '127.0.0.1:',
    '::1',
    '[::1',
    'localhost, evil.example',
  ])('%j is not', (host) => {
    expect(isLocalRequest(host, '127.0.0.1')).toBe(false);
  });
});

test('a token is shown as a bearer, in full', () => {
  expect(hasToken('Bearer s3cret', 's3cret')).toBe(true);
  expect(hasToken('bearer  s3cret ', 's3cret')).toBe(true);
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Bearer s3cre', 'Bearer s3crets', 'Basic s3cret', 's3cret'])
    expect(hasToken(header, 's3cret'), header).toBe(false);
});

describe('a token file', () => {
  function tokenFile(content: string, mode = 0o600): string {
    const path = join(temporaryFolder(), 'token');
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  test('holds one word', () => {
    expect(readToken(tokenFile('s3cret\n'))).toBe('s3cret');
    expect(readToken(tokenFile('s3cret', 0o400))).toBe('s3cret');
  });

  test.each([
    ['', 0o600, 'is empty'],
    [' \n', 0o600, 'is empty'],
    ['two words', 0o600, 'must hold one word'],
    ['gehe\u00efm', 0o600, 'must hold one word'],
    ['x'.repeat(5000), 0o600, 'too large'],
    ['s3cret', 0o640, 'others can read or change it; chmod 600 it'],
    ['s3cret', 0o602, 'others can read or change it'],
  ])('with %j and mode %o is refused: %s', (content, mode, message) => {
    expect(usageMessage(() => readToken(tokenFile(content, mode)))).toContain(message);
  });

  test.skipIf(!isRoot)('of another user is refused, who could change it (needs root)', () => {
    const file = tokenFile('s3cret');
    chownSync(file, 65534, 65534);
    expect(usageMessage(() => readToken(file))).toContain('belongs to another user; make it your own');
  });

  test('that is none is refused, and a FIFO is not waited for', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'folder'), { mode: 0o700 });
    spawnSync('mkfifo', ['-m', '600', join(folder, 'fifo')]);
    const message = (name: string) => usageMessage(() => readToken(join(folder, name)));
    expect(message('folder')).toMatch(/^--metrics-token-file .*folder: not a file$/);
    expect(message('fifo')).toContain('not a file');
    expect(message('missing')).toContain('cannot be read: ENOENT');
  });
});
