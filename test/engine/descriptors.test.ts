import { describe, expect, it } from 'vitest';
import { affordableLanes, checkOpenFiles } from '../../src/engine/descriptors.js';
import { UsageError } from '../../src/exit.js';
import { limitIn } from '../../src/posix/limits.js';

const threads = (each: number) => ({ readers: each, writers: each, scanners: each });

describe('threads and open files', () => {
  it('are told apart from what the process may have, before anything is begun', () => {
    expect(() => checkOpenFiles(threads(64), 1024)).toThrow(UsageError);
    expect(() => checkOpenFiles(threads(64), 1024)).toThrow(
      /need about 1912 open files, and this process may have 1024/,
    );
    expect(() => checkOpenFiles(threads(0), 100)).toThrow(/may have 100/);
  });

  it('are no question where there are enough', () => {
    checkOpenFiles(threads(32), 1024);
    checkOpenFiles(threads(0), 256);
    checkOpenFiles(threads(64), Number.POSITIVE_INFINITY);
  });

  it('that a run grows to by itself are as many as the process can afford', () => {
    expect([256, 1024, 1_048_576].map(affordableLanes).map((lanes) => Math.min(lanes, 32))).toEqual([4, 32, 32]);
    expect(affordableLanes(64)).toBe(1);
  });
});

it('reads the limit of open files', () => {
  const text = (soft: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   524288   files\n`;
  expect(limitIn(text('1024'))).toBe(1024);
  expect(limitIn(text('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(limitIn('')).toBe(Number.POSITIVE_INFINITY);
});
