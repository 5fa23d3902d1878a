/**
 * `millrace doctor`: what two shares can do, found out before a copy. Facts are found by threads
 * (share/local/canary/), verdicts on them are pure (judge*.ts), and each is told as soon as it is known.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../cli/run.js';
import { Keeper } from '../engine/keeper.js';
import { listenForSignals } from '../engine/signals.js';
import { Threads } from '../engine/threads.js';
import { Exit, type ExitCode, ExitError } from '../exit.js';
import { LedgerError } from '../ledger/errors.js';
import { Ledger } from '../ledger/ledger.js';
import { peekIntoLedger } from '../ledger/open.js';
import { exitNow } from '../posix/calls.js';
import type { DoctorSettings } from '../settings.js';
import { SCRATCH } from '../share/local/canary/scratch.js';
import { SIDE_NAMES } from '../share/share.js';
import { type Check, fail, type Verdict } from './check.js';
import type { Need } from './judgeplace.js';
import { type DoctorOutput, JsonOutput, TextOutput } from './output.js';
import { CannotTell, CHECK_OF, Hangs, NO_SIGN, Patient, Stopped } from './patient.js';
import { Round } from './round.js';

/** Examines the two shares and returns the exit code. Throws ExitError where there is nothing to examine. */
export async function doctor(settings: DoctorSettings, io: Io): Promise<number> {
  const ledgerNeed = needOfLedger(settings); // first: a ledger that cannot be read is told before anything is made
  const threads = new Threads();
  const visit = new Visit(settings, threads, io, ledgerNeed);
  const { patient } = visit;
  const drain = () => {
    if (patient.isStopped) return false;
    patient.stop();
    return true;
  };
  const stop = () => exitNow(Exit.stopped);
  const allDone = listenForSignals({ drain, stop, hangUp: () => drain() || stop() });
  const code = await visit.run();
  allDone(code);
  return code;
}

/** What the ledger of the pair, if there is one, has as not yet synced. */
function needOfLedger({ ledger: file, ledgerIsDefault, source, dest }: DoctorSettings): Need | undefined {
  if (!existsSync(file)) {
    if (ledgerIsDefault) return undefined;
    throw new LedgerError(`${file}: no ledger here; leave --db out, or name the ledger of the pair`);
  }
  const totals = peekIntoLedger(file, { source, dest }, (db) => new Ledger(db).totals);
  if (!totals) return undefined;
  const { pendingBytes, failedBytes, pendingFiles, failedFiles, syncedFiles } = totals;
  if (pendingFiles + failedFiles + syncedFiles === 0) return undefined;
  return { bytes: pendingBytes + failedBytes, files: pendingFiles + failedFiles, from: 'ledger', isSure: true };
}

class Visit {
  readonly patient: Patient;
  private readonly output: DoctorOutput;
  private readonly verdicts: Record<Verdict, number> = { pass: 0, warn: 0, fail: 0 };
  private paths = 0;

  constructor(
    private readonly settings: DoctorSettings,
    private readonly threads: Threads,
    private readonly io: Io,
    private readonly ledgerNeed: Need | undefined,
  ) {
    const { source, dest, stallTimeoutMs, json } = settings;
    this.patient = new Patient(threads, { source, dest }, stallTimeoutMs);
    this.output = json ? new JsonOutput(io) : new TextOutput(io);
  }

  async run(): Promise<ExitCode> {
    try {
      await this.examine();
    } catch (error) {
      if (error instanceof Hangs) return this.leave(error);
      if (!(error instanceof Stopped)) throw error;
      return this.end(Exit.stopped);
    }
    return this.end(this.verdicts.fail > 0 ? Exit.someFailed : Exit.ok);
  }

  private async examine(): Promise<void> {
    const { settings, threads, patient } = this;
    // First, to know which of the two hangs; what is wrong with it is told by the look at both.
    const place = await patient.ask('place', 'source').catch(unlessCannotTell);
    const look = new Keeper(threads).inspect(settings.source, settings.dest, []);
    const roots = await patient.watch(look, 'dest', CHECK_OF.place, NO_SIGN);
    if (!place) throw new ExitError(`source ${settings.source}: went away`, Exit.share);
    try {
      patient.dest = await patient.ask('begin', 'dest').catch((error) => this.refused(error));
      const round = new Round({
        settings,
        threads,
        patient,
        ledgerNeed: this.ledgerNeed,
        tell: (checks) => this.tell(checks),
        found: (path, why) => {
          this.paths++;
          this.output.path(path, why);
        },
      });
      await round.go(roots, place);
    } catch (error) {
      // Nothing can be removed from a share that hangs.
      if (!(error instanceof Hangs && error.side === 'dest')) await this.clean();
      throw error;
    }
    await this.clean();
  }

  private refused(error: unknown): never {
    if (!(error instanceof CannotTell)) throw error;
    throw new ExitError(`destination ${this.settings.dest}: cannot be written: ${error.message}`, Exit.share);
  }

  private tell(checks: Check | readonly Check[]): void {
    for (const check of [checks].flat()) {
      this.verdicts[check.verdict]++;
      this.output.check(check);
    }
  }

  private async clean(): Promise<void> {
    if (!this.patient.dest) return;
    try {
      await this.patient.ask('end', 'dest');
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      this.tell(fail('scratch', `cannot be removed: ${error.message}`, `remove ${this.scratch} by hand`));
    }
    this.patient.dest = undefined;
  }

  private end(exitCode: ExitCode): ExitCode {
    if (exitCode === Exit.stopped) this.io.err('millrace: stopped before the end\n');
    this.output.end({ verdicts: this.verdicts, paths: this.paths, exitCode });
    return exitCode;
  }

  /** A thread that hangs keeps process.exit() from ending. What was said is out: Node writes it at once on Linux. */
  private leave({ check, side, message }: Hangs): never {
    const { patient } = this;
    this.tell(fail(check, message, `see that the ${SIDE_NAMES[side]}'s server and network are well`));
    if (patient.dest) this.io.err(`millrace: ${this.scratch} is left there; the next doctor removes it\n`);
    return exitNow(this.end(patient.isStopped ? Exit.stopped : Exit.share));
  }

  private get scratch(): string {
    return join(this.settings.dest, SCRATCH);
  }
}

function unlessCannotTell(error: unknown): undefined {
  if (!(error instanceof CannotTell)) throw error;
  return undefined;
}
