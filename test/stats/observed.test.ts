import { expect, test } from 'vitest';
import { History, sampleOf } from '../../src/stats/history.js';
import { Observed } from '../../src/stats/observed.js';
import { snapshot } from './snapshots.js';

test('each look is the latest of the history, which may have begun before', () => {
  const history = new History();
  history.add(sampleOf(snapshot({ nowMs: 1000, readBytes: 1 })));
  const now = snapshot({ nowMs: 2000, readBytes: 5 });
  const run = new Observed(() => now, history);
  expect(run.look()).toBe(now);
  expect(run.history.since(0)).toMatchObject([{ readBytes: 1 }, { readBytes: 5 }]);
  expect(run.history.latest).toEqual(sampleOf(now));
});
