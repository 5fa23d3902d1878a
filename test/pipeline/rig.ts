/**
 * The reader's and the writer's role in one thread, between two temporary folders. The reader plays to its end before
 * the writer begins, so the ring has room for everything and the reader does not wait to learn who its writer is.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach } from 'vitest';
import { createHasher } from '../../src/hash/registry.js';
import { Bucket } from '../../src/pace/bucket.js';
import { Window } from '../../src/pace/window.js';
import type { LastAsked } from '../../src/pipeline/absence.js';
import { Inbox, Outbox } from '../../src/pipeline/inbox.js';
import type { FailedItem, LaneMessage, Lease } from '../../src/pipeline/messages.js';
import { runReader } from '../../src/pipeline/reader.js';
import { Action, type RecordFields, results } from '../../src/pipeline/record.js';
import { PATH_ROOM, Ring } from '../../src/pipeline/ring.js';
import { runWriter } from '../../src/pipeline/writer.js';
import { baseName, dirName } from '../../src/posix/names.js';
import { type Attributes, NO_ATTRIBUTES, roomForXattrs } from '../../src/share/attributes.js';
import { LocalDest } from '../../src/share/local/localdest.js';
import { LocalSource } from '../../src/share/local/localsource.js';
import type { DestShare, SourceShare } from '../../src/share/share.js';
import { LaneCounters } from '../../src/stats/shared.js';
import { temporaryFolder } from '../helpers/tree.js';
import { fieldsIn } from './arbitrary.js';

/** More than a small file may have, so that the edges of a block can be tested; not a round number. */
export const BLOCK = 300_001;

/** A lane number other than the writer's, so that the two cannot be mixed up. */
const READER_LANE = 2;

class OneThreadRing extends Ring {
  override boundWriter(reader: number): number {
    if (reader !== READER_LANE) throw new Error(`asked for reader ${reader}`);
    return 0;
  }
}

/** An entry to be worked on, as the scan saw it. */
export interface Scanned {
  /** Beneath the root. */
  readonly path: string;
  readonly action: Action;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface Outcome {
  /** By id; the id of an entry is its place in the lease, from 1. */
  readonly finished: ReadonlyMap<number, RecordFields>;
  readonly failed: readonly FailedItem[];
  readonly kept: readonly number[];
  readonly returned: readonly number[];
  /** `code path` of each failure. */
  readonly failures: readonly string[];
}

const shares: { close(): void }[] = [];

afterEach(() => {
  for (const share of shares.splice(0)) share.close();
});

function newCounters(): LaneCounters {
  return new LaneCounters(new Float64Array(LaneCounters.memory(READER_LANE + 1)), READER_LANE);
}

export class Rig {
  readonly source = temporaryFolder();
  readonly dest = temporaryFolder();
  readonly ring: Ring;
  readonly counters = { reader: newCounters(), writer: newCounters() };
  sourceShare: SourceShare & LastAsked;
  destShare: DestShare;

  constructor(private readonly attributes: Attributes = NO_ATTRIBUTES) {
    const ring = Ring.create({
      blockSlots: 16,
      packSlots: 8,
      blockBytes: BLOCK + PATH_ROOM + roomForXattrs(attributes),
      packBytes: 512 * 1024,
      readers: READER_LANE + 1,
    });
    this.ring = new OneThreadRing(ring.shape);
    this.sourceShare = new LocalSource(this.source, undefined, { attributes });
    this.destShare = new LocalDest(this.dest, undefined, { attributes });
    shares.push(this.sourceShare, this.destShare);
  }

  /** Bytes/s; 0: no limit. */
  rate = 0;

  /** Writes a file at the source and returns it as a scan would. */
  file(path: string, content: string | Uint8Array): Scanned {
    mkdirSync(join(this.source, dirName(path)), { recursive: true });
    writeFileSync(join(this.source, path), content);
    return this.scanned(path, Action.copy);
  }

  scanned(path: string, action: Action): Scanned {
    const stat = lstatSync(join(this.source, path), { bigint: true });
    return { path, action, size: Number(stat.size), mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs };
  }

  /** What was reported so far. */
  messages: readonly LaneMessage[] = [];

  /** Plays both roles on one lease, or on several. */
  async run(...leases: (readonly Scanned[])[]): Promise<Outcome> {
    const hasher = await createHasher('sha256');
    const pace = new Bucket(new SharedArrayBuffer(Bucket.bytes), 0);
    pace.setRate(this.rate);
    const window = new Window(new SharedArrayBuffer(Window.bytes), 0);
    const { port1, port2 } = new MessageChannel();
    const outbox = new Outbox<Lease>(port1);
    let id = 0;
    for (const lease of leases) outbox.send(leaseOf(lease, () => ++id));
    outbox.close();
    const messages: LaneMessage[] = [];
    this.messages = messages;
    const report = (message: LaneMessage) => messages.push(message);
    const common = { ring: this.ring, pace, window, attributes: this.attributes, report };
    const inbox = new Inbox<Lease>(port2, outbox.memory);
    runReader({
      ...common,
      lane: READER_LANE,
      source: this.sourceShare,
      sparse: true,
      inbox,
      hasher,
      counters: this.counters.reader,
    });
    this.ring.close();
    this.ring.writerComes();
    runWriter({
      ...common,
      lane: 0,
      dest: this.destShare,
      source: this.sourceShare,
      trash: undefined,
      counters: this.counters.writer,
    });
    port1.close();
    if (this.ring.occupied > 0) throw new Error(`${this.ring.occupied} slots are still in use`);
    if (messages.filter(({ type }) => type === 'leaseDone').length !== leases.length) throw new Error('no leaseDone');
    return outcomeOf(messages);
  }
}

export function leaseOf(entries: readonly Scanned[], nextId: () => number): Lease {
  const dirs = [...new Set(entries.map(({ path }) => dirName(path)))];
  const folderWork = ({ action }: Scanned) => action === Action.makeDir || action === Action.stampDir;
  return {
    dirs: [...dirs, ''],
    dirOf: Uint32Array.from(entries, (entry) => (folderWork(entry) ? dirs.length : dirs.indexOf(dirName(entry.path)))),
    names: entries.map((entry) => (folderWork(entry) ? entry.path : baseName(entry.path))),
    actions: Uint8Array.from(entries, ({ action }) => action),
    ids: Float64Array.from(entries, nextId),
    sizes: Float64Array.from(entries, ({ size }) => size),
    mtimes: BigInt64Array.from(entries, ({ mtimeNs }) => mtimeNs),
    ctimes: BigInt64Array.from(entries, ({ ctimeNs }) => ctimeNs),
  };
}

function outcomeOf(messages: readonly LaneMessage[]): Outcome {
  const finished = new Map<number, RecordFields>();
  const failed: FailedItem[] = [];
  const kept: number[] = [];
  const returned: number[] = [];
  for (const message of messages) {
    if (message.type === 'finished') {
      for (const result of results(message.headers)) {
        if (finished.has(result.id)) throw new Error(`item ${result.id} finished twice`);
        finished.set(result.id, fieldsIn(result));
      }
    } else if (message.type === 'failed') failed.push(...message.items);
    else if (message.type === 'kept') kept.push(...message.ids);
    else if (message.type === 'returned') returned.push(...message.ids);
  }
  const failures = failed.map(({ failure }) => `${failure.code} ${failure.path}`);
  return { finished, failed, kept, returned, failures };
}

/** Paths of everything beneath a folder, unfinished files too; links are not followed. */
export function namesIn(folder: string, dir = ''): string[] {
  return readdirSync(join(folder, dir), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? [path, ...namesIn(folder, path)] : [path];
    })
    .sort();
}

/** A file's content, undefined when it is not there. */
export function contentOf(folder: string, path: string): Buffer | undefined {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file) : undefined;
}

/** Bytes that are all different blocks, so that a block in the wrong place shows. */
export function noise(length: number): Buffer {
  const out = Buffer.alloc(length);
  let state = 0x12345678;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    out[at] = state >>> 24;
  }
  return out;
}

export function sha256(content: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(content).digest());
}

/** A share with some of its methods replaced; the others are the share's own. */
export function withMethods<T extends object>(share: T, methods: Partial<T>): T {
  return new Proxy(share, {
    get: (target, key) => {
      const value = (methods as Record<PropertyKey, unknown>)[key] ?? (target as Record<PropertyKey, unknown>)[key];
      return typeof value === 'function' ? value.bind(key in methods ? methods : target) : value;
    },
  });
}
