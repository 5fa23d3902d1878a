/** What a lane's thread is given to begin with: plain data and shared memory. */
import type { MessagePort } from 'node:worker_threads';
import type { Rule } from '../scan/filter/rule.js';
import type { Checksum } from '../settings.js';
import type { Attributes } from '../share/attributes.js';
import type { DestWays } from '../share/local/localdest.js';
import type { Pin } from '../share/local/pin.js';
import type { RenamedSort } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import type { RingShape } from './ring.js';

interface LaneStart {
  readonly lane: number;
  /** Absolute path of the share's root, and what makes sure of it. */
  readonly root: string;
  readonly pin: Pin;
  /** Messages to the main thread; for readers and scanners also the inbox. */
  readonly port: MessagePort;
  readonly counters: SharedArrayBuffer;
  readonly attributes: Attributes;
}

interface PipelineStart extends LaneStart {
  readonly ring: RingShape;
  readonly pace: SharedArrayBuffer;
}

export interface ReaderStart extends PipelineStart {
  readonly inbox: SharedArrayBuffer;
  readonly checksum: Checksum;
  readonly sparse: boolean;
  /** See SourceWays. */
  readonly copyLinks: boolean;
  /** Of what is copied: what they leave out the source does not have, as far as extras are concerned. */
  readonly rules: readonly Rule[];
}

export interface WriterStart extends PipelineStart {
  /** What is asked once more before a removal. */
  readonly source: Pick<ReaderStart, 'root' | 'pin' | 'copyLinks'>;
  /** See WriterDeps. */
  readonly trash: string | undefined;
  /** See DestWays. */
  readonly partTag: string;
  readonly stampsMtime: boolean;
  /** See writingRenamed. */
  readonly renamed: readonly RenamedSort[];
  readonly comparesContent: boolean;
  readonly times: NonNullable<DestWays['times']>;
}

export interface ScannerStart extends LaneStart {
  readonly side: Side;
  readonly pace: SharedArrayBuffer;
  readonly inbox: SharedArrayBuffer;
  /** See ScannerDeps. */
  readonly rules: readonly Rule[];
  readonly oneFilesystem: boolean;
  /** See SourceWays. */
  readonly safeLinks: boolean;
  readonly copyLinks?: boolean;
  readonly notInto?: string;
  /** Of the destination; see RenamingShare. */
  readonly renamed?: readonly RenamedSort[];
}
