import { join } from 'node:path';
import { expect, test } from 'vitest';
import { merge } from '../../src/cli/config.js';
import { settingsOf } from '../../src/cli/settings.js';
import { parseTimetable } from '../../src/cli/timetable.js';
import type { Controls } from '../../src/engine/controls.js';
import { copy } from '../../src/engine/copy.js';
import { plant, temporaryFolder } from '../helpers/tree.js';

test('a run takes another limit, a pause and its end while it runs', async () => {
  const folder = temporaryFolder();
  const source = plant(join(folder, 'source'), { large: 'x'.repeat(2 * 1024 ** 2) });
  const layer = { db: join(folder, 'l.db'), progress: 'json', bwlimit: parseTimetable('1K'), 'op-cost': 0 } as const;
  const settings = settingsOf(merge([layer]), source, join(folder, 'dest'), { env: {}, memory: 8 * 1024 ** 3 });
  const lines: string[] = [];
  let begun: (controls: Controls) => void = () => {};
  const started = new Promise<Controls>((resolve) => {
    begun = resolve;
  });
  const ended = copy(settings, { out: (text) => lines.push(text), err: () => {} }, begun);
  const controls = await started;
  controls.pause();
  controls.resume();
  // At 1 KiB/s the file would take more than half an hour.
  controls.limit(parseTimetable('off'), 'off');
  expect(await ended).toBe(0);
  const notes = lines.flatMap((line) => (line.includes('"note"') ? [JSON.parse(line).text] : []));
  expect(notes).toEqual(['paused', 'going on', 'the limit is off now']);
  expect(controls.drain()).toBe(true);
});
