/** The process around a command: its streams, its last errors, and its end. */
import { closeSync } from 'node:fs';
import { totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import { Exit } from '../exit.js';
import { leaveBeforeFlushing } from './lastexit.js';
import { type ByteIo, type Engine, explain, type Io, run } from './run.js';
import { terminalOf } from './terminal.js';

const ENGINE: Engine = {
  copy: async (settings, io) => (await import('../engine/copy.js')).copy(settings, io),
  detach: async (settings, args, io) => (await import('../engine/detach.js')).detach(settings, args, io),
  status: async (ledger, json, watch, io) => (await import('../engine/status.js')).status(ledger, json, watch, io),
  ctl: async (ledger, action, io) => (await import('../control/ctl.js')).ctl(ledger, action, io),
  attach: async (ledger, progress, io) => (await import('../control/attach.js')).attach(ledger, progress, io),
  verify: async (settings, io) => (await import('../engine/verify.js')).verify(settings, io),
  report: async (ledger, output, io) => (await import('../report/report.js')).report(ledger, output, io),
  doctor: async (settings, io) => (await import('../doctor/doctor.js')).doctor(settings, io),
  manifest: async (ledger, order, io) => (await import('../manifest/manifest.js')).manifest(ledger, order, io),
};

/** Runs the command and ends the process with its exit code, whatever threads may still hang in a share. */
export async function runProcess(args: readonly string[], engine = ENGINE): Promise<never> {
  const io: ByteIo = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    bytes: async (data) => {
      const shown = process.stdout.isTTY ? (await import('../ui/clean.js')).harmlessLines(data) : data;
      return new Promise((resolve) => process.stdout.write(shown, (error) => resolve(!error)));
    },
    ask: process.stdin.isTTY && process.stdout.isTTY ? ask : undefined,
  };
  const fail = (error: unknown): void => {
    process.exit(explain(error, process.env.MILLRACE_INTERNAL_DEBUG === '1', io));
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // Without a listener Node opens its debugger's port, where every user of the machine may run code as this one.
  process.on('SIGUSR1', () => {});
  const output = watchOutput(io);
  forgetLostTerminals();
  process.on('exit', leaveBeforeFlushing);

  const machine = { env: process.env, memory: totalmem(), terminal: terminalOf(process.env, process) };
  const code = await run(args, machine, tracked(engine, output), io);
  await flushed();
  // An answer that could not be written in full is no answer; a copy has its ledger and log, and its code stands.
  process.exitCode = output.lost && !output.copied && code === Exit.ok ? Exit.stopped : code;
  process.exit();
}

/**
 * Node puts terminals back into their first mode at its end, and aborts where one is gone by then, though the copy went
 * well (ResetStdio in node.cc, v20). What is closed it leaves alone.
 */
function forgetLostTerminals(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}

interface Output {
  /** Something could not be written, other than because the reader left. */
  lost: boolean;
  copying: boolean;
  copied: boolean;
}

/**
 * Without listeners a failed write would end the process in the middle of a copy. When the reader of stdout goes away
 * (`| head`), a copy drains as after a first Ctrl-C, for nobody sees it any more. A full disk under a redirected stdout
 * is told once, and the copy goes on. A stderr that fails leaves no place to tell it.
 */
function watchOutput(io: Io): Output {
  const output: Output = { lost: false, copying: false, copied: false };
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      // Without a listener, before the engine's own, the signal would kill instead.
      if (!output.copying || process.listenerCount('SIGTERM') === 0) return;
      output.copying = false;
      process.kill(process.pid, 'SIGTERM');
    } else if (!output.lost) {
      output.lost = true;
      io.err(`millrace: cannot write to standard output: ${error.code}\n`);
    }
  });
  return output;
}

/** The engine, whose copies and verifications leave their mark in `output`. */
function tracked(engine: Engine, output: Output): Engine {
  return {
    ...engine,
    copy: marked(output, engine.copy),
    verify: marked(output, engine.verify),
  };
}

/** The same, marked as under way, and as one that has its ledger and log. */
function marked<S>(output: Output, work: (settings: S, io: Io) => Promise<number>): typeof work {
  return async (settings, io) => {
    output.copying = true;
    output.copied = true;
    try {
      return await work(settings, io);
    } finally {
      output.copying = false;
    }
  };
}

/** The terminal's next line; an end of input is no answer. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise<string>((resolve) => {
      terminal.on('close', () => resolve(''));
      terminal.question(question, resolve);
    });
  } finally {
    terminal.close();
  }
}

/** Resolves when all that was written to stdout is out, or has failed. */
function flushed(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write('', () => setImmediate(resolve));
  });
}
