import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { PACE_BYTES } from '../../src/pace/pacer.js';
import { Outbox } from '../../src/pipeline/inbox.js';
import type { LaneMessage, Lease } from '../../src/pipeline/messages.js';
import { Action, results } from '../../src/pipeline/record.js';
import { PATH_ROOM, Ring } from '../../src/pipeline/ring.js';
import { NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { LaneCounters } from '../../src/stats/shared.js';
import { temporaryFolder } from '../helpers/tree.js';
import { contentOf, leaseOf, namesIn, noise, Rig } from './rig.js';
import { thread } from './threads.js';

/** The built thread entry, given what a lane is given; the port comes by message, since it has to be handed over. */
const LANE = `
  const { port } = await new Promise((resolve) => parentPort.once('message', resolve));
  const { default: lane } = await load(data.entry);
  await lane({ ...data.start, port });`;

test('three readers and two writers copy a tree through a ring much smaller than any of its files', async () => {
  const tree = new Rig(); // for its source only
  const dest = temporaryFolder();
  const block = 65_536;
  const sizes = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? 10 * index : 300_000 + 70_001 * index));
  const items = sizes.map((size, index) => tree.file(`folder ${index % 5}/${index}`, noise(size)));
  const readers = [0, 1, 2];
  const ring = Ring.create({
    blockSlots: 3,
    packSlots: 6,
    blockBytes: block + PATH_ROOM,
    packBytes: 512 * 1024,
    readers: readers.length,
  });
  const pace = new SharedArrayBuffer(PACE_BYTES);
  const counters = { reader: LaneCounters.memory(3), writer: LaneCounters.memory(2) };
  const messages: LaneMessage[] = [];
  const ports: MessageChannel[] = [];
  const start = (role: 'reader' | 'writer', number: number, root: string) => {
    const channel = new MessageChannel();
    ports.push(channel);
    const outbox = new Outbox<Lease>(channel.port1);
    channel.port1.on('message', (message: LaneMessage) => messages.push(message));
    const common = {
      lane: number,
      root,
      counters: counters[role],
      ring: ring.shape,
      pace,
      checksum: 'blake3',
      rules: [],
      sparse: true,
      partTag: '',
      renamed: [],
      attributes: NO_ATTRIBUTES,
      source: { root: tree.source, copyLinks: false },
    };
    const { worker, result } = thread(LANE, {
      entry: `workers/${role}.js`,
      start: { ...common, inbox: outbox.memory },
    });
    worker.postMessage({ port: channel.port2 }, [channel.port2]);
    return { outbox, result };
  };
  const reading = readers.map((number) => start('reader', number, tree.source));
  const writing = [0, 1].map((number) => {
    ring.writerComes();
    return start('writer', number, dest);
  });
  let id = 0;
  for (const [index, { outbox }] of reading.entries()) {
    outbox.send(
      leaseOf(
        items.filter((_, item) => item % 3 === index),
        () => ++id,
      ),
    );
    outbox.close();
  }
  await Promise.all(reading.map(({ result }) => result));
  ring.close();
  await Promise.all(writing.map(({ result }) => result));
  await expect.poll(() => finishedIn(messages).length, { timeout: 20_000, interval: 5 }).toBe(items.length);
  for (const { port1 } of ports) port1.close();
  expect(messages.filter(({ type }) => type === 'failed')).toEqual([]);
  expect(new Set(finishedIn(messages)).size).toBe(items.length);
  expect(namesIn(dest)).toEqual(namesIn(tree.source));
  for (const { path, size } of items) expect(contentOf(dest, path)!.equals(noise(size))).toBe(true);
  const moved = (memory: SharedArrayBuffer, lanes: readonly number[]) =>
    lanes.reduce((sum, lane) => sum + new LaneCounters(new Float64Array(memory), lane).bytes, 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect([moved(counters.reader, readers), moved(counters.writer, [0, 1])]).toEqual([total, total]);
});

/** Ids of the copies that are finished, one for each result. */
function finishedIn(messages: readonly LaneMessage[]): number[] {
  return messages.flatMap((message) =>
    message.type === 'finished'
      ? [...results(message.headers)].filter(({ action }) => action === Action.copy).map(({ id }) => id)
      : [],
  );
}
