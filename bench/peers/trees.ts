/** The trees that are copied: the same bytes for everyone, from a seed. */
import { closeSync, mkdirSync, openSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Content that does not compress, long enough that files taken from anywhere in it differ. */
const NOISE = noise(4 * 1024 * 1024, 20_240_229);

/** Bytes of a xorshift generator (G. Marsaglia, "Xorshift RNGs", 2003). */
function noise(length: number, seed: number): Buffer {
  const words = new Uint32Array(length / 4);
  let state = seed;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer);
}

/** A time long ago: a tool must copy it, it cannot come out right by itself. Seconds since the Unix epoch. */
const TIME = 1_500_000_000;

/** `dirs` folders with `files` files of `size` bytes each. */
export function manyFiles(root: string, dirs: number, files: number, size: number): void {
  for (let dir = 0; dir < dirs; dir++) {
    const folder = join(root, `folder-${String(dir).padStart(5, '0')}`);
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < files; file++) smallFile(join(folder, `file-${file}.dat`), dir * files + file, size);
  }
}

export function smallFile(path: string, number: number, size: number): void {
  const from = (number * 4099) % (NOISE.length - size);
  writeFileSync(path, NOISE.subarray(from, from + size));
  utimesSync(path, TIME + number, TIME + number);
}

/** A file of `mebibytes`, a multiple of 4. */
export function largeFile(path: string, mebibytes: number): void {
  const fd = openSync(path, 'w');
  for (let at = 0; at < mebibytes; at += 4) writeSync(fd, NOISE);
  closeSync(fd);
  utimesSync(path, TIME, TIME);
}
