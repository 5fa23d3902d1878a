/** `--detach`: the same command in a process of its own, without a terminal, once it is sure that it has begun. */
import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, truncateSync, unlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { detachedOutput } from '../cli/paths.js';
import type { Io } from '../cli/run.js';
import { isListening } from '../control/socket.js';
import { Exit, type ExitCode, ExitError } from '../exit.js';
import { holderOf, inUse } from '../ledger/lock.js';
import { makeLedgerFolder } from '../ledger/open.js';
import { printable } from '../printable.js';
import type { Settings } from '../settings.js';
import { ownFiles } from './copy.js';
import { Keeper, patienceOf, unlessUnanswered } from './keeper.js';
import { Threads } from './threads.js';

const POLL_MS = 50;
const REFUSALS: readonly number[] = [Exit.usage, Exit.share, Exit.ledger];
/** A run that still goes on then has begun, even if it cannot be reached. */
const PATIENCE_MS = 15_000;

/**
 * Starts the run, waits until it can be reached at its control socket, and leaves it. A run that ends before that has its
 * words and its exit code handed on.
 */
export async function detach(settings: Settings, args: readonly string[], io: Io): Promise<number> {
  if (await isListening(settings.ledger)) throw inUse(settings.ledger, holderOf(settings.ledger));
  // Refused here, before anything is made.
  const keeper = new Keeper(new Threads(), patienceOf(settings, io));
  await unlessUnanswered(io, () => keeper.inspect(settings.source, settings.dest, ownFiles(settings)));
  if (settings.ledgerIsDefault) makeLedgerFolder(settings.ledger);
  const file = detachedOutput(settings.ledger);
  const isNew = !existsSync(file);
  const out = openOutput(file);
  const before = fstatSync(out).size;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...undetached(args)], {
    detached: true,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? Exit.stopped));
    child.once('error', () => resolve(Exit.stopped));
  });
  const begun = performance.now();
  for (;;) {
    const code = await Promise.race([ended, setTimeout(POLL_MS, undefined)]);
    if (code !== undefined) {
      io.err(readFileSync(file).subarray(before).toString());
      // Nothing was touched, and what was said has been told.
      if (REFUSALS.includes(code)) isNew ? unlinkSync(file) : truncateSync(file, before);
      return code as ExitCode;
    }
    if ((await isListening(settings.ledger)) || performance.now() - begun > PATIENCE_MS) break;
  }
  child.unref();
  const which = settings.ledgerIsDefault ? [settings.source, settings.dest] : ['--db', settings.ledger];
  io.out(`runs in the background as process ${child.pid}; what it says is in ${printable(file)}\n`);
  io.out(`millrace attach ${which.map(printable).join(' ')}   shows it; status, ctl and report take the same\n`);
  return Exit.ok;
}

function openOutput(file: string): number {
  try {
    // Without waiting for the reader of a FIFO, which it must not be.
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
    const fd = openSync(file, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_WRONLY, 0o600);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw Object.assign(new Error(), { code: 'not a file' });
  } catch (error) {
    throw new ExitError(`${file}: cannot be written: ${(error as NodeJS.ErrnoException).code}`, Exit.ledger);
  }
}

/** The arguments without --detach; what is shown to nobody is not said every few seconds. */
function undetached(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const rest = args.filter((arg, index) => !(arg === '--detach' && index < end));
  return rest.some((arg) => /^--progress(=|$)/.test(arg)) ? rest : ['--progress', 'quiet', ...rest];
}
