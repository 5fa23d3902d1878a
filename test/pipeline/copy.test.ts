import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKED_MAX } from '../../src/pipeline/reader.js';
import { Action } from '../../src/pipeline/record.js';
import { LocalDest } from '../../src/share/local/localdest.js';
import { BLOCK, contentOf, namesIn, noise, Rig, sha256 } from './rig.js';

function mtimeOf(path: string): bigint {
  return lstatSync(path, { bigint: true }).mtimeNs;
}

test.each([
  ['an empty file', 0],
  ['a file of one byte', 1],
  ['a small file', 5000],
  ['the largest small file', PACKED_MAX],
  ['the smallest large file', PACKED_MAX + 1],
  ['a block less a byte', BLOCK - 1],
  ['a block', BLOCK],
  ['a block and a byte', BLOCK + 1],
  ['two blocks', 2 * BLOCK],
  ['many blocks', 11 * BLOCK + 77],
])('%s arrives with its bytes and times, and its result says what it was', async (_, size) => {
  const rig = new Rig();
  const content = noise(size);
  const before = Date.now();
  const item = rig.file('a/b/file', content);
  const { finished, failed } = await rig.run([item]);
  expect(failed).toEqual([]);
  expect(namesIn(rig.dest)).toEqual(['a', 'a/b', 'a/b/file']);
  expect(contentOf(rig.dest, 'a/b/file')!.equals(content)).toBe(true);
  expect(mtimeOf(join(rig.dest, 'a/b/file'))).toBe(item.mtimeNs);
  const stat = lstatSync(join(rig.source, 'a/b/file'), { bigint: true });
  const { startedMs, endedMs, ...result } = finished.get(1)!;
  expect(result).toMatchObject({
    action: Action.copy,
    size,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    mode: Number(stat.mode),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    hash: sha256(content),
  });
  expect(startedMs).toBeGreaterThanOrEqual(before);
  expect(endedMs).toBeGreaterThanOrEqual(startedMs);
  expect(endedMs).toBeLessThanOrEqual(Date.now());
});

test('files of all sizes in many folders, leased apart, each arrive once', async () => {
  const rig = new Rig();
  const sizes = [0, 10, PACKED_MAX, BLOCK + 1, 3, 2 * BLOCK, 100_000, 200_000, 7, BLOCK];
  const items = sizes.map((size, index) =>
    rig.file(`folder ${index % 3}/${index}`, noise(size + index).subarray(index)),
  );
  const { finished, failed } = await rig.run(items.slice(0, 4), items.slice(4));
  expect(failed).toEqual([]);
  expect([...finished.keys()].sort((a, b) => a - b)).toEqual(sizes.map((_, index) => index + 1));
  for (const { path } of items) expect(contentOf(rig.dest, path)!.equals(contentOf(rig.source, path)!)).toBe(true);
  expect(namesIn(rig.dest)).toEqual(namesIn(rig.source));
});

test.each([10, BLOCK + 10])('a file that is already at the destination is replaced (%i bytes)', async (size) => {
  const rig = new Rig();
  const item = rig.file('file', noise(size));
  writeFileSync(join(rig.dest, 'file'), 'old and longer than the new one'.repeat(20_000));
  const { finished } = await rig.run([item]);
  expect(finished.size).toBe(1);
  expect(readFileSync(join(rig.dest, 'file')).equals(noise(size))).toBe(true);
});

test.each([10, BLOCK + 10])('what an earlier run left of the file is replaced (%i bytes)', async (size) => {
  const rig = new Rig();
  const left = new LocalDest(rig.dest);
  left.create('', 'file').write(new Uint8Array(BLOCK * 2), 0);
  left.close();
  await rig.run([rig.file('file', noise(size))]);
  expect(namesIn(rig.dest)).toEqual(['file']);
  expect(readFileSync(join(rig.dest, 'file')).equals(noise(size))).toBe(true);
});

test('times before 1970 and of nine digits are kept', async () => {
  const rig = new Rig();
  for (const [index, seconds] of [0, -1.5, -315_619_200.25, 1_600_000_000.123456].entries()) {
    rig.file(`${index}`, 'x');
    utimesSync(join(rig.source, `${index}`), seconds, seconds);
  }
  await rig.run([0, 1, 2, 3].map((index) => rig.scanned(`${index}`, Action.copy)));
  for (const index of [0, 1, 2, 3])
    expect(mtimeOf(join(rig.dest, `${index}`))).toBe(mtimeOf(join(rig.source, `${index}`)));
});

test('a symbolic link is copied as a link with its own time, wherever it leads', async () => {
  const rig = new Rig();
  const targets = ['file', '../../..', '/nonexistent/é', 'self', 'odd \u{1F600}\ntarget'];
  for (const [index, target] of targets.entries()) symlinkSync(target, join(rig.source, `${index}`));
  const odd = Buffer.concat([Buffer.from('bytes '), Buffer.of(0xff, 0xfe)]);
  symlinkSync(odd, join(rig.source, 'odd'));
  const names = [...targets.keys(), 'odd'].map(String);
  writeFileSync(join(rig.dest, '0'), 'a file is in the way');
  symlinkSync('another link', join(rig.dest, '1'));
  const { finished, failed } = await rig.run([names.map((name) => rig.scanned(name, Action.link))].flat());
  expect(failed).toEqual([]);
  expect(namesIn(rig.dest)).toEqual(names);
  for (const name of names) {
    const read = (root: string) => readlinkSync(join(root, name), 'buffer');
    expect(read(rig.dest)).toEqual(read(rig.source));
    expect(mtimeOf(join(rig.dest, name))).toBe(mtimeOf(join(rig.source, name)));
  }
  expect(finished.get(1)).toMatchObject({ action: Action.link, hash: undefined, size: 4 });
});

test('a folder is made with those above it, and gets its times', async () => {
  const rig = new Rig();
  mkdirSync(join(rig.source, 'a/b/c'), { recursive: true });
  utimesSync(join(rig.source, 'a/b/c'), 1_000, 2_000.5);
  const made = await rig.run([rig.scanned('a/b/c', Action.makeDir)], [rig.scanned('a/b/c', Action.stampDir)]);
  expect([...made.finished.values()].map(({ action }) => action)).toEqual([Action.makeDir, Action.stampDir]);
  expect(lstatSync(join(rig.dest, 'a/b/c')).isDirectory()).toBe(true);
  expect(mtimeOf(join(rig.dest, 'a/b/c'))).toBe(2_000_500_000_000n);
});

test('names of any bytes are copied', async () => {
  const rig = new Rig();
  const names = ['\udcff', '\udcfe', 'new\nline', '-dash', 'é', 'e\u0301', 'n'.repeat(255), `${'é'.repeat(127)}x`];
  for (const name of names.slice(2)) rig.file(name, name);
  for (const byte of [0xff, 0xfe])
    writeFileSync(Buffer.concat([Buffer.from(`${rig.source}/`), Buffer.of(byte)]), `${byte}`);
  const scanned = (path: string) => ({ ...rig.scanned(names[2]!, Action.copy), path, size: 0, ctimeNs: 0n });
  const { failed } = await rig.run(names.map(scanned));
  expect(failed).toEqual([]);
  const bytesIn = (folder: string) => namesIn(folder).length;
  expect(bytesIn(rig.dest)).toBe(names.length);
  for (const name of names.slice(2)) expect(contentOf(rig.dest, name)!.toString()).toBe(name);
  for (const byte of [0xff, 0xfe])
    expect(readFileSync(Buffer.concat([Buffer.from(`${rig.dest}/`), Buffer.of(byte)]), 'utf8')).toBe(`${byte}`);
});
