/** One command from its arguments to its exit code, without the process around it. */

import { Exit, ExitError } from '../exit.js';
import { isSqlite, ledgerTrouble } from '../ledger/errors.js';
import type { ManifestOrder } from '../manifest/manifest.js';
import { printable } from '../printable.js';
import type { DoctorSettings, ProgressStyle, Settings, VerifySettings } from '../settings.js';
import type { Order } from '../ui/operator.js';
import { type Command, type Place, parse } from './parse.js';
import type { Machine } from './settings.js';

/** Where text goes; each writes as it is told, without a newline of its own. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Asks the person at the terminal, and gives the answer; undefined: nobody is there. */
  ask?: ((question: string) => Promise<string>) | undefined;
}

/** The same, for what is no text, or too much of it to be kept until somebody reads it. */
export interface ByteIo extends Io {
  /** To where `out` writes, on a terminal as it may show them; resolves when the bytes are written, to false when they could not be. */
  bytes(data: Uint8Array): Promise<boolean>;
}

/** The commands' own code, loaded when it is needed: the engine is large, and a mistyped option should not wait. */
export interface Engine {
  /** Each resolves to the exit code. */
  copy(settings: Settings, io: Io): Promise<number>;
  /** A copy in a process of its own, with these arguments. */
  detach(settings: Settings, args: readonly string[], io: Io): Promise<number>;
  status(ledger: Place, json: boolean, watch: boolean, io: Io): Promise<number>;
  ctl(ledger: Place, action: Order, io: Io): Promise<number>;
  attach(ledger: Place, progress: ProgressStyle, io: Io): Promise<number>;
  verify(settings: VerifySettings, io: Io): Promise<number>;
  report(ledger: Place, output: string, io: Io): Promise<number>;
  doctor(settings: DoctorSettings, io: Io): Promise<number>;
  manifest(ledger: Place, order: ManifestOrder, io: ByteIo): Promise<number>;
}

/** The exit code. Errors end here, as one line on stderr. */
export async function run(args: readonly string[], machine: Machine, engine: Engine, io: ByteIo): Promise<number> {
  try {
    return await perform(await parse(args, machine), args, engine, io);
  } catch (error) {
    return explain(error, machine.env.MILLRACE_INTERNAL_DEBUG === '1', io);
  }
}

/**
 * Tells on stderr why the command ended, and returns its exit code. An error that nobody foresaw counts as stopped
 * before the end: the ledger is good at any moment, and the next run goes on from it. Its stack is for `debug`.
 */
export function explain(error: unknown, debug: boolean, io: Io): number {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ExitError) {
    io.err(`millrace: ${printable(message)}\n`);
    return error.exitCode;
  }
  if (isSqlite(error)) {
    io.err(`millrace: ${printable(ledgerTrouble(error as Error))}\n`);
    return Exit.ledger;
  }
  io.err(`millrace: internal error: ${printable(message)}\n`);
  if (debug && error instanceof Error) io.err(`${error.stack}\n`);
  return Exit.stopped;
}

/** A run that deletes is asked about once, where there is somebody to be asked. */
async function isConfirmed(settings: Settings, { ask }: Io): Promise<boolean> {
  const { deleteExtras, deletesExcluded, dryRun, yes, dest } = settings;
  if (!deleteExtras || dryRun || yes || !ask) return true;
  const what = `what the source does not have${deletesExcluded ? ', or what is left out of the copy' : ''}`;
  const answer = await ask(`Delete in ${printable(dest)} ${what}? [y/N] `);
  return /^\s*y(es)?\s*$/i.test(answer);
}

async function perform(command: Command, args: readonly string[], engine: Engine, io: ByteIo): Promise<number> {
  switch (command.command) {
    case 'shown':
      io.out(command.text);
      return Exit.ok;
    case 'status':
      return engine.status(command.ledger, command.json, command.watch, io);
    case 'ctl':
      return engine.ctl(command.ledger, command.action, io);
    case 'attach':
      return engine.attach(command.ledger, command.progress, io);
    case 'verify':
      return engine.verify(command.settings, io);
    case 'report':
      return engine.report(command.ledger, command.output, io);
    case 'doctor':
      return engine.doctor(command.settings, io);
    case 'manifest':
      return engine.manifest(command.ledger, command.order, io);
    case 'copy':
      if (!(await isConfirmed(command.settings, io))) throw new ExitError('nothing was done', Exit.stopped);
      return command.detach ? engine.detach(command.settings, args, io) : engine.copy(command.settings, io);
  }
}
