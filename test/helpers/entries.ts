/** Metadata and batches of entries made from plain values. */
import { constants } from 'node:fs';
import { Stat } from '../../src/posix/stat.js';
import { Entries, type Meta } from '../../src/share/entries.js';

export const FILE = constants.S_IFREG | 0o644;
export const DIR = constants.S_IFDIR | 0o755;
export const LINK = constants.S_IFLNK | 0o777;
export const FIFO = constants.S_IFIFO | 0o600;

/** A file of 1 byte; `part` tells what is different. */
export function metaWith(part: Partial<Meta> = {}): Meta {
  return { size: 1, mtimeNs: 1_000n, ctimeNs: 2_000n, btimeNs: 500n, mode: FILE, uid: 10, gid: 20, ...part };
}

/** A Stat that reads as `meta`, in the layout of statx(2). */
export function statWith(meta: Meta): Stat {
  const stat = new Stat();
  const view = new DataView(stat.bytes.buffer, stat.bytes.byteOffset);
  const time = (at: number, ns: bigint) => {
    const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    view.setBigInt64(at, (ns - rest) / 1_000_000_000n, true);
    view.setUint32(at + 8, Number(rest), true);
  };
  view.setUint32(0, 0xfff, true);
  view.setUint32(20, meta.uid, true);
  view.setUint32(24, meta.gid, true);
  view.setUint16(28, meta.mode, true);
  view.setBigUint64(40, BigInt(meta.size), true);
  time(80, meta.btimeNs);
  time(96, meta.ctimeNs);
  time(112, meta.mtimeNs);
  return stat;
}

export interface Made {
  readonly name: string;
  readonly meta?: Partial<Meta>;
  /** The look at the entry failed with this errno. */
  readonly errno?: number;
}

export function entriesWith(made: readonly Made[]): Entries {
  const entries = Entries.withRoom(made.length);
  for (const { name, meta, errno } of made) {
    if (errno) entries.addFailed(name, errno);
    else entries.add(name, statWith(metaWith(meta)));
  }
  return entries;
}
