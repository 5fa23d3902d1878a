import { expect, test } from 'vitest';
import { Findings, wantsMore } from '../../src/engine/findings.js';
import { takeInHand } from '../../src/engine/inhand.js';
import type { Dir } from '../../src/ledger/rows.js';
import { DirSide, DirStatus, Listed } from '../../src/ledger/schema.js';
import { type Choice, EVERYTHING } from '../../src/scan/filter/choice.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith } from '../ledger/rows.js';
import { recorderRig } from './recorderrig.js';

function setUp(trash?: string, choice: Partial<Choice> = {}) {
  const rig = recorderRig();
  const [found, failed, listed]: [string[], string[], { dir: Dir; afterCheckpoint: boolean }[]] = [[], [], []];
  const findings = new Findings(
    rig.ledger,
    rig.recorder,
    trash,
    { ...EVERYTHING, ...choice },
    {
      found: ({ name }) => found.push(name),
      same: () => {},
      note: (what, path) => found.push(`${what} ${path}`),
      changed: () => {},
      itemized: () => {},
      failed: (path, message) => failed.push(`${path}: ${message}`),
      isFirst: () => true,
    },
    (dir, afterCheckpoint) => {
      listed.push({ dir, afterCheckpoint });
      rig.recorder.dir(dir);
    },
  );
  const hand = (part: Partial<Dir> = {}) =>
    takeInHand(dirWith(2, { path: 'dir', ...part }), ['source', 'dest'], undefined);
  return { ...rig, findings, found, failed, listed, hand };
}

test('an entry that cannot be looked at is one error of the scan and one line of the log, and no line in the next scan', async () => {
  const { findings, hand, ledger, recorder, lines, failed } = setUp();
  const sink = findings.sink(hand());
  sink.unreadable('file', 'EACCES', undefined);
  await recorder.checkpoint();
  sink.unreadable('file', 'EACCES', ledger.entry(2, 'file'));
  await recorder.checkpoint();
  expect(lines.map(({ result, source }) => [result, source])).toEqual([['failed', '/s/dir/file']]);
  expect(findings.state.errors).toBe(2);
  expect(failed).toHaveLength(2);
  expect(ledger.totals.failedFiles).toBe(1);
});

test('a folder of the source is to be listed, with the id that it had', () => {
  const { findings, hand, listed } = setUp();
  const sink = findings.sink(hand());
  const known = dirWith(7, { path: 'dir/old', seal: 'seal' });
  sink.folder('dir/old', metaWith({ mode: 0o40755 }), 'same', known, undefined);
  sink.folder('dir/new', metaWith({ mode: 0o40755 }), 'makeDir', undefined, undefined);
  expect(listed.map(({ dir }) => dir)).toMatchObject([
    { id: 7, path: 'dir/old', seal: 'seal', listed: Listed.no, status: DirStatus.synced },
    { id: 3, parent: 2, path: 'dir/new', depth: 2, listed: Listed.no, status: DirStatus.toMake, scan: 0 },
  ]);
});

test('a folder that was listed in this scan is not listed again', () => {
  const { findings, hand, listed } = setUp();
  findings.begin(false, '', { meta: metaWith(), isStamped: true });
  const known = dirWith(7, { path: 'dir/old', scan: findings.state.number });
  findings.sink(hand()).folder('dir/old', metaWith(), 'same', known, undefined);
  expect(listed.map(({ dir }) => dir.path)).toEqual(['']);
});

test('a session that keeps fewer attributes leaves the others to a later scan', () => {
  const { findings, ledger } = setUp();
  findings.begin(false, 'pAX', { meta: metaWith(), isStamped: true });
  findings.keepOnly('pX');
  expect(ledger.scanState).toMatchObject({ attributes: 'pX', running: true });
  findings.keepOnly('pogX');
  expect(ledger.scanState.attributes).toBe('pX');
  expect(wantsMore('pAX', ledger.scanState)).toBe(true);
});

test('what gives way to a folder is written down before anything comes into the folder', async () => {
  const { findings, hand, listed, lines, recorder, found, ledger } = setUp('trash');
  findings.sink(hand()).folder('dir/now a folder', metaWith(), 'makeDir', undefined, 'dest');
  expect(listed).toMatchObject([{ afterCheckpoint: true }]);
  expect(found).toEqual(['delete dir/now a folder', 'make dir/now a folder']);
  await recorder.checkpoint();
  expect(lines).toMatchObject([{ result: 'deleted', source: '/s/dir/now a folder' }]);
  // The trash is in the root, whose times are to be set again.
  expect(ledger.dir(1)!.status).toBe(DirStatus.toStamp);
});

test('extras count only in a scan that looks for them; unfinished files of a run go in any', () => {
  const { findings, hand, found, listed } = setUp();
  const keeping = hand();
  findings.sink(keeping).extra('extra', 'no folder');
  findings.sink(keeping).extra('.millrace-part.x', 'part');
  expect([found, keeping.staysUnlike]).toEqual([[], true]);
  findings.begin(true, '', { meta: metaWith(), isStamped: true });
  const deleting = hand();
  findings.sink(deleting).extra('folder', 'folder');
  expect([found, deleting.staysUnlike, deleting.isToChange]).toEqual([[], false, true]);
  expect(listed.at(-1)!.dir).toMatchObject({ path: 'dir/folder', side: DirSide.extra, listed: Listed.no });
});
