/** A run's control socket, both ends of it: real sockets in a temporary folder, or a real run in another process. */
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.js';
import type { Event } from '../../src/control/protocol.js';
import { ControlServer } from '../../src/control/server.js';
import { controlFolder } from '../../src/control/socket.js';
import type { Operator } from '../../src/ui/operator.js';
import { temporaryFolder } from '../helpers/tree.js';
import { EMPTY } from '../stats/snapshots.js';

const open: { close(): void }[] = [];

afterEach(() => {
  for (const end of open.splice(0)) end.close();
});

/** Notes what it is asked, and answers with a line. */
function operator(asked: unknown[]): Operator {
  const answer =
    (name: string) =>
    async (...args: unknown[]) => {
      asked.push([name, ...args]);
      if (args[0] === 'nonsense') throw new Error('limit nonsense: must be a rate');
      return `${name} done`;
    };
  const failures = async (after: unknown, limit: number) => {
    asked.push(['failures', after, limit]);
    return {
      failures: [{ path: 'a\udcff', error: 'EACCES: permission denied (open)' }],
      next: { dir: 2, name: 'a\udcff' },
    };
  };
  const names = ['pause', 'resume', 'drain', 'stop', 'limit', 'lanes', 'retryFailed'] as const;
  return { ...Object.fromEntries(names.map((name) => [name, answer(name)])), failures } as unknown as Operator;
}

const now = () => ({ ...EMPTY, nowMs: Date.now() });

async function serve(ledger: string, asked: unknown[] = [], version = '1.0.0', pull = now): Promise<ControlServer> {
  const server = await ControlServer.listen(ledger, version, pull, operator(asked));
  open.push({ close: () => server.close(0, 'the end') });
  return server;
}

async function reach(ledger: string): Promise<ControlClient> {
  const client = await ControlClient.connect(ledger, '1.0.0');
  if (!client) throw new Error('nobody listens');
  open.push(client);
  return client;
}

test('what is asked for reaches the operator, and the answer comes back', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  const asked: unknown[] = [];
  await serve(ledger, asked);
  const client = await reach(ledger);
  expect(await client.pause()).toBe('pause done');
  expect(await client.limit('20M')).toBe('limit done');
  expect(await client.lanes(4, 0)).toBe('lanes done');
  const page = await client.failures({ dir: 1, name: 'x' }, 10);
  expect(page).toEqual({
    failures: [{ path: 'a\udcff', error: expect.any(String) }],
    next: { dir: 2, name: 'a\udcff' },
  });
  expect(asked).toEqual([['pause'], ['limit', '20M'], ['lanes', 4, 0], ['failures', { dir: 1, name: 'x' }, 10]]);
  const { snapshot, forecast } = await client.status();
  expect(snapshot).toMatchObject({ phase: 'transfer', migration: EMPTY.migration });
  expect(forecast).toEqual({ seconds: 0, plusMinus: 0 });
});

test('rates are worked out up to the moment of the question', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  let seconds = 0;
  await serve(ledger, [], '1.0.0', () => ({ ...EMPTY, nowMs: seconds * 1000, readBytes: seconds * 100 }));
  seconds = 0.9;
  expect((await (await reach(ledger)).status()).rates).toMatchObject({ read: 100, written: 0 });
});

test('a run that cannot be shown for once goes on, and is shown the next time', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  let looks = 0;
  await serve(ledger, [], '1.0.0', () => {
    // The first look of a watcher, and the one of the timer after it.
    if (++looks === 3) throw new Error('not now');
    return now();
  });
  const client = await reach(ledger);
  const events: Event[] = [];
  await new Promise<void>((resolve) => {
    client.onEvent((event) => {
      events.push(event);
      if (events.length === 2) resolve();
    });
  });
  expect(looks).toBe(4);
  expect(events.map((event) => Object.keys((event as { state: object }).state))).toEqual([['snapshot'], ['snapshot']]);
});

test('what cannot be done is an error of one line, and the next request is answered', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  await serve(ledger);
  const client = await reach(ledger);
  const [refused, done] = [client.limit('nonsense'), client.resume()];
  await expect(refused).rejects.toThrow('limit nonsense: must be a rate');
  expect(await done).toBe('resume done');
  await expect(client.lanes(-1, 1000)).rejects.toThrow('not a request that this version of millrace knows');
});

test('who watches sees the run each second, what it says, and its end', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  const server = await serve(ledger);
  const client = await reach(ledger);
  const events: Event[] = [];
  await new Promise<void>((resolve) => {
    client.onEvent((event) => {
      events.push(event);
      if (events.filter((seen) => 'state' in seen).length === 2) resolve();
    });
  });
  server.note('a line');
  server.close(1, 'the summary');
  await client.gone;
  expect(events.slice(-2)).toEqual([{ note: 'a line' }, { ended: { exitCode: 1, summary: 'the summary' } }]);
  await expect(client.pause()).rejects.toThrow('the run has ended');
  expect(existsSync(controlFolder(ledger))).toBe(false);
});

test('only its owner may talk to it, however long its path is', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(folder, { recursive: true });
  const ledger = join(folder, 'l.db');
  await serve(ledger);
  expect(statSync(controlFolder(ledger)).mode & 0o777).toBe(0o700);
  expect(statSync(join(controlFolder(ledger), 'socket')).mode & 0o777).toBe(0o600);
  expect(await (await reach(ledger)).drain()).toBe('drain done');
});

test('a folder of its name that holds something else is left alone', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  mkdirSync(controlFolder(ledger));
  writeFileSync(join(controlFolder(ledger), 'mine'), 'mine');
  chmodSync(controlFolder(ledger), 0o755);
  await expect(serve(ledger)).rejects.toThrow('is not the folder of a control socket');
  expect(readdirSync(controlFolder(ledger))).toEqual(['mine']);
  expect(statSync(controlFolder(ledger)).mode & 0o777).toBe(0o755);
});

test('who comes as the run ends is told how', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  const server = await serve(ledger);
  const client = await reach(ledger);
  server.close(4, 'the summary');
  await client.gone;
  expect(client.ended).toEqual({ exitCode: 4, summary: 'the summary' });
});

describe('where nobody listens', () => {
  test('there is no run: no folder, or what a killed run left', async () => {
    const ledger = join(temporaryFolder(), 'l.db');
    expect(await ControlClient.connect(ledger, '1.0.0')).toBeUndefined();
    mkdirSync(controlFolder(ledger));
    expect(await ControlClient.connect(ledger, '1.0.0')).toBeUndefined();
    writeFileSync(join(controlFolder(ledger), 'socket'), '');
    expect(await ControlClient.connect(ledger, '1.0.0')).toBeUndefined();
    chmodSync(controlFolder(ledger), 0o700);
    // And the next run clears it away.
    await serve(ledger);
    expect(await (await reach(ledger)).pause()).toBe('pause done');
  });

  test('a run of another version is told, not misunderstood', async () => {
    const ledger = join(temporaryFolder(), 'l.db');
    await serve(ledger, [], '0.9.0');
    await expect(reach(ledger)).rejects.toThrow('the run is of millrace 0.9.0, and this is 1.0.0');
  });
});

/** A connection without our manners. */
async function raw(ledger: string): Promise<{ socket: Socket; lines: string[]; closed: Promise<unknown> }> {
  const socket = createConnection(join(controlFolder(ledger), 'socket'));
  open.push({ close: () => socket.destroy() });
  const lines: string[] = [];
  socket.on('data', (data) => lines.push(...String(data).split('\n').filter(Boolean)));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('connect', resolve));
  return { socket, lines, closed };
}

test('nonsense is refused, too much of it ends the connection, and others do not notice', async () => {
  const ledger = join(temporaryFolder(), 'l.db');
  const asked: unknown[] = [];
  await serve(ledger, asked);
  const { socket, lines, closed } = await raw(ledger);
  socket.write('nonsense\n{"do":"format"}\n{"do":"pause","more":1}\n[]\n');
  await expect.poll(() => lines.length).toBe(5);
  expect(lines.slice(1).map((line) => Object.keys(JSON.parse(line)))).toEqual(Array(4).fill(['error']));
  socket.write('x'.repeat(100_000));
  await closed;
  expect(asked).toEqual([]);
  expect(await (await reach(ledger)).resume()).toBe('resume done');
});
