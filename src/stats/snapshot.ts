/**
 * What every surface (plain lines, JSON, the full screen, metrics, the control socket) shows: one immutable picture of a run.
 * The engine makes it on request; surfaces pull it on a timer and never reach into the engine.
 */
import type { Change, Limits, Timetable } from '../pace/timetable.js';
import type { Side } from '../share/share.js';

export type Phase = 'starting' | 'transfer' | 'last pass' | 'clean-up' | 'folders' | 'second look' | 'finished';

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

/** Who waits for whom, over the last seconds; see bottleneckOf. */
export interface Flow {
  /** Slots of the ring that hold data now, and all of its slots, by their size. */
  readonly blocks: { readonly used: number; readonly slots: number };
  readonly packs: { readonly used: number; readonly slots: number };
  /** The part (0 to 1) of readers that wait for a free slot: the destination does not keep up. */
  readonly readersWait: number;
  /** The part of writers that wait for data: the source does not keep up. */
  readonly writersWait: number;
  /** The part of the time in which lanes of each side wait for a limit, a guard or a pause. */
  readonly limited: Readonly<Record<Side, number>>;
}

/** An entry that is done with, the last of many. */
export interface FinishedFile {
  /** Beneath the root, raw. */
  readonly path: string;
  readonly size: number;
  /** Since the Unix epoch. */
  readonly endedMs: number;
  /** How long it was in work, ms; a failure has none. */
  readonly tookMs: number | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

/** The migration of which this is a session. */
export interface Migration {
  /** Absolute paths of the roots. */
  readonly source: string;
  readonly dest: string;
  /** Number of this session, from 1; 0: a dry run. */
  readonly session: number;
  /** When the first session began, since the Unix epoch. */
  readonly begunMs: number;
}

export interface Snapshot {
  readonly migration: Migration;
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
    /** Left out by a rule, a size or a name in --skip; what is beneath a folder is not counted. */
    readonly excluded: number;
  };
  /** Bytes moved by this session, counted as they move: read from the source, written to the destination. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Finished by this session. */
  readonly session: {
    readonly copied: Tally;
    readonly same: Tally;
    /** Files whose attributes alone were set. */
    readonly stamped: number;
    /** Names given to files that the destination has (-H). */
    readonly linked: number;
    readonly deleted: number;
    readonly failed: number;
    /** Entries of whose attributes the destination did not take all. */
    readonly warned: number;
  };
  /** The whole migration, all sessions, as the ledger and the window know it. */
  readonly total: { readonly synced: Tally; readonly pending: Tally; readonly failed: Tally; readonly skipped: number };
  readonly lanes: { readonly readers: number; readonly writers: number; readonly scanners: number };
  readonly flow: Flow;
  /** How many calls on each share took how long since the session began, by kind and step; see pace/latency.ts. */
  readonly calls: Readonly<Record<Side, readonly (readonly number[])[]>>;
  /** Entries that failed in this session, by their error's code (EACCES); each failure counts, also of one tried again. */
  readonly errors: Readonly<Record<string, number>>;
  /** The entries that were done with last, newest first, at most 8. */
  readonly recent: readonly FinishedFile[];
  /** The operator's limits in force, bytes/s; 0: unlimited. */
  readonly bwlimit: Limits;
  /** The operator's limits by day and time. */
  readonly timetable: Timetable;
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
