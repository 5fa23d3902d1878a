/** Metrics of runs of the real program. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Family, parseExposition, reading } from '../metrics/parse.js';
import { freePort } from '../metrics/port.js';
import { copy, file, makeTree, newWorld, type Run, raw, run, startCopy } from './helpers.js';

const MIB = 1024 ** 2;

async function scrape(port: number): Promise<Map<string, Family> | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  return response?.status === 200 ? parseExposition(await response.text()) : undefined;
}

/** Scrapes until a scrape is as it should be. */
async function scrapeUntil(under: Run, port: number, isSo: (found: Map<string, Family>) => boolean) {
  let found: Map<string, Family> | undefined;
  let isScraping = false;
  return under.until('a scrape', () => {
    if (found && isSo(found)) return found;
    if (!isScraping) {
      isScraping = true;
      void scrape(port).then((families) => {
        found = families;
        isScraping = false;
      });
    }
    return undefined;
  });
}

test('a run under a limit shows what it does while it does it, and its port is free when it has ended', async () => {
  const world = newWorld();
  const hostile = raw('secret\u202e\n"} 1');
  makeTree(world.source, { large: file(Buffer.alloc(24 * MIB)), [hostile]: file(Buffer.alloc(6 * MIB)) });
  const port = await freePort();
  const under = startCopy(world, '--bwlimit', '3M', '--metrics', String(port), '--progress', 'none');

  const moved = (families: Map<string, Family>) => reading(families, 'millrace_written_bytes_total')!;
  const first = await scrapeUntil(under, port, (families) => moved(families) > 0);
  const second = await scrapeUntil(under, port, (families) => moved(families) > moved(first) + MIB);
  expect(reading(second, 'millrace_limit_bytes_per_second', { direction: 'read' })).toBe(3 * MIB);
  expect(reading(second, 'millrace_phase', { phase: 'transfer' })).toBe(1);
  expect(reading(second, 'millrace_backlog_bytes')).toBe(30 * MIB);
  expect(reading(second, 'millrace_call_seconds_count', { side: 'dest', kind: 'move' })).toBeGreaterThan(0);
  expect(second.get('millrace_info')!.samples[0]!.labels).toMatchObject({ source: world.source, dest: world.dest });

  for (const [name, { type, samples }] of first) {
    if (type === 'gauge') continue;
    for (const sample of samples) {
      const later = reading(second, sample.name, sample.labels);
      expect(later, name).toBeGreaterThanOrEqual(sample.value);
    }
  }
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).not.toContain('secret');

  expect(await under.ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

test('a port that is taken is told in one line, and nothing is made', async () => {
  const world = newWorld();
  makeTree(world.source, { file: file('file') });
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const before = readdirSync(world.root);
  const ended = await copy(world, '--metrics', `127.0.0.1:${port}`);
  taken.close();
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toBe(
    `millrace: --metrics 127.0.0.1:${port}: another program listens on this port; choose another port\n`,
  );
  expect(readdirSync(world.root)).toEqual(before);
});

test('beyond this machine there are no metrics without a token, and none with a token that others can read', async () => {
  const world = newWorld();
  const token = join(world.root, 'token');
  writeFileSync(token, 's3cret', { mode: 0o644 });
  const refuse = (...args: string[]) => run(world, world.source, world.dest, '--db', world.db, ...args);
  const open = await refuse('--metrics', '0.0.0.0:9400');
  expect(open).toMatchObject({ code: 2, stdout: '' });
  expect(open.stderr).toBe(
    'millrace: metrics on 0.0.0.0 are seen beyond this machine; give --metrics-token-file FILE, or listen on 127.0.0.1\n',
  );
  const readable = await refuse('--metrics', '0.0.0.0:9400', '--metrics-token-file', 'token');
  expect(readable).toMatchObject({ code: 2, stdout: '' });
  expect(readable.stderr).toMatch(/^millrace: --metrics-token-file .*\/token: others can read .*; chmod 600 it\n$/);
  expect([world.db, world.dest].map((path) => existsSync(path))).toEqual([false, false]);
});
