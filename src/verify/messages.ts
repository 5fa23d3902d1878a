/** What the main thread and the lanes of a verification tell each other. */

import type { MessagePort } from 'node:worker_threads';
import type { Failure } from '../share/failure.js';
import type { Pin } from '../share/local/pin.js';
import type { RenamedSort } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import type { TimeRange } from '../share/timerange.js';
import type { Expected, Judgement } from './judge.js';

/** What a lane's thread is given to begin with. */
export interface VerifierStart {
  readonly lane: number;
  /** The shares to be read: absolute paths of their roots, what makes sure of them, and what calls on them take. */
  readonly shares: Readonly<Partial<Record<Side, VerifiedShare>>> & { readonly dest: VerifiedShare };
  readonly port: MessagePort;
  readonly inbox: SharedArrayBuffer;
  readonly pace: SharedArrayBuffer;
  /** See CommandWord. */
  readonly command: SharedArrayBuffer;
  /** Of the two shares' times, ns. */
  readonly grainNs: bigint;
  /** The times that the destination keeps; undefined: all. */
  readonly range: TimeRange | undefined;
}

export interface VerifiedShare {
  readonly root: string;
  readonly pin: Pin;
  readonly counters: SharedArrayBuffer;
  /** See Ways. */
  readonly copyLinks?: boolean;
  /** See readingRenamed. */
  readonly renamed?: readonly RenamedSort[];
}

/** One entry to be verified. */
export interface VerifyItem {
  /** The main thread's number for it. */
  readonly id: number;
  /** Beneath the root. */
  readonly dir: string;
  readonly name: string;
  readonly expected: Expected;
  /** Code of the hash that is recorded, or is to be. */
  readonly algorithm: number;
}

/** Entries for one lane, to be done in order. */
export type VerifyLease = readonly VerifyItem[];

/** Bytes of the destination's files that were looked at, by whether the page cache still had them after it was dropped. */
export interface CacheTally {
  dropped: number;
  kept: number;
  unknown: number;
}

export interface Judged extends Judgement {
  readonly id: number;
}

/** A lane is through with a lease. */
export interface VerifyAnswer {
  readonly judged: readonly Judged[];
  /** That met a share's passing trouble. */
  readonly failed: readonly { readonly id: number; readonly failure: Failure; readonly side: Side }[];
  /** That were not begun, or not ended, because the run ends. */
  readonly returned: readonly number[];
  readonly cache: CacheTally;
}
