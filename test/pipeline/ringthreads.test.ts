import { expect, test, vi } from 'vitest';
import { ANY_WRITER, Command, Ring } from '../../src/pipeline/ring.js';
import { thread } from './threads.js';

const OPEN = "const { Ring } = await load('src/pipeline/ring.js'); const ring = new Ring(data.shape);";

/** Streams `files` files of `blocks` blocks each, as the reader's role does; each block says who, which and where. */
const READER = `${OPEN}
  for (let file = 0; file < data.files; file++) {
    ring.unbind(data.lane);
    let writer = -1;
    for (let block = 0; block < data.blocks; block++) {
      const slot = ring.acquire('block');
      if (!slot) return 'stopped';
      new Int32Array(data.shape.memory, slot.byteOffset, 3).set([data.lane, file, block]);
      if (block > 0 && writer < 0) writer = ring.boundWriter(data.lane);
      ring.handOver(slot, 12, writer);
    }
  }
  return 'done';`;

/** Takes all there is, binding itself to each file it begins; returns [reader, file, block] of all it took, in order. */
const WRITER = `${OPEN}
  const seen = [];
  for (let taken = ring.take(data.lane); taken; taken = ring.take(data.lane)) {
    const [reader, file, block] = new Int32Array(data.shape.memory, taken.slot.byteOffset, 3);
    if (block === 0) ring.bind(reader, data.lane);
    seen.push([reader, file, block]);
    ring.release(taken.slot);
  }
  delete seen.last;
  return seen;`;

/** Keeps only the blocks that did not follow on the block that the same reader sent to this writer before. */
const IN_ORDER = `
  seen.last ??= new Map();
  const [lastFile, lastBlock] = seen.last.get(reader) ?? [-1, -1];
  if (block === 0 ? file <= lastFile : file !== lastFile || block !== lastBlock + 1) seen.push([reader, file, block]);
  seen.last.set(reader, [file, block]);`;

/** Runs the readers and writers to the end and returns what each writer took. */
async function stream(blockSlots: number, readers: number, writers: number, files: number, blocks: number) {
  const ring = Ring.create({ blockSlots, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers });
  const { shape } = ring;
  const taking = Array.from({ length: writers }, (_, lane) => thread(WRITER, { shape, lane }));
  const giving = Array.from({ length: readers }, (_, lane) => thread(READER, { shape, lane, files, blocks }));
  for (const { result } of giving) expect(await result).toBe('done');
  ring.close();
  const taken = (await Promise.all(taking.map(({ result }) => result))) as [number, number, number][][];
  expect(ring.occupied).toBe(0);
  return taken;
}

/** Every block of every file arrived once, in order, at one writer. */
function expectWhole(
  taken: readonly (readonly [number, number, number])[][],
  readers: number,
  files: number,
  blocks: number,
) {
  const wanted = Array.from({ length: blocks }, (_, block) => block);
  for (let reader = 0; reader < readers; reader++) {
    for (let file = 0; file < files; file++) {
      const got = taken.map((list) => list.filter(([r, f]) => r === reader && f === file).map(([, , block]) => block));
      expect(got.filter((list) => list.length > 0)).toEqual([wanted]);
    }
  }
}

test.each([1, 2, 5])(
  'one writer serves three readers whose files have more blocks than the ring has slots (%i)',
  async (slots) => {
    expectWhole(await stream(slots, 3, 1, 20, 7), 3, 20, 7);
  },
);

test('several writers share the files and each has all blocks of its own', async () => {
  expectWhole(await stream(4, 3, 3, 60, 5), 3, 60, 5);
});

test('however the threads overtake each other, a writer gets the blocks of a lane in order', async () => {
  const lanes = [0, 1, 2, 3, 4, 5];
  const ring = Ring.create({ blockSlots: 16, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers: lanes.length });
  const { shape } = ring;
  const counting = WRITER.replace('seen.push([reader, file, block]);', IN_ORDER);
  const taking = lanes.map((lane) => thread(counting, { shape, lane }));
  const giving = lanes.map((lane) => thread(READER, { shape, lane, files: 6000, blocks: 4 }));
  await Promise.all(giving.map(({ result }) => result));
  ring.close();
  expect(await Promise.all(taking.map(({ result }) => result))).toEqual(lanes.map(() => []));
});

test.each([
  ['that wait for a free slot', "ring.acquire('block')"],
  ['that wait for a ready slot', 'ring.take(0)'],
  ['that wait for their writer', 'ring.boundWriter(0)'],
])('stop ends threads %s', async (_, call) => {
  const ring = Ring.create({ blockSlots: 1, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers: 1 });
  if (call.includes('acquire')) ring.acquire('block');
  const { begun, result } = thread(`${OPEN} began(); return ${call} === undefined;`, { shape: ring.shape });
  await begun;
  ring.tell(Command.stop);
  expect(await result).toBe(true);
});

test('close ends a writer that waits, and one with work only after that', async () => {
  const ring = Ring.create({ blockSlots: 2, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers: 1 });
  const { result } = thread(WRITER, { shape: ring.shape, lane: 0 });
  await vi.waitFor(() => expect(ring.idleWriters).toBe(1), { timeout: 20_000, interval: 1 });
  for (let block = 0; block < 2; block++) {
    const slot = ring.acquire('block')!;
    new Int32Array(ring.shape.memory, slot.byteOffset, 3).set([0, 0, block]);
    ring.handOver(slot, 12, ANY_WRITER);
  }
  ring.close();
  expect(await result).toEqual([
    [0, 0, 0],
    [0, 0, 1],
  ]);
});

test('a writer is idle while it waits, also when only another may take what is ready', async () => {
  const ring = Ring.create({ blockSlots: 2, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers: 1 });
  const idle = (count: number) =>
    vi.waitFor(() => expect(ring.idleWriters).toBe(count), { timeout: 20_000, interval: 1 });
  await idle(0);
  const { result } = thread(`${OPEN} return ring.take(0).used;`, { shape: ring.shape });
  await idle(1);
  ring.handOver(ring.acquire('block')!, 1, 5);
  await idle(1);
  ring.handOver(ring.acquire('block')!, 2, ANY_WRITER);
  expect(await result).toBe(2);
  expect(ring.idleWriters).toBe(0);
});

test('a pack that becomes ready wakes a writer that is busy with a large file when no other has time', async () => {
  const ring = Ring.create({ blockSlots: 2, packSlots: 1, blockBytes: 4096, packBytes: 4096, readers: 1 });
  const { begun, result } = thread(`${OPEN} began(); return ring.take(0, true).used;`, { shape: ring.shape });
  await begun;
  ring.handOver(ring.acquire('pack')!, 3, ANY_WRITER);
  expect(await result).toBe(3);
});
