import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ANY_WRITER, Command, Ring } from '../src/pipeline/ring.js';
import { bestMs, printRates } from './measure.js';
import type { RingReaderStart } from './ringreader.js';

/** As many slots as a run has by default, since every look goes over all of them; small ones, since none is filled. */
const SHAPE = { blockSlots: 20, packSlots: 72, blockBytes: 4096, packBytes: 4096, readers: 1 };

/** Hand-offs that are timed together: one is too short for the clock. */
const BATCH = 1000;

type Kind = RingReaderStart['kind'];

/** A ring and the thread that hands over its slots; the main thread is the writer. */
interface Pair {
  readonly name: string;
  readonly ring: Ring;
  readonly reader: Worker;
}

async function startPair(name: string, kind: Kind, shape: typeof SHAPE): Promise<Pair> {
  const ring = Ring.create(shape);
  const workerData: RingReaderStart = { shape: ring.shape, kind };
  const reader = new Worker(new URL('./ringreader.js', import.meta.url), { workerData });
  await once(reader, 'message');
  return { name, ring, reader };
}

async function endPair({ ring, reader }: Pair): Promise<void> {
  const ended = once(reader, 'exit');
  ring.tell(Command.stop);
  await ended;
}

/** One thread as reader and writer in turns: what the calls cost when nobody waits. */
function alone(ring: Ring, kind: Kind): void {
  for (let count = 0; count < BATCH; count++) {
    ring.handOver(ring.acquire(kind)!, 0, ANY_WRITER);
    ring.release(ring.take(0)!.slot);
  }
}

function takeBatch(ring: Ring): void {
  for (let count = 0; count < BATCH; count++) ring.release(ring.take(0)!.slot);
}

/**
 * Prints what it takes to pass a slot, without data, from a reader to a writer and back. Two threads that have many
 * slots wait when the other is slower; with one slot each waits for the other at every hand-off. Takes 3 to 5 s.
 */
export async function ring(): Promise<void> {
  const own = Ring.create(SHAPE);
  const pairs = [
    await startPair('block slot, two threads', 'block', SHAPE),
    await startPair('pack slot, two threads', 'pack', SHAPE),
    await startPair('the only block slot, two threads', 'block', { ...SHAPE, blockSlots: 1 }),
  ];
  const contenders = [
    { name: 'block slot, one thread', run: () => alone(own, 'block') },
    { name: 'pack slot, one thread', run: () => alone(own, 'pack') },
    ...pairs.map(({ name, ring }) => ({ name, run: () => takeBatch(ring) })),
  ];
  const ms = await bestMs(contenders.map(({ run }) => run));
  await Promise.all(pairs.map(endPair));
  printRates(
    'ring',
    'hand-off',
    contenders.map(({ name }, at) => ({ name, ms: ms[at]!, count: BATCH })),
  );
}
