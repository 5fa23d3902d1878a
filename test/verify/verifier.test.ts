/** The role in one thread, over real folders and system calls that fail on demand. */
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { checksumCode, checksumName, createHasher } from '../../src/hash/registry.js';
import { Verdict } from '../../src/ledger/schema.js';
import { Bucket } from '../../src/pace/bucket.js';
import { Window } from '../../src/pace/window.js';
import { CommandWord } from '../../src/pipeline/command.js';
import { Inbox, Outbox } from '../../src/pipeline/inbox.js';
import { Command } from '../../src/pipeline/ring.js';
import { LocalSource } from '../../src/share/local/localsource.js';
import { LaneCounters } from '../../src/stats/shared.js';
import type { VerifyAnswer, VerifyItem, VerifyLease } from '../../src/verify/messages.js';
import { type Reading, runVerifier } from '../../src/verify/verifier.js';
import { failCall } from '../helpers/faults.js';
import { openDescriptors, plant, temporaryFolder } from '../helpers/tree.js';

const SHA256 = checksumCode('sha256');
const shares: LocalSource[] = [];

afterEach(() => {
  for (const share of shares.splice(0)) share.close();
});

function readingOf(root: string, command: CommandWord): Reading {
  const share = new LocalSource(root);
  shares.push(share);
  return {
    share,
    pace: new Bucket(new SharedArrayBuffer(Bucket.bytes), 0),
    window: new Window(new SharedArrayBuffer(Window.bytes), 0),
    counters: new LaneCounters(new Float64Array(LaneCounters.memory(1)), 0),
    ring: command,
  };
}

interface Rig {
  readonly command: CommandWord;
  readonly dest: Reading;
  readonly source: Reading | undefined;
}

function rigOf(dest: string, source?: string): Rig {
  const command = new CommandWord();
  return {
    command,
    dest: readingOf(dest, command),
    source: source === undefined ? undefined : readingOf(source, command),
  };
}

async function play(rig: Rig, lease: VerifyLease): Promise<VerifyAnswer> {
  const { port1, port2 } = new MessageChannel();
  const outbox = new Outbox<VerifyLease>(port1);
  outbox.send(lease);
  outbox.close();
  const answers: VerifyAnswer[] = [];
  await runVerifier({
    dest: rig.dest,
    source: rig.source,
    inbox: new Inbox(port2, outbox.memory),
    grainNs: 1n,
    range: undefined,
    hasher: (algorithm) => createHasher(checksumName(algorithm)),
    answer: (message) => answers.push(message),
  });
  port1.close();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

/** What the ledger would have of the entries of a folder as they are now. */
function asCopied(root: string): VerifyItem[] {
  return readdirSync(root).map((name, index) => {
    const { size, mtimeNs } = statSync(join(root, name), { bigint: true });
    return {
      id: index + 1,
      dir: '',
      name,
      expected: { kind: 'file', size: Number(size), mtimeNs, hash: hashOf('x'.repeat(Number(size))) },
      algorithm: SHA256,
    };
  });
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

describe('the role', () => {
  test('says equal of files of all sizes, keeps no descriptor, and counts what it read', async () => {
    const sizes = [0, 1, 4096, 262_144, 1_048_576, 1_048_577, 3_000_000];
    const root = plant(temporaryFolder(), Object.fromEntries(sizes.map((size) => [`f${size}`, 'x'.repeat(size)])));
    const rig = rigOf(root);
    await play(rig, asCopied(root).slice(0, 1));
    const before = openDescriptors();
    const { judged, failed, returned, cache } = await play(rig, asCopied(root));
    expect(judged.map(({ verdict }) => verdict)).toEqual(sizes.map(() => Verdict.equal));
    expect({ failed, returned }).toEqual({ failed: [], returned: [] });
    expect(openDescriptors()).toBe(before);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(rig.dest.counters.bytes).toBe(bytes);
    expect(cache.dropped + cache.kept + cache.unknown).toBe(bytes);
  });

  test('does not read what differs by its size, nor what has no hash and nothing to be compared with', async () => {
    const root = plant(temporaryFolder(), { longer: 'xx', unhashed: 'xx' });
    const [longer, unhashed] = asCopied(root) as [VerifyItem, VerifyItem];
    appendFileSync(join(root, 'longer'), 'x');
    const rig = rigOf(root);
    const items = [longer, { ...unhashed, expected: { ...unhashed.expected, hash: undefined } }];
    const { judged } = await play(rig, items);
    expect(judged).toMatchObject([{ verdict: Verdict.differs }, { verdict: Verdict.unhashed }]);
    expect(rig.dest.counters.bytes).toBe(0);
  });

  test('hands out the hash that both shares agree on', async () => {
    const trees = [0, 1].map(() => plant(temporaryFolder(), { f: 'xx' }));
    const [item] = asCopied(trees[0]!) as [VerifyItem];
    const { expected } = item;
    const other = statSync(join(trees[1]!, 'f'), { bigint: true }).mtimeNs;
    const asked = { ...item, expected: { ...expected, mtimeNs: other, hash: undefined } };
    const rig = rigOf(trees[1]!, trees[1]!);
    const { judged } = await play(rig, [asked]);
    expect(judged).toEqual([
      { id: 1, verdict: Verdict.equal, difference: undefined, agreed: new Uint8Array(hashOf('xx')) },
    ]);
  });

  test('a file that shrinks while it is read is shorter, not equal', async () => {
    const root = plant(temporaryFolder(), { f: 'x'.repeat(3_000_000) });
    const items = asCopied(root);
    const rig = rigOf(root);
    const { open } = rig.dest.share;
    rig.dest.share.open = (dir, name) => {
      const opened = open.call(rig.dest.share, dir, name);
      const read = opened.read.bind(opened);
      opened.read = (view, at) => {
        if (at > 1_000_000) truncateSync(join(root, 'f'), 1_000_000);
        return read(view, at);
      };
      return opened;
    };
    const { judged } = await play(rig, items);
    expect(judged).toMatchObject([
      { verdict: Verdict.differs, difference: 'size: 1000000 in the place of 3000000, mtime' },
    ]);
  });

  test.each([
    ['EIO', 'retry'],
    ['ESTALE', 'retry'],
    ['ENODEV', 'stop'],
  ] as const)('leaves it to the main thread what %s means', async (code, failureClass) => {
    const root = plant(temporaryFolder(), { a: 'x', b: 'x' });
    const rig = rigOf(root);
    const items = asCopied(root);
    failCall('openat', code, (count) => count === 1);
    const { judged, failed } = await play(rig, items);
    expect(failed).toMatchObject([{ id: 1, side: 'dest', failure: { code, class: failureClass, path: 'a' } }]);
    expect(judged).toMatchObject([{ id: 2, verdict: Verdict.equal }]);
  });

  test('what only concerns one entry is a verdict', async () => {
    const root = plant(temporaryFolder(), { a: 'x' });
    const rig = rigOf(root);
    const items = asCopied(root);
    failCall('openat', 'EACCES');
    const { judged } = await play(rig, items);
    expect(judged).toMatchObject([
      { verdict: Verdict.unreadable, difference: 'unreadable: EACCES: permission denied (open)' },
    ]);
  });

  test('never follows a link out of the root', async () => {
    const outside = plant(temporaryFolder(), { f: 'x' });
    const root = plant(temporaryFolder(), { d: { f: 'x' } });
    const { mtimeNs } = statSync(join(outside, 'f'), { bigint: true });
    symlinkSync(outside, join(root, 'swapped'));
    symlinkSync(join(outside, 'f'), join(root, 'f'));
    const expected = { kind: 'file' as const, size: 1, mtimeNs, hash: hashOf('x') };
    const items = ['swapped', ''].map((dir, id) => ({ id, dir, name: 'f', expected, algorithm: SHA256 }));
    const { judged } = await play(rigOf(root), items);
    expect(judged.map(({ verdict }) => verdict)).toEqual([Verdict.differs, Verdict.differs]);
  });

  test('told to drain gives back what it has not begun; told to stop, also what it reads', async () => {
    const root = plant(temporaryFolder(), { a: 'x'.repeat(2_000_000), b: 'x' });
    const items = asCopied(root);
    for (const [command, left] of [
      [Command.drain, [2]],
      [Command.stop, [1, 2]],
    ] as const) {
      const rig = rigOf(root);
      const { open } = rig.dest.share;
      rig.dest.share.open = (dir, name) => {
        rig.command.tell(command);
        return open.call(rig.dest.share, dir, name);
      };
      const { judged, returned } = await play(rig, items);
      expect(returned).toEqual(left);
      expect(judged).toHaveLength(items.length - left.length);
    }
  });

  test('nothing is written', async () => {
    const root = plant(temporaryFolder(), { f: 'x' });
    const items = asCopied(root);
    const before = statSync(join(root, 'f'), { bigint: true });
    await play(rigOf(root, root), items);
    const after = statSync(join(root, 'f'), { bigint: true });
    expect([after.mtimeNs, after.ctimeNs]).toEqual([before.mtimeNs, before.ctimeNs]);
  });
});
