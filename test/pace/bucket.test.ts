import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bucket } from '../../src/pace/bucket.js';

const MS = 1_000_000n;
const SECOND = 1_000n * MS;
const KiB = 1024;
const MiB = 1024 * KiB;

const memory = () => new SharedArrayBuffer(Bucket.bytes);

/** A bucket limited to `rate` bytes/s since ns 0 of a clock of the test's own. */
function bucketAt(rate: number): Bucket {
  const bucket = new Bucket(memory(), 0);
  bucket.setRate(rate, 0n);
  return bucket;
}

/** Empties what a fresh or idle bucket has saved up: 10 ms worth. */
function emptied(rate: number, now = 0n): Bucket {
  const bucket = bucketAt(rate);
  expect(bucket.reserve(Math.floor(rate / 100), now)).toBe(0n);
  return bucket;
}

describe('without a limit', () => {
  it('is how zeroed memory begins', () => {
    const bucket = new Bucket(memory(), 0);
    expect(bucket.rate).toBe(0);
    expect(bucket.quantum()).toBe(Number.POSITIVE_INFINITY);
    expect(bucket.reserve(Number.MAX_SAFE_INTEGER)).toBe(0n);
    expect(bucket.reserve(Number.MAX_SAFE_INTEGER)).toBe(0n);
    bucket.take(Number.MAX_SAFE_INTEGER);
  });

  it('costs later reservations nothing', () => {
    const bucket = new Bucket(memory(), 0);
    bucket.reserve(100 * MiB, 0n);
    bucket.setRate(1000, SECOND);
    expect(bucket.reserve(40, SECOND)).toBe(0n);
  });
});

describe('reserve', () => {
  it('makes N reservations add up exactly to the rate', () => {
    const rate = 7_654_321;
    const bucket = emptied(rate, SECOND);
    const sizes = Array.from({ length: 10_000 }, (_, i) => 1 + ((i * 7919) % (64 * KiB)));
    const waits = sizes.map((n) => bucket.reserve(n, SECOND));
    const sum = BigInt(sizes.reduce((a, b) => a + b));
    const exact = (sum * SECOND + BigInt(rate - 1)) / BigInt(rate);
    expect(waits.at(-1)).toBe(exact);
  });

  it('hands out whole waits for whole rates', () => {
    const bucket = emptied(1_000_000);
    const waits = Array.from({ length: 5 }, () => bucket.reserve(10_000, 0n));
    expect(waits).toEqual([10n * MS, 20n * MS, 30n * MS, 40n * MS, 50n * MS]);
  });

  it('lets no more than 10 ms worth through at once after idling, however long', () => {
    for (const idle of [SECOND, 3_600n * SECOND, 30n * 86_400n * SECOND]) {
      const bucket = emptied(1_000_000);
      const free = Array.from({ length: 100 }, () => bucket.reserve(1_000, idle)).filter((ns) => ns === 0n);
      expect(free).toHaveLength(10);
    }
  });

  it('lets a piece larger than the burst go when the bucket is full, and makes the next one wait for it', () => {
    const bucket = bucketAt(1_000);
    expect(bucket.reserve(2_040, SECOND)).toBe(0n);
    expect(bucket.reserve(40, SECOND)).toBe(2n * SECOND + 40n * MS);
  });

  it('returns 0n again once the wait is over', () => {
    const bucket = emptied(1_000_000);
    expect(bucket.reserve(10_000, 0n)).toBe(10n * MS);
    expect(bucket.reserve(0, 10n * MS - 1n)).toBe(1n);
    expect(bucket.reserve(0, 10n * MS)).toBe(0n);
  });

  it('refuses fractions of bytes', () => {
    expect(() => bucketAt(1_000).reserve(1.5, 0n)).toThrow(RangeError);
  });

  it('lets no window through more than rate * window + burst + n', () => {
    const sequence = fc.array(fc.tuple(fc.bigInt(0n, SECOND), fc.nat({ max: 2 * MiB })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 2_000_000_000 }), sequence, (rate, steps) => {
        const bucket = bucketAt(rate);
        let now = 0n;
        const moved = steps.map(([advance, n]) => {
          now += advance;
          return { n, at: now + bucket.reserve(n, now) };
        });
        for (const [i, first] of moved.entries()) {
          let sum = 0;
          let largest = 0;
          for (const last of moved.slice(i)) {
            expect(last.at).toBeGreaterThanOrEqual(first.at);
            sum += last.n;
            largest = Math.max(largest, last.n);
            // The bucket keeps the tighter bound: the larger of the two and not their sum. Roundings: whole bytes, and
            // whole ns, in which up to rate / 1e9 bytes move.
            const window = (Number(last.at - first.at) * rate) / 1e9;
            expect(sum).toBeLessThanOrEqual(window + Math.max(0.01 * rate, largest) + rate / 1e9 + 2);
          }
        }
      }),
    );
  });

  it('wastes nothing of the limit while lanes are waiting', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 * MiB }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 2_000_000_000 }), sizes, (rate, pieces) => {
        const bucket = bucketAt(rate);
        const waits = pieces.map((n) => Number(bucket.reserve(n, 0n)));
        const sum = pieces.reduce((a, b) => a + b, 0);
        expect(Math.max(...waits)).toBeLessThanOrEqual((sum / rate) * 1e9 + 100);
      }),
    );
  });
});

describe('setRate', () => {
  it('holds for the next reservation', () => {
    const bucket = emptied(1_000_000);
    expect(bucket.reserve(5_000, 0n)).toBe(5n * MS);
    bucket.setRate(100_000, 5n * MS);
    expect(bucket.reserve(1_000, 5n * MS)).toBe(10n * MS);
  });

  it('makes what is still waiting move at the new rate', () => {
    const bucket = emptied(1_000_000);
    const waits = Array.from({ length: 100 }, () => bucket.reserve(10_000, 0n));
    expect(waits.at(-1)).toBe(SECOND);
    bucket.setRate(2_000_000, 500n * MS);
    expect(bucket.reserve(0, 500n * MS)).toBe(250n * MS);
    bucket.setRate(500_000, 500n * MS);
    expect(bucket.reserve(0, 500n * MS)).toBe(SECOND);
  });

  it('forgives all that waits when the limit is lifted', () => {
    const bucket = emptied(1_000);
    bucket.reserve(1_000_000, 0n);
    bucket.setRate(0, 0n);
    expect(bucket.reserve(1_000_000, 0n)).toBe(0n);
    bucket.setRate(1_000, SECOND);
    expect(bucket.reserve(40, SECOND)).toBe(0n);
    expect(bucket.reserve(40, SECOND)).toBe(40n * MS);
  });

  it('does not turn a change of rate into a fresh burst', () => {
    const bucket = emptied(1_000_000);
    for (const rate of [2_000_000, 1_000_000, 3_000_000, 1_000_000]) bucket.setRate(rate, 0n);
    expect(bucket.reserve(10_000, 0n)).toBe(10n * MS);
  });

  it.each([
    [0.25, 1],
    [1234.9, 1234],
    [100e9, 100e9],
    [200e9, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])('takes %d bytes/s as %d', (given, rate) => {
    expect(bucketAt(given).rate).toBe(rate);
  });

  it.each([-1, Number.NaN])('refuses %d', (rate) => {
    expect(() => bucketAt(rate)).toThrow(RangeError);
  });

  it('leaves the bucket beside it alone', () => {
    const sab = new SharedArrayBuffer(2 * Bucket.bytes);
    const [read, write] = [new Bucket(sab, 0), new Bucket(sab, Bucket.bytes)];
    read.setRate(1_000, 0n);
    read.reserve(1_000_000, 0n);
    expect(write.rate).toBe(0);
    write.setRate(2_000, 0n);
    expect(write.reserve(100, 0n)).toBe(0n);
    expect([read.rate, write.rate]).toEqual([1_000, 2_000]);
  });
});

describe('hold', () => {
  it('lets nothing move until a rate is set again, and forgets nothing', () => {
    const bucket = emptied(1_000_000);
    bucket.hold(0n);
    expect(bucket.isBinding(SECOND)).toBe(true);
    expect(bucket.reserve(5_000, SECOND)).toBeGreaterThan(86_400n * SECOND);
    bucket.setRate(1_000_000, 2n * SECOND);
    expect(bucket.reserve(0, 2n * SECOND)).toBe(5n * MS);
  });

  it('ends with a time without limit too', () => {
    const bucket = new Bucket(memory(), 0);
    bucket.hold(0n);
    expect(bucket.reserve(1, 0n)).toBeGreaterThan(SECOND);
    bucket.setRate(0, SECOND);
    expect(bucket.reserve(1_000_000, SECOND)).toBe(0n);
  });
});

describe('what the limit has done', () => {
  it('is told in bytes that were let go, not in those that wait', () => {
    const bucket = emptied(1_000_000);
    const before = bucket.spent(0n);
    bucket.reserve(10_000, 0n);
    expect(bucket.spent(4n * MS) - before).toBe(4_000);
    expect(bucket.isBinding(4n * MS)).toBe(true);
    expect(bucket.spent(SECOND) - before).toBe(10_000);
    expect(bucket.isBinding(SECOND)).toBe(false);
  });

  it('is nothing without a limit', () => {
    const bucket = new Bucket(memory(), 0);
    expect(bucket.isBinding(0n)).toBe(false);
    bucket.reserve(10_000, 0n);
    expect(bucket.isBinding(0n)).toBe(false);
  });
});

describe('quantum', () => {
  it('is no more than the largest piece that was set', () => {
    const bucket = bucketAt(1_000_000_000);
    bucket.largest = 64 * KiB;
    expect(bucket.quantum()).toBe(64 * KiB);
    bucket.largest = 0;
    expect(bucket.quantum()).toBe(MiB);
  });

  it.each([
    [1, 16 * KiB],
    [1_000_000, 16 * KiB],
    [10_000_000, 60 * KiB],
    [20 * MiB, 128 * KiB],
    [1_000_000_000, MiB],
  ])('is about 6 ms worth at %d bytes/s: %d', (rate, quantum) => {
    expect(bucketAt(rate).quantum()).toBe(quantum);
  });
});

describe('take', () => {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { Bucket } = await import(workerData.url);
    const bucket = new Bucket(workerData.sab, 0);
    for (const n of workerData.sizes) bucket.take(n);
    parentPort.postMessage(process.hrtime.bigint());
  `;
  const url = new URL('../../dist/src/pace/bucket.js', import.meta.url).href;

  /** A thread that takes the sizes one after another. Resolves to the ns at which it had taken them all. */
  async function lane(sab: SharedArrayBuffer, sizes: readonly number[]): Promise<bigint> {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: { sab, sizes, url },
    });
    const [end] = await once(worker, 'message');
    await worker.terminate();
    return end;
  }

  /** Returns when the lanes of a bucket of 1 byte/s have claimed at least so many bytes more than it allows yet. */
  async function backlog(bucket: Bucket, bytes: number): Promise<void> {
    while (bucket.reserve(0) < BigInt(bytes) * SECOND) await setImmediate();
  }

  it('holds threads to one rate together', async () => {
    const sab = memory();
    const bucket = new Bucket(sab, 0);
    const rate = 40_000_000;
    const start = process.hrtime.bigint();
    bucket.setRate(rate, start);
    const sizes = Array<number>(50).fill(40_000);
    const ends = await Promise.all(Array.from({ length: 3 }, () => lane(sab, sizes)));
    const ns = Math.max(...ends.map((end) => Number(end - start)));
    expect((ns * rate) / 1e9).toBeGreaterThanOrEqual(3 * 50 * 40_000 - 0.01 * rate);
  });

  it('wakes for a higher rate', async () => {
    const sab = memory();
    const bucket = new Bucket(sab, 0);
    bucket.setRate(1);
    const done = lane(sab, [1_000_000, 1]);
    await backlog(bucket, 900_000);
    bucket.setRate(1_000_000_000);
    expect(await done).toBeTypeOf('bigint');
  });

  it('counts operations at their cost', async () => {
    const sab = memory();
    const bucket = new Bucket(sab, 0);
    bucket.cost = 2048;
    bucket.setRate(1_000_000_000);
    const before = bucket.spent();
    const code = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { Bucket } = await import(workerData.url);
      new Bucket(workerData.sab, 0).take(100, 3);
      parentPort.postMessage(0);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: { sab, url },
    });
    await once(worker, 'message');
    await worker.terminate();
    // What an idle bucket has saved up is lost but for the burst, so the rest of the clock counts as let go too.
    expect(bucket.isBinding()).toBe(false);
    expect(bucket.spent()).toBeGreaterThanOrEqual(before + 100 + 3 * 2048);
  });

  it('lets every sleeper go when the limit is lifted', async () => {
    const sab = memory();
    const bucket = new Bucket(sab, 0);
    bucket.setRate(1);
    const lanes = Array.from({ length: 3 }, () => lane(sab, [1_000_000, 1_000_000]));
    await backlog(bucket, 2_900_000);
    bucket.setRate(0);
    expect(await Promise.all(lanes)).toHaveLength(3);
  });

  it('stays within the highest rate while the rate changes under it', async () => {
    const sab = memory();
    const bucket = new Bucket(sab, 0);
    const start = process.hrtime.bigint();
    bucket.setRate(20_000_000, start);
    let running = true;
    const sizes = Array<number>(50).fill(20_000);
    const lanes = Promise.all([lane(sab, sizes), lane(sab, sizes)]).finally(() => {
      running = false;
    });
    for (let i = 0; running; i++) {
      bucket.setRate(i % 2 === 0 ? 40_000_000 : 20_000_000);
      await setImmediate();
    }
    const ns = Math.max(...(await lanes).map((end) => Number(end - start)));
    expect((ns * 40_000_000) / 1e9).toBeGreaterThanOrEqual(2 * 50 * 20_000 - 0.01 * 40_000_000);
  });
});
