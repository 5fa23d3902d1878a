/** One run: opens ledger and log, runs a session, shows it, and says how it ended. */

import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AuditLog, checkLogFile } from '../audit/log.js';
import type { Io } from '../cli/run.js';
import { version } from '../cli/version.js';
import type { ControlServer } from '../control/server.js';
import { Exit, type ExitCode, UsageError } from '../exit.js';
import { isSqlite, LedgerError } from '../ledger/errors.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, makeLedgerFolder, openLedgerFile, openScratchLedger, peekIntoLedger } from '../ledger/open.js';
import { mangledSorts, renamedSorts, setMangledSorts, setRenamedSorts } from '../ledger/renamed.js';
import { partTag } from '../ledger/tag.js';
import { join } from '../posix/names.js';
import type { Settings } from '../settings.js';
import { folds, NO_FOLDING } from '../share/folding.js';
import { mountinfo } from '../share/local/mountinfo.js';
import { coarser, type RootsFacts } from '../share/local/roots.js';
import { holding, localMountsWithin } from '../share/mounts.js';
import { type RenamedSort, Renaming } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import { sameKept } from '../share/timerange.js';
import { steadyMs } from '../stats/clock.js';
import type { Snapshot } from '../stats/snapshot.js';
import { cleanName } from '../ui/clean.js';
import type { Operator } from '../ui/operator.js';
import { type RunResult, summaryText } from '../ui/summary.js';
import { createSurface, type Pull, type Surface, standardOutput } from '../ui/surface.js';
import { HANGING, SessionBroken } from './broken.js';
import { Chronicle } from './chronicle.js';
import { Controls } from './controls.js';
import { beginSession, endSession, hasCollided } from './cutoff.js';
import { leave, PATIENCE_MS, reasonOf } from './ending.js';
import type { FinalPass } from './final.js';
import type { Keeper } from './keeper.js';
import { firstLanes } from './lanecount.js';
import { mountNotes } from './mountnotes.js';
import { RunOperator } from './operator.js';
import { pictureOf } from './picture.js';
import { DestAway } from './recorder.js';
import { checkRoots, knownTimekeeping, rememberRoots, type Timekeeping } from './rootcheck.js';
import { Session, type SessionDeps } from './session.js';
import { listenForSignals, reopenLog } from './signals.js';
import type { Threads } from './threads.js';

/** Changed by the destination at any time, ns. */
const ALL_TIME_NS = -(2n ** 63n);
/** How often the history is asked whether it is time for a row, ms. */
const HISTORY_MS = 1000;

/** Called as soon as a run can be shown and told what to do; the picture can be had until the run has ended. */
export type Begun = (controls: Controls, pull: Pull) => void;

/** Runs a copy between roots that were found fit, and returns the exit code. Throws ExitError before it begins. */
export async function run(
  settings: Settings,
  io: Io,
  threads: Threads,
  keeper: Keeper,
  roots: RootsFacts,
  begun: Begun,
): Promise<number> {
  if (!settings.dryRun)
    checkLogFile(settings.logFile, settings.ledgerIsDefault && dirname(settings.logFile) === dirname(settings.ledger));
  const final = settings.final && new (await import('./final.js')).FinalPass(settings, settings.final);
  const ledger = openLedger(settings);
  let log: AuditLog | undefined;
  let ground: Ground;
  try {
    if (!settings.dryRun) checkRoots(ledger, roots, settings);
    log = settings.dryRun ? undefined : new AuditLog(settings.logFile);
    ground = await prepare(settings, ledger, threads, keeper, roots);
  } catch (error) {
    ledger.close();
    throw error;
  }
  return new Run(settings, io, ledger, log, ground, mountNotes(roots, settings.attributes.hardLinks), final).toTheEnd(
    begun,
  );
}

/** What a session is told beside its settings. */
type Ground = Omit<SessionDeps, 'settings' | 'ledger' | 'log' | 'note' | 'detail'>;

/** Makes the destination ready, and the ledger know that a session is under way; a dry run changes nothing. */
async function prepare(
  settings: Settings,
  ledger: Ledger,
  threads: Threads,
  keeper: Keeper,
  roots: RootsFacts,
): Promise<Ground> {
  // A destination that is not there, in a dry run, is never looked at.
  const identities = { source: roots.sourceIdentity, dest: roots.destIdentity ?? roots.sourceIdentity };
  const tag = settings.dryRun ? '' : partTag(ledger);
  let renaming = new Renaming([]);
  const ground = {
    threads,
    firstLanes: firstLanes(roots.source.network, roots.dest.network),
    identities,
    destMissing: settings.dryRun && roots.destMissing,
    // A network share flushes each file as it is published; a local filesystem is flushed as a whole, also one within.
    // What else is mounted there, and was not written to, may be dead.
    flushDest: async (paths: () => readonly string[]) => {
      const mounts = localMountsWithin(roots.destReal, mountinfo());
      const atDest = (path: string) => join(roots.destReal, renaming.encodePath(path));
      const within = mounts.length === 0 ? [] : holding(paths().map(atDest), mounts);
      if (roots.dest.network && within.length === 0) return undefined;
      return keeper.flush(settings.dest, roots.dest.network ? undefined : identities.dest, within);
    },
    fillsHoles: roots.dest.fillsHoles,
    dataBytes: (path: string) => keeper.dataBytes(settings.source, identities.source, path),
    rootState: (side: Side) => keeper.rootState(settings[side], identities[side]),
    look: (side: Side, room: number | undefined) =>
      keeper.look({
        path: settings[side],
        expected: identities[side],
        room,
        tag,
      }),
  };
  const windowNs = BigInt(settings.choice.comparing?.windowSeconds ?? 0) * 1_000_000_000n;
  if (settings.dryRun) {
    const root = { meta: roots.rootMeta, isStamped: false };
    const known = knownGround(settings);
    const unknown = { folding: NO_FOLDING, mangled: [], partTag: '', beganNs: undefined, distrustNs: undefined };
    return { ...ground, root, ...known, ...unknown, grainNs: coarser(roots.grainNs, known.grainNs) + windowNs };
  }
  const seen = { root: roots.destIdentity, parent: roots.destParent };
  const dest = await keeper.prepare(settings.dest, settings.trash, seen, tag);
  identities.dest = dest.identity;
  const grainNs = coarser(roots.grainNs, dest.grainNs) + windowNs;
  rememberRoots(ledger, identities, { grainNs, range: dest.range });
  if (settings.renameInvalid && !renamedSorts(ledger))
    setRenamedSorts(ledger, await keeper.refusedSorts(settings.dest, identities.dest));
  if (roots.dest.ownNames && !renamedSorts(ledger) && !mangledSorts(ledger))
    setMangledSorts(ledger, await keeper.refusedSorts(settings.dest, identities.dest, true));
  const renamed = renamedSorts(ledger);
  renaming = new Renaming(renamed ?? []);
  const cutOffNs = beginSession(ledger, dest.nowNs);
  const isStamped =
    dest.rootMtimeNs !== undefined && sameKept(roots.rootMeta.mtimeNs, dest.rootMtimeNs, grainNs, dest.range);
  return {
    ...ground,
    root: { meta: roots.rootMeta, isStamped },
    grainNs,
    range: dest.range,
    folding: dest.folding,
    renamed: renamed ?? [],
    mangled: renamed ? [] : (mangledSorts(ledger) ?? []),
    partTag: tag,
    beganNs: dest.nowNs,
    distrustNs: folds(dest.folding) && hasCollided(ledger) ? ALL_TIME_NS : cutOffNs,
  };
}

/** No filesystem keeps times more coarsely (FAT); a grain beyond has the --modify-window of an earlier run in it. */
const COARSEST_NS = 2_000_000_000n;

/** What the ledger of the real runs has of the shares: a dry run tries nothing out. */
function knownGround(settings: Settings): Timekeeping & Pick<Ground, 'renamed'> {
  const known = peekIntoLedger(settings.ledger, { source: settings.source, dest: settings.dest }, (db) => {
    const ledger = new Ledger(db);
    return { times: knownTimekeeping(ledger), renamed: renamedSorts(ledger) };
  });
  if (settings.renameInvalid && !known?.renamed)
    throw new UsageError('--rename-invalid tries names out, which a dry run does not; see millrace doctor --scan');
  const { grainNs = 1n, range } = known?.times ?? {};
  return { grainNs: grainNs > COARSEST_NS ? 1n : grainNs, range, renamed: known?.renamed ?? [] };
}

function openLedger(settings: Settings): Ledger {
  const pair = { source: settings.source, dest: settings.dest };
  if (settings.dryRun) return new Ledger(openScratchLedger(pair));
  if (settings.ledgerIsDefault) makeLedgerFolder(settings.ledger);
  return guard(settings.ledger, () => new Ledger(openLedgerFile(settings.ledger, pair)));
}

class Run {
  private readonly startedMs = steadyMs();
  private readonly chronicle: Chronicle | undefined;
  private readonly threads: Threads;
  private readonly session: Session;
  private readonly renamed: readonly RenamedSort[];
  /** There before the session begins. */
  private surface: Surface | undefined;
  private control: ControlServer | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly io: Io,
    private readonly ledger: Ledger,
    private readonly log: AuditLog | undefined,
    ground: Ground,
    /** Told at the beginning. */
    private readonly notes: readonly string[],
    private readonly final: FinalPass | undefined,
  ) {
    if (!settings.dryRun) this.chronicle = new Chronicle(ledger, this.startedMs);
    this.threads = ground.threads;
    this.renamed = ground.renamed;
    this.session = new Session({
      ...ground,
      settings,
      ledger,
      log,
      note: (text) => this.note(text),
      detail: (text) => this.surface?.item(cleanName(text)),
    });
  }

  private surfaceFor(operator: Operator): Promise<Surface> {
    const source = { pull: () => this.picture(), operator };
    return createSurface(this.settings.progress, source, standardOutput(this.io));
  }

  private picture(): Snapshot {
    const { source, dest } = this.settings;
    const scratch = { source, dest, session: 0, begunMs: this.startedMs };
    const frame = { startedMs: this.startedMs, migration: this.chronicle?.migration ?? scratch };
    return pictureOf(this.session, this.ledger, this.settings, frame);
  }

  /** Rejects where not even the ledger can be read any more; the screen and the control socket are gone then too. */
  async toTheEnd(begun: Begun): Promise<number> {
    try {
      return await this.work(begun);
    } catch (error) {
      this.surface?.stop();
      this.control?.close(this.exitCode(error), reasonOf(error));
      throw error;
    }
  }

  private async work(begun: Begun): Promise<number> {
    const { session, settings } = this;
    const controls = new Controls(session, (text) => this.note(text));
    const operator = new RunOperator(controls, this.ledger);
    const surface = await this.surfaceFor(operator);
    this.surface = surface;
    const allDone = listenForSignals({
      drain: () => controls.drain('press Ctrl-C again to stop now'),
      stop: () => controls.stop(),
      hangUp: () => this.log && reopenLog(this.log, (text) => this.note(text)),
    });
    surface.start();
    for (const text of this.notes) this.note(text);
    if (this.renamed.length > 0)
      this.note(`names of these sorts are kept under others (--rename-invalid): ${this.renamed.join('  ')}`);
    if (this.final) this.note(this.final.forecast(this.ledger));
    begun(controls, () => this.picture());
    const listening = this.openControl(operator);
    const ticker = setInterval(() => this.writeHistory(), HISTORY_MS);
    let broken: unknown;
    try {
      await session.run();
    } catch (error) {
      broken = error;
    }
    clearInterval(ticker);
    await listening;
    const ended = await session.crew.finish(PATIENCE_MS);
    // A share that hangs keeps the last flush from ending too.
    const mayHang = !ended || session.isEnding || session.guardian.patience.isHeld;
    const tooLong = mayHang ? delayed(PATIENCE_MS, HANGING) : session.checkpoints.hopeless;
    const failedToRecord = broken === HANGING ? HANGING : await Promise.race([this.record(), tooLong]);
    broken ??= failedToRecord;
    if (failedToRecord) session.recorder.giveUp();
    const snapshot = this.picture();
    try {
      if (this.exitCode(broken) !== Exit.ledger) this.chronicle?.end(snapshot, this.exitCode(broken));
    } catch (error) {
      broken ??= error;
    }
    let certificate = '';
    try {
      if (this.final && !broken && session.stopping === 'no')
        certificate = await this.final.certificate(session, Math.round(this.startedMs), (text) => this.note(text));
    } catch (error) {
      broken = error;
    }
    const code = this.exitCode(broken);
    surface.stop();
    if (broken) this.io.err(`millrace: ${cleanName(reasonOf(broken))}\n`);
    const { recorded, unrecorded } = session.outcomes;
    const result: RunResult = {
      snapshot: { ...snapshot, session: { ...snapshot.session, ...recorded } },
      unrecorded,
      exitCode: code,
      seconds: (steadyMs() - this.startedMs) / 1000,
      failures: session.outcomes.failures,
      failuresTotal: settings.dryRun
        ? session.outcomes.failed
        : Math.max(session.outcomes.failed, snapshot.total.failed.files),
      ledger: settings.dryRun ? null : settings.ledger,
      log: settings.dryRun ? null : settings.logFile,
    };
    surface.summary(result);
    this.io.out(certificate);
    this.control?.close(code, summaryText(result));
    this.ledger.close();
    allDone(code);
    await leave(this.threads, ended, code);
    return code;
  }

  /** Whoever may read the ledger can steer the run, and watch it, from elsewhere. */
  private async openControl(operator: Operator): Promise<void> {
    if (this.settings.dryRun) return;
    try {
      // Loaded when the session has begun already: nobody asks at once.
      const { ControlServer } = await import('../control/server.js');
      this.control = await ControlServer.listen(this.settings.ledger, version(), () => this.picture(), operator);
    } catch (error) {
      this.note(`there is no control socket, so ctl and attach do not reach this run: ${(error as Error).message}`);
    }
  }

  /** A line for the operator, wherever he is. */
  private note(text: string): void {
    this.surface?.note(text);
    this.control?.note(text);
  }

  private writeHistory(): void {
    try {
      this.chronicle?.tick(Date.now(), () => this.picture());
    } catch (error) {
      this.session.breakOff(error as Error);
    }
  }

  /** The last checkpoint, also after a failure: whatever was finished is to be known. */
  private async record(): Promise<unknown> {
    try {
      // Not the session's own: nobody would tell it any more that a destination is back.
      await this.session.recorder.checkpoint();
      // Told to stop, or broken: lanes may have published what nobody recorded.
      const { conveyor, recorder } = this.session;
      if (conveyor.inFlightCount === 0 && !recorder.doubtful) endSession(this.ledger);
      this.log?.close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private exitCode(broken: unknown): ExitCode {
    const { session, ledger } = this;
    if (broken instanceof DestAway) return Exit.share;
    if (broken instanceof SessionBroken) return broken.blame === 'share' ? Exit.share : Exit.stopped;
    if (broken instanceof LedgerError || isSqlite(broken)) return Exit.ledger;
    if (broken || session.stopping !== 'no') return Exit.stopped;
    const failed =
      (session.secondLook?.changed ?? 0) > 0 ||
      session.outcomes.failed > 0 ||
      session.outcomes.keptExtras > 0 ||
      ledger.totals.failedFiles > 0 ||
      session.scan.errors > 0;
    return failed || (!this.settings.dryRun && ledger.totals.pendingFiles > 0) ? Exit.someFailed : Exit.ok;
  }
}

async function delayed<T>(ms: number, value: T): Promise<T> {
  await setTimeout(ms, undefined, { ref: false });
  return value;
}
