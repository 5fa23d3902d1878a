import { expect, test } from 'vitest';
import type { Item } from '../../src/engine/item.js';
import { Outcomes } from '../../src/engine/outcomes.js';
import { Action, AS_IT_WAS } from '../../src/pipeline/record.js';
import { dirRef, failureWith, type ItemPart, itemIn, resultOf } from './items.js';

const DIR = dirRef(1, 'dir');

function done(name: string, part?: ItemPart): Item {
  const item = itemIn(DIR, name, part);
  return Object.assign(item, { result: resultOf(item) });
}

function failed(name: string, part?: ItemPart): Item {
  return Object.assign(itemIn(DIR, name, part), { failure: failureWith('EACCES', name) });
}

test('counts what was copied, and apart from it what of that is recorded', () => {
  const outcomes = new Outcomes();
  const file = done('file', { meta: { size: 700 } });
  outcomes.finish(file);
  outcomes.finish(done('link', { action: Action.link, meta: { size: 7 } }));
  outcomes.commit(file);
  outcomes.commit(failed('other'));
  expect(outcomes.copied).toEqual({ files: 2, bytes: 707 });
  expect(outcomes.recorded.copied).toEqual({ files: 1, bytes: 700 });
  expect(outcomes.unrecorded).toBe(1);
});

test('counts hard links and attributes that were set, and apart from them which of these are recorded', () => {
  const outcomes = new Outcomes();
  const asItWas = done('same');
  asItWas.result = { ...asItWas.result!, flags: AS_IT_WAS };
  const items = [done('a', { action: Action.hardLink }), done('b', { action: Action.stamp }), asItWas];
  for (const item of items) outcomes.finish(item);
  expect(outcomes).toMatchObject({ linked: 1, stamped: 1, copied: { files: 0 }, same: { files: 1 }, unrecorded: 2 });
  for (const item of items) outcomes.commit(item);
  expect(outcomes.recorded).toEqual({ copied: { files: 0, bytes: 0 }, linked: 1, stamped: 1 });
  expect(outcomes.unrecorded).toBe(0);
});

test('counts no extra that somebody else has taken away', () => {
  const outcomes = new Outcomes();
  const gone = done('gone', { action: Action.remove });
  gone.result = { ...gone.result!, flags: AS_IT_WAS };
  outcomes.finish(gone);
  outcomes.finish(done('removed', { action: Action.removeDir }));
  expect(outcomes.deleted).toBe(1);
});

test('counts the extras that are gone, and no folders that were made or stamped', () => {
  const outcomes = new Outcomes();
  for (const action of [Action.remove, Action.removeDir, Action.removePart, Action.makeDir, Action.stampDir])
    outcomes.finish(done('entry', { action }));
  expect(outcomes).toMatchObject({ deleted: 2, copied: { files: 0 }, failed: 0 });
});

test('an entry counts as failed once, with its last reason, however often it fails', () => {
  const outcomes = new Outcomes();
  outcomes.fail('dir/file', 'EIO: input/output error (read)');
  outcomes.finish(failed('file'));
  expect(outcomes.failed).toBe(1);
  expect(outcomes.failures).toEqual([{ path: 'dir/file', error: failureWith('EACCES', 'file').message }]);
});

test('an entry that is tried again and fails again counts once; one that is not stays counted', () => {
  const outcomes = new Outcomes();
  outcomes.fail('dir/file', 'EACCES: permission denied (open)');
  outcomes.fail('dir/other', 'EIO: input/output error (read)');
  outcomes.retry(1, (code) => code === 'EACCES');
  expect(outcomes.failed).toBe(1);
  outcomes.finish(failed('file'));
  outcomes.fail('dir/other', 'EIO: input/output error (read)');
  expect(outcomes.failed).toBe(2);
});

test('an entry that failed, is tried again and copied is no failure any more', () => {
  const outcomes = new Outcomes();
  outcomes.finish(failed('file'));
  outcomes.finish(failed('other'));
  outcomes.retry(2, () => true);
  outcomes.finish(done('file'));
  expect(outcomes.failures.map(({ path }) => path)).toEqual(['dir/other']);
  expect(outcomes).toMatchObject({ failed: 0, copied: { files: 1 } });
});

test('what fails again is named, though twenty others were kept that come well at the second try', () => {
  const outcomes = new Outcomes();
  for (let i = 0; i < 30; i++) outcomes.finish(failed(`file ${i}`));
  outcomes.retry(30, () => true);
  outcomes.finish(failed('file 25'));
  for (let i = 0; i < 30; i++) if (i !== 25) outcomes.finish(done(`file ${i}`));
  expect(outcomes.failed).toBe(1);
  expect(outcomes.failures.map(({ path }) => path)).toEqual(['dir/file 25']);
});

test('keeps the first twenty failures, and counts all', () => {
  const outcomes = new Outcomes();
  for (let i = 0; i < 30; i++) outcomes.finish(failed(`file ${i}`));
  expect(outcomes.failed).toBe(30);
  expect(outcomes.failures).toHaveLength(20);
});
