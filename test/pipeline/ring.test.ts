import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ANY_WRITER, Command, Ring, type Slot, TICKET } from '../../src/pipeline/ring.js';

/** Where a ring keeps the number that the next ready slot gets. */

function ringOf(blockSlots: number, packSlots = 1, readers = 2): Ring {
  return Ring.create({ blockSlots, packSlots, blockBytes: 9000, packBytes: 5000, readers });
}

/** The ring as another thread has it. */
function again(ring: Ring): Ring {
  return new Ring(ring.shape);
}

function filled(ring: Ring, used: number, writer = ANY_WRITER): Slot {
  const slot = ring.acquire('block')!;
  ring.handOver(slot, used, writer);
  return slot;
}

/** Empties a ring that was closed; returns the `used` of each slot that the writer could take. */
function drained(ring: Ring, writer = 0): number[] {
  const seen: number[] = [];
  for (let taken = ring.take(writer); taken; taken = ring.take(writer)) {
    seen.push(taken.used);
    ring.release(taken.slot);
  }
  return seen;
}

test('slots lie behind one another on pages of their own, inside the memory and apart from the words', () => {
  const ring = ringOf(3, 2);
  expect(ring.slots.map(({ length }) => length)).toEqual([9000, 9000, 9000, 5000, 5000]);
  for (const [index, slot] of ring.slots.entries()) {
    expect(slot.byteOffset).toBeGreaterThanOrEqual(4096);
    expect(slot.byteOffset % 4096).toBe(0);
    expect(slot.byteOffset + slot.length).toBeLessThanOrEqual(
      ring.slots[index + 1]?.byteOffset ?? ring.shape.memory.byteLength,
    );
  }
});

test('a writer that is busy with a large file leaves what others may take to one that has nothing to do', () => {
  const ring = ringOf(4);
  const [own, other] = [ring.acquire('block')!, ring.acquire('block')!];
  ring.handOver(other, 1, ANY_WRITER);
  ring.handOver(own, 2, 7);
  ring.writerComes();
  expect(ring.take(7, true)!.used).toBe(2);
  ring.writerCame();
  expect(ring.take(7, true)!.used).toBe(1);
});

test('the lowest free slot of the wanted size is taken', () => {
  const ring = ringOf(3, 2);
  const taken = [ring.acquire('block')!, ring.acquire('pack')!, ring.acquire('block')!, ring.acquire('pack')!];
  expect(taken.map(({ index }) => index)).toEqual([0, 3, 1, 4]);
  ring.discard(taken[0]!);
  expect(ring.acquire('block')!.index).toBe(0);
});

test('ready slots are taken in the order in which they became ready', () => {
  const ring = ringOf(4);
  const [a, b, c, d] = [1, 2, 3, 4].map(() => ring.acquire('block')!);
  for (const [used, slot] of [c!, a!, d!, b!].entries()) ring.handOver(slot, used, ANY_WRITER);
  ring.close();
  expect(drained(again(ring))).toEqual([0, 1, 2, 3]);
});

test('the order holds when the tickets wrap around', () => {
  const ring = ringOf(4);
  new Int32Array(ring.shape.memory)[TICKET] = 0x7fff_fffe;
  const slots = [1, 2, 3, 4].map(() => ring.acquire('block')!);
  for (const [used, slot] of slots.reverse().entries()) ring.handOver(slot, used, ANY_WRITER);
  ring.close();
  expect(drained(ring)).toEqual([0, 1, 2, 3]);
});

test('a slot bound to a writer is taken by that writer only', () => {
  const ring = ringOf(4);
  filled(ring, 1, 1);
  filled(ring, 2);
  filled(ring, 3, 0);
  ring.close();
  expect(drained(ring, 0)).toEqual([2, 3]);
  expect(drained(ring, 1)).toEqual([1]);
  expect(ring.occupied).toBe(0);
});

describe('a writer that others overtake, whichever of its steps they come before,', () => {
  /**
   * Plays a scene again and again: `others` come in before the first atomic step of writer 0, then before its second
   * and so on. `check` is told what the writer took in all.
   */
  function atEachStep(scene: (ring: Ring) => { others(): void; check(taken: number[]): void }): number {
    for (let at = 0; ; at++) {
      const ring = ringOf(4);
      const { others, check } = scene(ring);
      ring.close();
      let step = 0;
      for (const name of ['load', 'compareExchange'] as const) {
        const real = Atomics[name] as (...args: unknown[]) => unknown;
        vi.spyOn(Atomics, name).mockImplementation(((...args: unknown[]) => {
          if (step++ === at) {
            vi.restoreAllMocks();
            others();
          }
          return real(...args);
        }) as never);
      }
      const taken = drained(ring);
      vi.restoreAllMocks();
      if (step <= at) return at;
      check([...taken, ...drained(ring)]);
    }
  }

  test('gets the blocks of its file in order, and the next file after them', () => {
    const steps = atEachStep((ring) => {
      const reader = again(ring);
      return {
        others: () => {
          for (const used of [1, 2]) filled(reader, used, 0);
          filled(reader, 3);
        },
        check: (taken) => expect(taken).toEqual([1, 2, 3]),
      };
    });
    expect(steps).toBeGreaterThan(3);
  });

  test('gets an older block before the one in a slot that was emptied and filled anew', () => {
    atEachStep((ring) => {
      const [reader, other] = [again(ring), again(ring)];
      const low = [reader.acquire('block')!, reader.acquire('block')!];
      filled(reader, 1);
      for (const slot of low) reader.discard(slot);
      let emptied: number[] = [];
      return {
        others: () => {
          emptied = drained(other, 1);
          for (const used of [2, 3, 4]) filled(reader, used, 0);
        },
        check: (taken) => expect([...emptied, ...taken]).toEqual([1, 2, 3, 4]),
      };
    });
  });

  test('leaves alone what has become meant for another', () => {
    atEachStep((ring) => {
      const other = again(ring);
      filled(ring, 1);
      let emptied: number[] = [];
      return {
        others: () => {
          emptied = drained(other, 1);
          filled(other, 2, 1);
        },
        check: (taken) => {
          expect([...emptied, ...taken]).toEqual([1]);
          expect(drained(other, 1)).toEqual([2]);
        },
      };
    });
  });
});

describe('stop', () => {
  test('nothing more is acquired, and no binding is waited for', () => {
    const ring = ringOf(1);
    ring.tell(Command.stop);
    expect(ring.acquire('block')).toBeUndefined();
    expect(ring.boundWriter(0)).toBeUndefined();
    expect(ring.take(0)).toBeUndefined();
  });

  test('drain lets all go on', () => {
    const ring = ringOf(1);
    ring.tell(Command.drain);
    filled(ring, 5);
    ring.close();
    expect(drained(ring)).toEqual([5]);
  });
});

test('the writer that bound itself is known until the lane unbinds; lanes do not share a binding', () => {
  const ring = ringOf(1, 1, 3);
  for (const reader of [0, 1, 2]) ring.bind(reader, reader + 10);
  ring.unbind(1);
  ring.bind(1, 0);
  expect([0, 1, 2].map((reader) => ring.boundWriter(reader))).toEqual([10, 0, 12]);
});

test('in use are the slots that are being filled, ready or being emptied', () => {
  const ring = ringOf(3);
  expect(ring.occupied).toBe(0);
  const slot = ring.acquire('block')!;
  filled(ring, 1);
  const taken = ring.take(0)!;
  filled(ring, 2);
  expect(ring.occupied).toBe(3);
  ring.discard(slot);
  ring.release(taken.slot);
  expect(ring.occupied).toBe(1);
});

test('whatever readers and writers do, each slot is in one hand, and each writer takes its oldest', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('acquire' as const, 'discard' as const, 'release' as const), at: fc.nat(5) }),
    fc.record({ do: fc.constant('handOver' as const), at: fc.nat(5), writer: fc.integer({ min: -1, max: 2 }) }),
    fc.record({ do: fc.constant('take' as const), writer: fc.nat(2) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
      (steps, from) => {
        const ring = ringOf(4);
        new Int32Array(ring.shape.memory)[TICKET] = from;
        ring.close(); // so that take never waits
        const filling: Slot[] = [];
        const draining: Slot[] = [];
        const ready: { slot: Slot; used: number; writer: number }[] = [];
        for (const [used, move] of steps.entries()) {
          switch (move.do) {
            case 'acquire':
              if (filling.length + draining.length + ready.length < 4) filling.push(ring.acquire('block')!);
              break;
            case 'discard': {
              const [slot] = filling.splice(move.at % Math.max(1, filling.length), 1);
              if (slot) ring.discard(slot);
              break;
            }
            case 'handOver': {
              const [slot] = filling.splice(move.at % Math.max(1, filling.length), 1);
              if (!slot) break;
              ring.handOver(slot, used, move.writer);
              ready.push({ slot, used, writer: move.writer });
              break;
            }
            case 'take': {
              const taken = ring.take(move.writer);
              const at = ready.findIndex(({ writer }) => writer === ANY_WRITER || writer === move.writer);
              const [wanted] = at < 0 ? [] : ready.splice(at, 1);
              expect(taken).toEqual(wanted && { slot: wanted.slot, used: wanted.used });
              if (taken) draining.push(taken.slot);
              break;
            }
            case 'release': {
              const [slot] = draining.splice(move.at % Math.max(1, draining.length), 1);
              if (slot) ring.release(slot);
            }
          }
          const held = [...filling, ...draining, ...ready.map(({ slot }) => slot)].map(({ index }) => index);
          expect(new Set(held).size).toBe(held.length);
          expect(ring.occupied).toBe(held.length);
        }
      },
    ),
  );
});

test('writers starve while fewer packs are ready than there are writers', () => {
  const ring = ringOf(4);
  expect(ring.writersStarve).toBe(false);
  for (let writer = 0; writer < 2; writer++) ring.writerComes();
  ring.handOver(ring.acquire('block')!, 1, ANY_WRITER);
  ring.handOver(ring.acquire('block')!, 1, 5); // helps one writer only
  expect(ring.writersStarve).toBe(true);
  ring.handOver(ring.acquire('block')!, 1, ANY_WRITER);
  expect(ring.writersStarve).toBe(false);
});
