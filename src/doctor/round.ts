/** What a doctor asks, in order, and the verdicts on what it is answered. */
import type { Threads } from '../engine/threads.js';
import type { DoctorSettings } from '../settings.js';
import { NO_FOLDING } from '../share/folding.js';
import type { Answers, PlaceFacts, Question } from '../share/local/canary/examine.js';
import type { RootsFacts } from '../share/local/roots.js';
import type { DestProbe } from '../share/local/trial.js';
import type { Side } from '../share/share.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { type Check, fail, pass } from './check.js';
import type { Limits } from './fitting.js';
import {
  judgeAttributes,
  judgeFolding,
  judgeGrain,
  judgeNameLength,
  judgeNames,
  judgePathLength,
  judgeRange,
  judgeSizes,
  rangeOf,
} from './judgedest.js';
import { judgeClock, judgeMount, judgeSnapshots, judgeSourceClock, judgeSpace, type Need } from './judgeplace.js';
import { judgeDestSpeed, judgeSourceSpeed } from './judgespeed.js';
import { CannotTell, CHECK_OF, type Patient } from './patient.js';
import { type Counts, Surveyor } from './survey.js';

export interface RoundDeps {
  readonly settings: DoctorSettings;
  readonly threads: Threads;
  readonly patient: Patient;
  /** What the ledger says is still to be copied; undefined: there is none. */
  readonly ledgerNeed: Need | undefined;
  tell(checks: Check | readonly Check[]): void;
  /** See Survey.found. */
  found(path: string, why: string): void;
}

export class Round {
  private limits: Partial<Limits> = {};

  constructor(private readonly deps: RoundDeps) {}

  /** All but `place`, what the source was found to be, is asked for here. */
  async go(roots: RootsFacts, source: PlaceFacts): Promise<void> {
    const { settings, tell } = this.deps;
    tell([judgeMount('source', source), judgeSnapshots(source), judgeSourceClock(source, Date.now())]);
    await this.ask('sourceSpeed', 'source', judgeSourceSpeed);
    const dest = await this.ask('place', 'dest', (place) => judgeMount('dest', place));
    await this.ask('clock', 'dest', judgeClock);
    const probe = await this.ask('quick', 'dest', (quick) => [judgeGrain(quick.grainNs), judgeFolding(quick.folding)]);
    await this.askLimits(probe, dest?.filesystem);
    await this.ask('destSpeed', 'dest', judgeDestSpeed);
    const counts = settings.scan ? await this.survey(roots, probe) : undefined;
    if (dest) tell(judgeSpace(dest.space, this.need(source, dest, counts)));
  }

  private async askLimits(probe: DestProbe | undefined, filesystem: string | undefined): Promise<void> {
    const grainNs = probe?.grainNs ?? 1n;
    const times = await this.ask('times', 'dest', (tried) => judgeRange(tried, grainNs, filesystem));
    const lost = await this.ask('names', 'dest', judgeNames);
    const lengths = await this.ask('lengths', 'dest', ({ name, path }) => [
      judgeNameLength(name),
      judgePathLength(path),
    ]);
    const sizes = await this.ask('sizes', 'dest', judgeSizes);
    const kept = await this.ask('attributes', 'dest', judgeAttributes);
    this.limits = {
      ...(times && { times: rangeOf(times, grainNs) }),
      ...(lost && { lost }),
      ...(lengths && { name: lengths.name, path: lengths.path }),
      ...(sizes && { size: sizes.largest }),
      ...(kept && { symlinks: kept.symlinks }),
    };
  }

  /** Asks, and tells the verdicts; undefined, and told as well: the share did not let it be tried. */
  private async ask<Q extends Question>(
    question: Q,
    side: Side,
    judge: (answer: Answers[Q]) => Check | readonly Check[],
  ): Promise<Answers[Q] | undefined> {
    try {
      const answer = await this.deps.patient.ask(question, side);
      this.deps.tell(judge(answer));
      return answer;
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      this.deps.tell(
        fail(
          CHECK_OF[question],
          `cannot be tried: ${error.message}`,
          'see that the share can be written, and has room',
        ),
      );
      return undefined;
    }
  }

  private async survey(roots: RootsFacts, probe: DestProbe | undefined): Promise<Counts | undefined> {
    const { settings, threads, patient, tell, found } = this.deps;
    const { source } = settings;
    const limits = { ...NO_LIMITS, ...this.limits };
    const folding = probe?.folding ?? NO_FOLDING;
    const surveyor = new Surveyor({ source, identity: roots.sourceIdentity, limits, folding, found }, threads);
    const counts = await patient.watch(surveyor.run(), 'source', 'scan', surveyor);
    tell(judgeSurvey(counts));
    return counts;
  }

  private need(source: PlaceFacts, dest: PlaceFacts, counts: Counts | undefined): Need | undefined {
    if (this.deps.ledgerNeed) return this.deps.ledgerNeed;
    if (counts)
      return { bytes: counts.bytes, files: counts.files + counts.folders, from: 'scan', isSure: dest.isEmpty };
    // What else is on the source's filesystem is counted too, unless its root is all of it.
    const { space, isWholeMount } = source;
    if (!isWholeMount || space.usedBytes === 0) return undefined;
    return { bytes: space.usedBytes, files: space.totalInodes - space.freeInodes, from: 'filesystem', isSure: false };
  }
}

/** What could not be found out is no limit. */
const NO_LIMITS: Limits = {
  lost: [],
  name: { most: Number.POSITIVE_INFINITY, unit: 'bytes' },
  path: Number.POSITIVE_INFINITY,
  size: Number.POSITIVE_INFINITY,
  times: { first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY },
  symlinks: 'kept',
};

export function judgeSurvey({ misfits, unread, ...counts }: Counts): Check {
  const facts = { ...counts, misfits, unread };
  const seen = `${formatCount(counts.files)} files (${formatBytes(counts.bytes)}) in ${formatCount(counts.folders)} ${counts.folders === 1 ? 'folder' : 'folders'}`;
  const also = unread === 0 ? '' : `; ${formatCount(unread)} could not be read`;
  if (misfits > 0)
    return fail(
      'scan',
      `${seen}: the destination cannot have ${formatCount(misfits)} of the paths as they are${also}`,
      'change the paths above at the source, or accept that they fail',
      facts,
    );
  if (unread > 0) return fail('scan', `${seen}${also}`, 'let millrace read them, or leave them out', facts);
  return pass('scan', `${seen}: the destination can have all of it`, facts);
}
