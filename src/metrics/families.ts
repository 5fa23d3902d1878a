/**
 * Every metric: its name, what it means and where in the snapshot it comes from. Counters are of this session and only
 * grow in it. Labels have few values, known beforehand, but for the codes of errors, of which a session counts at most 65
 * (stats/tally.ts), and the two roots in millrace_info.
 */
import { version } from '../cli/version.js';
import { classOf } from '../share/failure.js';
import { SIDES, type Side } from '../share/share.js';
import type { Forecast } from '../stats/forecast.js';
import type { Phase, Snapshot, Tally } from '../stats/snapshot.js';
import { cleanName } from '../ui/clean.js';

/** What a scrape shows. */
export interface View {
  readonly snapshot: Snapshot;
  readonly forecast: Forecast | null;
  /** Seconds since a byte or a file last moved. */
  readonly idle: number;
}

export type Labels = Readonly<Record<string, string>>;
/** A sample whose value is undefined is left out. */
export type Sample = readonly [labels: Labels, value: number | undefined];

export interface Family {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly samples: (view: View) => readonly Sample[];
}

const VERSION = version();

/** All of them, so that each has its 0. */
const PHASES: Readonly<Record<Phase, true>> = {
  starting: true,
  transfer: true,
  'last pass': true,
  'clean-up': true,
  folders: true,
  'second look': true,
  finished: true,
};

type Samples = (snapshot: Snapshot) => readonly Sample[];
const counter = (name: string, help: string, samples: Samples): Family => {
  return { type: 'counter', name: `millrace_${name}_total`, help, samples: ({ snapshot }) => samples(snapshot) };
};
const gauge = (name: string, help: string, samples: Samples): Family => {
  return { type: 'gauge', name: `millrace_${name}`, help, samples: ({ snapshot }) => samples(snapshot) };
};
const one = (value: number | boolean): readonly Sample[] => [[{}, Number(value)]];
/** One sample for each key of `values`. */
const by = (label: string, values: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);
const bySide = (value: (side: Side) => number): readonly Sample[] => SIDES.map((side) => [{ side }, value(side)]);
/** Rates where 0 stands for none. */
const rates = ({ read, write }: Snapshot['bwlimit']): readonly Sample[] => [
  [{ direction: 'read' }, read || undefined],
  [{ direction: 'write' }, write || undefined],
];

/** Files and bytes of the whole migration. */
function tally(name: string, what: string, of: (total: Snapshot['total']) => Tally): Family[] {
  return [
    gauge(`${name}_files`, `Files of the whole migration that ${what}.`, ({ total }) => one(of(total).files)),
    gauge(`${name}_bytes`, `Bytes of files of the whole migration that ${what}.`, ({ total }) => one(of(total).bytes)),
  ];
}

export const FAMILIES: readonly Family[] = [
  gauge('info', 'This run; the value is always 1.', ({ migration: { source, dest, session } }) => [
    [{ version: VERSION, session: String(session), source: cleanName(source), dest: cleanName(dest) }, 1],
  ]),
  gauge('start_time_seconds', 'When this session began, since the Unix epoch.', ({ startedMs }) =>
    one(startedMs / 1000),
  ),
  gauge('phase', 'What the run is at: 1 for the present phase, 0 for the others.', ({ phase }) =>
    Object.keys(PHASES).map((name) => [{ phase: name }, Number(name === phase)]),
  ),
  gauge('dry_run', '1: nothing is changed, and the backlog is what would be copied.', ({ dryRun }) => one(dryRun)),
  gauge('paused', '1: paused by the operator.', ({ paused }) => one(paused)),
  gauge('stopping', '1: asked to end before all is done.', ({ stopping }) => one(stopping !== 'no')),

  counter('read_bytes', 'Bytes read from the source in this session, as they move.', ({ readBytes }) => one(readBytes)),
  counter('written_bytes', 'Bytes written to the destination in this session, as they move.', ({ writtenBytes }) =>
    one(writtenBytes),
  ),
  counter('files', 'Files and links done with in this session: copied, or found to be the same.', ({ session }) =>
    by('result', { copied: session.copied.files, same: session.same.files }),
  ),
  counter('file_bytes', 'Sizes of the files and links done with in this session.', ({ session }) =>
    by('result', { copied: session.copied.bytes, same: session.same.bytes }),
  ),
  counter('stamped_files', 'Files whose attributes alone were set in this session.', ({ session }) =>
    one(session.stamped),
  ),
  counter('linked_files', 'Hard links made in this session.', ({ session }) => one(session.linked)),
  counter(
    'warned_entries',
    'Entries of whose attributes the destination did not take all, in this session.',
    ({ session }) => one(session.warned),
  ),
  counter('deleted_entries', 'Extras deleted or moved to the trash in this session.', ({ session }) =>
    one(session.deleted),
  ),
  counter(
    'errors',
    'Failures of entries in this session by code and class (retry, skip, stop, fatal), also of those tried again.',
    ({ errors }) => Object.entries(errors).map(([code, count]) => [{ code, class: classOf(code) }, count]),
  ),
  counter('scanned', 'Folders and files that the scan of this session has seen.', ({ scan }) =>
    by('kind', { folder: scan.dirs, file: scan.files }),
  ),
  counter(
    'scan_errors',
    'Folders that this session could not list, and entries that it could not look at.',
    ({ scan }) => one(scan.errors),
  ),
  gauge('scan_done', '1: the scan is done, so the backlog no longer grows.', ({ scan }) => one(scan.done)),

  ...tally('backlog', 'are to be copied', ({ pending }) => pending),
  ...tally('synced', 'are synced', ({ synced }) => synced),
  ...tally('failed', 'failed and are not tried again by this session', ({ failed }) => failed),
  gauge('skipped_entries', 'FIFOs, sockets and devices of the whole migration.', ({ total }) => one(total.skipped)),
  {
    type: 'gauge',
    name: 'millrace_eta_seconds',
    help: 'Time until the backlog is done; absent while nobody can say, a lower bound while the scan runs.',
    samples: ({ forecast }) => [[{}, forecast?.seconds]],
  },
  {
    type: 'gauge',
    name: 'millrace_eta_plus_minus_seconds',
    help: 'How much sooner or later the end comes at most, in nine cases of ten.',
    samples: ({ forecast }) => [[{}, forecast?.plusMinus]],
  },
  {
    type: 'gauge',
    name: 'millrace_idle_seconds',
    help: 'Time since a byte or a file last moved.',
    samples: ({ idle }) => [[{}, idle]],
  },

  gauge('limit_bytes_per_second', 'The limit in force; absent where there is none.', ({ bwlimit }) => rates(bwlimit)),
  gauge('guard_bytes_per_second', 'What the latency guard leaves; absent where there is no guard.', ({ guards }) =>
    rates(guards),
  ),
  gauge('lanes', 'Threads at work.', ({ lanes: { readers, writers, scanners } }) =>
    by('role', { reader: readers, writer: writers, scanner: scanners }),
  ),
  gauge('ring_slots', 'Slots of the ring between readers and writers.', ({ flow: { blocks, packs } }) =>
    by('size', { block: blocks.slots, pack: packs.slots }),
  ),
  gauge('ring_slots_used', 'Slots of the ring that hold data.', ({ flow: { blocks, packs } }) =>
    by('size', { block: blocks.used, pack: packs.used }),
  ),
  gauge(
    'ring_wait_ratio',
    'The part of readers that wait for a free slot, and of writers that wait for data, over the last seconds.',
    ({ flow }) => by('role', { reader: flow.readersWait, writer: flow.writersWait }),
  ),
  gauge(
    'limited_ratio',
    'The part of the last seconds in which lanes of a side waited for a limit, a guard or a pause.',
    ({ flow }) => bySide((side) => flow.limited[side]),
  ),
  gauge('share_trouble', '1: the share is away, full or silent, and the run waits for it.', ({ troubles }) =>
    bySide((side) => Number(troubles.some((trouble) => trouble.side === side))),
  ),
  gauge('stalled_calls', 'Calls on a share that take longer than --stall-timeout.', ({ stalls }) =>
    bySide((side) => stalls.filter((stall) => stall.side === side).length),
  ),
];
