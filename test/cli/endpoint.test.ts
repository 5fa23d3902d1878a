import { expect, test } from 'vitest';
import { parseEndpoint } from '../../src/cli/endpoint.js';
import { usageMessage } from './helpers.js';

test.each([
  ['9400', '127.0.0.1', 9400],
  [' 1 ', '127.0.0.1', 1],
  ['127.0.0.1:65535', '127.0.0.1', 65_535],
  ['localhost:9400', '127.0.0.1', 9400],
  ['[::1]:9400', '::1', 9400],
  ['[::]:9400', '::', 9400],
  ['0.0.0.0:9400', '0.0.0.0', 9400],
  ['metrics-1.example.org:9400', 'metrics-1.example.org', 9400],
])('%s is %s, port %i', (text, host, port) => {
  expect(parseEndpoint(text)).toEqual({ host, port });
});

test('off is nowhere', () => {
  expect(parseEndpoint('off')).toBeUndefined();
});

test.each([
  ['', 'write a port'],
  ['host', 'write a port'],
  ['host:', 'write a port'],
  ['::1:9400', 'write a port'],
  ['http://localhost:9400', 'write a port'],
  ['9400/metrics', 'write a port'],
  ['-1', 'write a port'],
  ['0', 'the port must be a whole number from 1 to 65535'],
  ['65536', 'the port must be'],
  ['127.0.0.1:99999', 'the port must be'],
  [':9400', 'the host is neither'],
  ['[]:9400', 'the host is neither'],
  ['[127.0.0.1]:9400', 'the host is neither'],
  ['127.0.0.256:9400', 'the host is neither'],
  ['127.1:9400', 'the host is neither'],
  ['a b:9400', 'the host is neither'],
  ['-a:9400', 'the host is neither'],
])('%j is refused: %s', (text, message) => {
  expect(usageMessage(() => parseEndpoint(text))).toContain(message);
});
