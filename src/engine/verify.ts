/** `millrace verify`: opens ledger and log, runs a session of a verification, shows it, and says how it ended. */
import { AuditLog, checkLogFile } from '../audit/log.js';
import { defaultLog } from '../cli/paths.js';
import type { Io } from '../cli/run.js';
import { ledgerAt } from '../control/find.js';
import { Exit, type ExitCode, ExitError } from '../exit.js';
import { isSqlite, LedgerError } from '../ledger/errors.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, openLedgerFile, openLedgerForReading, type Pair } from '../ledger/open.js';
import { renamedSorts } from '../ledger/renamed.js';
import { countDifferent, differencesSince } from '../ledger/verification.js';
import { Command } from '../pipeline/ring.js';
import type { VerifySettings } from '../settings.js';
import { coarser } from '../share/local/roots.js';
import type { Side } from '../share/share.js';
import { steadyMs } from '../stats/clock.js';
import { formatCount } from '../stats/format.js';
import type { VerifySnapshot } from '../stats/verification.js';
import { cleanName } from '../ui/clean.js';
import { standardOutput } from '../ui/surface.js';
import { type VerifySurface, verifySurface } from '../ui/verify.js';
import { aboutWords } from '../ui/verify-text.js';
import { beginPass, isUnfinished, lastPass, type Pass } from '../verify/pass.js';
import { SessionBroken } from './broken.js';
import { leave, PATIENCE_MS, reasonOf } from './ending.js';
import { COPY_LINKS } from './findings.js';
import { Keeper, patienceOf, unlessUnanswered } from './keeper.js';
import { firstLanes } from './lanecount.js';
import { checkRoot, knownTimekeeping, type Timekeeping } from './rootcheck.js';
import { listenForSignals, reopenLog } from './signals.js';
import { Threads } from './threads.js';
import type { VerifyCrewDeps } from './verifycrew.js';
import { VerifySession } from './verifysession.js';

/** Differences that the summary names. */
const SHOWN = 20;

/** Runs a verification and returns the exit code. Throws ExitError for what stands in the way of beginning. */
export async function verify(settings: VerifySettings, io: Io): Promise<number> {
  const file = await ledgerAt(settings.ledger, true);
  const logFile = settings.logFile ?? defaultLog(file);
  const known = pairOf(file);
  const pair = settings.roots ?? known;
  checkLogFile(logFile, false);
  const threads = new Threads();
  const keeper = new Keeper(threads, patienceOf(settings, io));
  const ledger = guard(file, () => new Ledger(openLedgerFile(file, pair)));
  try {
    const own = [
      { path: file, what: 'the ledger', option: '--db' },
      { path: logFile, what: 'the audit log', option: '--log-file' },
    ];
    const ground = await unlessUnanswered(io, () => lookAround(settings, ledger, keeper, own));
    const log = new AuditLog(logFile);
    return await new VerifyRun(settings, io, { file, ledger, logFile, log }, threads, keeper, ground).toTheEnd();
  } finally {
    ledger.close();
  }
}

/** The roots that a ledger is of; nothing is changed in it. */
function pairOf(file: string): Pair {
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  try {
    return ledger.pair;
  } finally {
    ledger.close();
  }
}

interface Ground {
  readonly roots: VerifyCrewDeps['roots'];
  readonly times: Timekeeping;
  readonly isFar: boolean;
}

/** Looks at the roots that are to be read; throws an ExitError when one is not there, or not the one it was. */
async function lookAround(
  settings: VerifySettings,
  ledger: Ledger,
  keeper: Keeper,
  own: Parameters<Keeper['inspectOne']>[2],
): Promise<Ground> {
  const { pair } = ledger;
  const look = async (side: Side) => {
    const found = await keeper.inspectOne(side, pair[side], own);
    if (!settings.acceptRoots) checkRoot(ledger, side, pair[side], found.identity);
    return { path: pair[side], ...found };
  };
  const dest = await look('dest');
  const source = settings.reads === 'both' ? await look('source') : undefined;
  const typical = source ? coarser(source.facts.grainNs, dest.facts.grainNs) : dest.facts.grainNs;
  const known = knownTimekeeping(ledger);
  return {
    roots: { dest, ...(source && { source }) },
    times: { grainNs: coarser(typical, known.grainNs), range: known.range },
    isFar: dest.facts.network || source?.facts.network === true,
  };
}

interface Files {
  readonly file: string;
  readonly ledger: Ledger;
  readonly logFile: string;
  readonly log: AuditLog;
}

class VerifyRun {
  private readonly startedMs = steadyMs();
  private readonly session: VerifySession;
  private readonly surface: VerifySurface;
  private readonly last: Pass | undefined;

  constructor(
    private readonly settings: VerifySettings,
    private readonly io: Io,
    private readonly files: Files,
    private readonly threads: Threads,
    keeper: Keeper,
    ground: Ground,
  ) {
    const { ledger, log } = files;
    const { roots, times, isFar } = ground;
    this.last = lastPass(ledger);
    this.session = new VerifySession({
      settings,
      ledger,
      log,
      pass: beginPass(this.last, settings.which, settings.reads, Date.now()),
      crew: { threads, roots, times, copyLinks: ledger.meta(COPY_LINKS) === true, renamed: renamedSorts(ledger) ?? [] },
      firstLanes: firstLanes(isFar, false).readers,
      checksum: settings.checksum,
      look: (side) => keeper.look({ path: roots[side]!.path, expected: roots[side]!.identity, room: undefined }),
      note: (text) => this.surface.note(text),
      detail: (text) => {
        if (settings.verbose) this.surface.item(cleanName(text));
      },
    });
    this.surface = verifySurface(settings.progress, () => this.picture(), standardOutput(io));
  }

  async toTheEnd(): Promise<number> {
    const { session, surface, files, threads } = this;
    const allDone = listenForSignals({
      drain: () => {
        if (session.stopping !== 'no') return false;
        session.tell(Command.drain);
        surface.note('finishing the files in flight; press Ctrl-C again to stop now');
        return true;
      },
      stop: () => session.tell(Command.stop),
      hangUp: () => reopenLog(files.log, (text) => surface.note(text)),
    });
    surface.start();
    this.tellWhatBegins();
    let broken: unknown;
    try {
      await session.run();
    } catch (error) {
      broken = error;
      session.crew.tell(Command.stop);
    }
    try {
      // Also after a failure: whatever was found is to be known.
      session.checkpoint();
      files.log.close();
    } catch (error) {
      broken ??= error;
    }
    const ended = await session.crew.finish(PATIENCE_MS);
    const exitCode = this.exitCode(broken);
    surface.stop();
    if (broken) this.io.err(`millrace: ${cleanName(reasonOf(broken))}\n`);
    const { pendingFiles, failedFiles } = files.ledger.totals;
    const isReadable = exitCode !== Exit.ledger;
    surface.summary({
      snapshot: this.picture(),
      pass: session.record.pass,
      exitCode,
      seconds: (steadyMs() - this.startedMs) / 1000,
      differences: isReadable ? differencesSince(files.ledger, session.record.pass.begunMs, SHOWN) : [],
      knownDifferent: isReadable ? countDifferent(files.ledger) : 0,
      notCopied: pendingFiles + failedFiles,
      ledger: files.file,
      log: files.logFile,
    });
    allDone(exitCode);
    await leave(threads, ended, exitCode);
    return exitCode;
  }

  private tellWhatBegins(): void {
    const { last, surface, startedMs } = this;
    const { pass } = this.session.record;
    const about = aboutWords(pass, startedMs);
    if (pass.begunMs === last?.begunMs)
      surface.note(`going on to verify ${about}; done before: ${formatCount(pass.checked.files)} entries`);
    else surface.note(`verifying ${about}`);
    if (last && isUnfinished(last) && pass.begunMs !== last.begunMs) surface.note(givenUp(last, startedMs));
  }

  private picture(): VerifySnapshot {
    const { session, settings, startedMs } = this;
    const { source, dest } = this.files.ledger.pair;
    const { bwlimit, nextLimit } = session.crew.pacer.state;
    const { pass } = session.record;
    return {
      nowMs: steadyMs(),
      startedMs,
      source,
      dest,
      reads: settings.reads,
      stopping: session.stopping,
      done: pass.checked,
      all: { ...session.all },
      isCounted: session.isCounted,
      different: pass.different,
      unhashed: pass.unhashed,
      session: { ...session.record.session },
      readBytes: session.crew.readBytes,
      lanes: session.crew.lanes.length,
      limit: bwlimit.read,
      nextLimit,
      troubles: session.watch.troubles,
      active: session.active,
    };
  }

  private exitCode(broken: unknown): ExitCode {
    const { session } = this;
    if (broken instanceof SessionBroken) return broken.blame === 'share' ? Exit.share : Exit.stopped;
    if (broken instanceof LedgerError || isSqlite(broken)) return Exit.ledger;
    if (broken instanceof ExitError) return broken.exitCode;
    if (broken || !session.isThrough) return Exit.stopped;
    return session.record.pass.different + session.record.pass.unhashed > 0 ? Exit.someFailed : Exit.ok;
  }
}

/** What another verification leaves of an unfinished one, and how that is taken up. */
function givenUp(last: Pass, nowMs: number): string {
  const what = `the unfinished verification of ${aboutWords(last, nowMs)} is given up`;
  return last.kind === 'all' ? `${what}; --since ${new Date(last.begunMs).toISOString()} takes it up` : what;
}
