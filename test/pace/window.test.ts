import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Window } from '../../src/pace/window.js';
import { thread } from '../pipeline/threads.js';

const FOREVER = 2 ** 31 - 1;
const memory = () => new SharedArrayBuffer(Window.bytes);

/** A thread that passes the window `times` times; each call counts those inside and lets `meanwhile` go on in it. */
function lane(
  sab: SharedArrayBuffer,
  counts: SharedArrayBuffer,
  times: number,
  meanwhile: string,
  patienceMs = FOREVER,
) {
  return thread(
    `const { Window } = await load('src/pace/window.js');
     const window = new Window(data.sab, 0, data.patienceMs);
     const [INSIDE, MOST, DOOR] = [0, 1, 2];
     const counts = new Int32Array(data.counts);
     for (let time = 0; time < data.times; time++) {
       window.pass(() => {
         const inside = Atomics.add(counts, INSIDE, 1) + 1;
         for (let most = counts[MOST]; inside > most; most = counts[MOST])
           Atomics.compareExchange(counts, MOST, most, inside);
         ${meanwhile}
         Atomics.sub(counts, INSIDE, 1);
       });
     }`,
    { sab, counts, times, patienceMs },
  );
}

const INSIDE = 0;
const MOST = 1;
const DOOR = 2;
/** Stays inside until the test opens the door. */
const STAY = 'Atomics.wait(counts, DOOR, 0);';

function made(size: number) {
  const [sab, shared] = [memory(), new SharedArrayBuffer(12)];
  const window = new Window(sab, 0);
  window.size = size;
  const counts = new Int32Array(shared);
  const open = () => {
    Atomics.store(counts, DOOR, 1);
    Atomics.notify(counts, DOOR);
  };
  /** Resolves when so many are inside. */
  const inside = async (wanted: number) => {
    while (Atomics.load(counts, INSIDE) !== wanted) await setImmediate();
  };
  return { sab, shared, window, counts, open, inside };
}

describe('a window', () => {
  test('is without a bound, and empty, at first', () => {
    const window = new Window(memory(), 0);
    expect([window.size, window.inside]).toEqual([0, 0]);
    expect(window.pass(() => window.inside)).toBe(1);
    expect(window.inside).toBe(0);
  });

  test('lets no more calls pass at a time than its size, and all of them in the end', async () => {
    const { sab, shared, window, counts } = made(2);
    const spin = 'for (let i = 0; i < 20000; i++) counts[DOOR];';
    await Promise.all(Array.from({ length: 4 }, () => lane(sab, shared, 500, spin).result));
    expect(counts[MOST]).toBeLessThanOrEqual(2);
    expect(window.inside).toBe(0);
  });

  test('lets any number pass without a bound', async () => {
    const { sab, shared, open, inside } = made(0);
    const lanes = [1, 2, 3].map(() => lane(sab, shared, 1, STAY));
    await inside(3);
    open();
    await Promise.all(lanes.map(({ result }) => result));
  });

  test.each([2, 0])('lets in who waits when its size becomes %d', async (size) => {
    const { sab, shared, window, open, inside } = made(1);
    const lanes = [1, 2].map(() => lane(sab, shared, 1, STAY));
    await inside(1);
    window.size = size;
    await inside(2);
    open();
    await Promise.all(lanes.map(({ result }) => result));
    expect(window.inside).toBe(0);
  });

  test('is not held up for long by a call that hangs', async () => {
    const { sab, shared, open, inside } = made(1);
    const lanes = [1, 2].map(() => lane(sab, shared, 1, STAY, 5));
    await inside(2);
    open();
    await Promise.all(lanes.map(({ result }) => result));
  });

  test('has room again after a call that failed', () => {
    const window = new Window(memory(), 0);
    window.size = 1;
    const fail = () => {
      throw new Error('failed');
    };
    expect(() => window.pass(fail)).toThrow('failed');
    expect([window.size, window.inside]).toEqual([1, 0]);
  });

  test('keeps its count of calls while its size changes', () => {
    const window = new Window(memory(), 0);
    window.pass(() => {
      window.size = 40_000_000;
      expect(window.inside).toBe(1);
      window.size = 3;
      expect([window.size, window.inside]).toEqual([3, 1]);
    });
    expect([window.size, window.inside]).toEqual([3, 0]);
  });
});
