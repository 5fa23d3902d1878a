import { expect, test } from 'vitest';
import { Keeper } from '../../src/engine/keeper.js';
import type { Threads } from '../../src/engine/threads.js';
import { Exit } from '../../src/exit.js';

const answering = (answer: Promise<unknown>) => ({ ask: () => answer }) as unknown as Threads;

test('a share that does not answer at the start is told of, and given up', async () => {
  const notes: string[] = [];
  const keeper = new Keeper(answering(new Promise(() => {})), {
    untilToldMs: 1,
    mostMs: 20,
    note: (text) => notes.push(text),
  });
  await expect(keeper.prepare('/dest', undefined, {}, '')).rejects.toMatchObject({
    exitCode: Exit.share,
    message: expect.stringContaining('destination /dest: does not answer'),
  });
  expect(notes).toEqual(['waiting for an answer: destination /dest']);
});

test('of one that answers nothing is told', async () => {
  const notes: string[] = [];
  const patience = { untilToldMs: 1000, mostMs: 1000, note: (text: string) => notes.push(text) };
  expect(
    await new Keeper(answering(Promise.resolve({ grainNs: 1n })), patience).prepare('/dest', undefined, {}, ''),
  ).toEqual({
    grainNs: 1n,
  });
  expect(notes).toEqual([]);
});
