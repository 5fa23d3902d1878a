/**
 * The verifier's role: takes leases, looks at each entry at the destination, and at the source where it is asked for,
 * reads and hashes what is there, and says what it thinks of it. It changes nothing.
 */

import type { Hasher } from '../hash/registry.js';
import { Call } from '../pace/latency.js';
import type { Inbox } from '../pipeline/inbox.js';
import { type PacedDeps, PacedRead } from '../pipeline/pacedread.js';
import { Command } from '../pipeline/ring.js';
import { timedCall } from '../pipeline/timedcall.js';
import { WatchedFile } from '../pipeline/watchedfile.js';
import { asSysError } from '../posix/errno.js';
import { join } from '../posix/names.js';
import { specialKindOf } from '../posix/stat.js';
import { type Failure, failureOf } from '../share/failure.js';
import type { Side, SourceShare } from '../share/share.js';
import type { TimeRange } from '../share/timerange.js';
import { isWorthReading, judge, type Seen } from './judge.js';
import type { CacheTally, Judged, VerifyAnswer, VerifyItem, VerifyLease } from './messages.js';

/** One share as the role reads it. */
export interface Reading extends PacedDeps {
  readonly share: Pick<SourceShare, 'open' | 'readLink' | 'look'>;
}

export interface VerifierDeps {
  readonly dest: Reading;
  /** Undefined: the source is not looked at. */
  readonly source: Reading | undefined;
  readonly inbox: Inbox<VerifyLease>;
  readonly grainNs: bigint;
  readonly range: TimeRange | undefined;
  /** By the algorithm's code; the same one each time. */
  hasher(algorithm: number): Promise<Hasher>;
  answer(message: VerifyAnswer): void;
}

/** Operations on the share that a limit counts for each file beside its data. */
const OPEN_CLOSE = 2;
/** Bytes that are asked of a file at a time. */
const PIECE = 1024 * 1024;

/** An entry that cannot be judged now: the share is in trouble, or the run is to end. */
class Unjudged extends Error {
  constructor(readonly failed?: { readonly failure: Failure; readonly side: Side }) {
    super('not judged');
  }
}

export async function runVerifier(deps: VerifierDeps): Promise<void> {
  const verifier = new Verifier(deps);
  for (let lease = deps.inbox.take(); lease; lease = deps.inbox.take()) await verifier.workOff(lease);
}

class Verifier {
  private readonly buffer = Buffer.allocUnsafeSlow(PIECE);
  private cache: CacheTally = { dropped: 0, kept: 0, unknown: 0 };

  constructor(private readonly deps: VerifierDeps) {}

  async workOff(lease: VerifyLease): Promise<void> {
    const judged: Judged[] = [];
    const failed: VerifyAnswer['failed'][number][] = [];
    const returned: number[] = [];
    for (const item of lease) {
      if (this.deps.dest.ring.command !== Command.run) {
        returned.push(item.id);
        continue;
      }
      try {
        judged.push(await this.verify(item));
      } catch (error) {
        if (!(error instanceof Unjudged)) throw error;
        if (error.failed) failed.push({ id: item.id, ...error.failed });
        else returned.push(item.id);
      }
      for (const reading of [this.deps.dest, this.deps.source]) reading?.counters.end();
    }
    const { cache } = this;
    this.cache = { dropped: 0, kept: 0, unknown: 0 };
    this.deps.answer({ judged, failed, returned, cache });
  }

  private async verify(item: VerifyItem): Promise<Judged> {
    const { dest, source, grainNs, range } = this.deps;
    const hasher = await this.deps.hasher(item.algorithm);
    const there = this.look('dest', dest, item, hasher);
    const here = source && this.look('source', source, item, hasher);
    return { id: item.id, ...judge(item.expected, there, here, grainNs, range) };
  }

  private look(side: Side, reading: Reading, item: VerifyItem, hasher: Hasher): Seen {
    reading.counters.begin(item.id, Date.now());
    try {
      switch (item.expected.kind) {
        case 'link':
          return this.lookAtLink(reading, item);
        case 'other':
          return this.lookAtSpecial(reading, item);
        case 'file':
          return this.readFile(side, reading, item, hasher);
      }
    } catch (error) {
      if (error instanceof Unjudged) throw error;
      return this.seenBy(error, side, item);
    }
  }

  private lookAtLink(reading: Reading, { dir, name }: VerifyItem): Seen {
    reading.pace.take(0, 1);
    try {
      const { target, stat } = timedCall(reading, Call.open, 1, () => reading.share.readLink(dir, name));
      return { is: 'there', kind: stat.kind, size: stat.size, mtimeNs: stat.mtimeNs, target };
    } catch (error) {
      // No link, as readlink(2) says it.
      if (asSysError(error, 'readlink', name).code !== 'EINVAL') throw error;
      const { kind } = timedCall(reading, Call.open, 1, () => reading.share.look(dir, name));
      return { is: 'there', kind, size: 0, mtimeNs: 0n };
    }
  }

  /** It is not opened: there is nothing to read, or its driver would take that for something. */
  private lookAtSpecial(reading: Reading, { dir, name }: VerifyItem): Seen {
    reading.pace.take(0, 1);
    const stat = timedCall(reading, Call.open, 1, () => reading.share.look(dir, name));
    const { kind, size, mtimeNs, mode, specialDevice } = stat;
    return { is: 'there', kind, size, mtimeNs, target: `${specialKindOf(mode)} ${specialDevice}` };
  }

  private readFile(side: Side, reading: Reading, item: VerifyItem, hasher: Hasher): Seen {
    reading.pace.take(0, OPEN_CLOSE);
    const opened = timedCall(reading, Call.open, 1, () => reading.share.open(item.dir, item.name));
    const file = new WatchedFile(opened, reading.counters);
    try {
      const seenNow = (): Seen & { is: 'there' } => {
        const { kind, size, mtimeNs } = file.stat(false);
        return { is: 'there', kind, size, mtimeNs };
      };
      const before = seenNow();
      // Without a recorded hash there is nothing to compare with but the source.
      const isHashWanted = item.expected.hash !== undefined || this.deps.source !== undefined;
      if (!isHashWanted || !isWorthReading(item.expected, before)) return before;
      const kept = file.dropCache(before.size);
      if (side === 'dest') this.countCache(before.size, kept);
      hasher.reset();
      const read = new PacedRead(reading, file, before.size);
      for (let at = 0; at < before.size; at += PIECE) {
        const view = this.buffer.subarray(0, Math.min(PIECE, before.size - at));
        const isWhole = read.fill(view, at, (piece) => hasher.update(piece));
        if (!isWhole && reading.ring.command === Command.stop) throw new Unjudged();
        if (!isWhole) return shortened(item, seenNow());
      }
      return { ...seenNow(), hash: hasher.digest() };
    } finally {
      file.close();
    }
  }

  private countCache(size: number, kept: number | undefined): void {
    if (kept === undefined) this.cache.unknown += size;
    else {
      this.cache.kept += kept;
      this.cache.dropped += size - kept;
    }
  }

  /** What an error of the share says of the entry; throws Unjudged for one that may pass. */
  private seenBy(error: unknown, side: Side, item: VerifyItem): Seen {
    const { code } = asSysError(error, 'read', item.name);
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return { is: 'missing' };
      // Links are not followed, and sockets cannot be opened.
      case 'ELOOP':
        return { is: 'there', kind: 'link', size: 0, mtimeNs: 0n };
      case 'ENXIO':
        return { is: 'there', kind: 'other', size: 0, mtimeNs: 0n };
    }
    const failure = failureOf(error, 'read', join(item.dir, item.name));
    if (failure.class === 'skip') return { is: 'unreadable', why: failure.message };
    throw new Unjudged({ failure, side });
  }
}

/** What to say of a file that ended early: that it is shorter now, or that nothing can be said. */
function shortened({ expected }: VerifyItem, now: Seen & { is: 'there' }): Seen {
  return now.size === expected.size ? { is: 'unreadable', why: 'it changed while it was read' } : now;
}
