/**
 * What every surface (plain lines, JSON, later the full screen and metrics) shows: one immutable picture of a run.
 * The engine makes it on request; surfaces pull it on a timer and never reach into the engine.
 */
import type { Change, Limits } from '../pace/timetable.js';
import type { Side } from '../share/share.js';

export type Phase = 'starting' | 'transfer' | 'last pass' | 'clean-up' | 'folders' | 'finished';

export interface ActiveFile {
  /** Path beneath the root, raw (may hold control characters; a surface cleans it). */
  readonly path: string;
  /** Bytes of the whole file and bytes read so far. */
  readonly size: number;
  readonly done: number;
  /** Milliseconds since the Unix epoch when its reading began. */
  readonly startedMs: number;
}

/** A count of entries and the sum of their sizes in bytes. */
export interface Tally {
  readonly files: number;
  readonly bytes: number;
}

/** A share that is away, full or silent. */
export interface Trouble {
  readonly side: Side;
  /** What is wrong, to follow the share's name: "no space left (ENOSPC)". */
  readonly why: string;
  /** Since the Unix epoch. */
  readonly sinceMs: number;
}

/** One call on a share that hangs. */
export interface Stall {
  readonly side: Side;
  /** What is waited for: "reading", "listing". */
  readonly doing: string;
  /** Beneath the root, raw. */
  readonly path: string;
  /** Since the Unix epoch. */
  readonly sinceMs: number;
}

export interface Snapshot {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly startedMs: number;
  readonly phase: Phase;
  /** True when this session took up a backlog that an earlier one left. */
  readonly resumed: boolean;
  readonly dryRun: boolean;
  readonly stopping: 'no' | 'drain' | 'stop';
  readonly scan: {
    readonly done: boolean;
    /** Seen in this session. */
    readonly dirs: number;
    readonly files: number;
    readonly bytes: number;
    readonly errors: number;
  };
  /** Bytes moved by this session, counted as they move: read from the source, written to the destination. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Finished by this session. */
  readonly session: { readonly copied: Tally; readonly same: Tally; readonly deleted: number; readonly failed: number };
  /** The whole migration, all sessions, as the ledger and the window know it. */
  readonly total: { readonly synced: Tally; readonly pending: Tally; readonly failed: Tally; readonly skipped: number };
  readonly lanes: { readonly readers: number; readonly writers: number; readonly scanners: number };
  /** The operator's limits in force, bytes/s; 0: unlimited. */
  readonly bwlimit: Limits;
  /** What the latency guards leave, bytes/s; 0: no guard. */
  readonly guards: Limits;
  /** The operator's pause: nothing moves. */
  readonly paused: boolean;
  /** When the timetable brings other limits, and which. */
  readonly nextLimit: Change | undefined;
  /** The run waits for these shares. */
  readonly troubles: readonly Trouble[];
  readonly stalls: readonly Stall[];
  /** Files in flight, largest first, at most 8. */
  readonly active: readonly ActiveFile[];
}
