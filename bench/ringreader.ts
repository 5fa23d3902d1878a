/** Thread entry for the suite `ring`: hands over slots as they are until the ring is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { ANY_WRITER, Ring, type RingShape } from '../src/pipeline/ring.js';

export interface RingReaderStart {
  readonly shape: RingShape;
  readonly kind: 'block' | 'pack';
}

const { shape, kind } = workerData as RingReaderStart;
const ring = new Ring(shape);
// The main thread blocks in the ring later, where it would not hear of a thread that could not start.
parentPort!.postMessage('ready');
for (let slot = ring.acquire(kind); slot; slot = ring.acquire(kind)) ring.handOver(slot, 0, ANY_WRITER);
