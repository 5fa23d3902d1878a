/** `millrace copy`, from the first look at the roots on. */
import type { Io } from '../cli/run.js';
import { openFilesLimit } from '../posix/limits.js';
import type { Settings } from '../settings.js';
import type { OwnFile } from '../share/local/roots.js';
import { checkOpenFiles } from './descriptors.js';
import { Keeper, patienceOf, unlessUnanswered } from './keeper.js';
import type { Begun } from './run.js';
import { Threads } from './threads.js';

/**
 * Runs a copy, which `begun` gets to show and steer it, and returns the exit code. Throws ExitError for what stands in
 * the way of beginning.
 */
export async function copy(settings: Settings, io: Io, begun: Begun = () => {}): Promise<number> {
  checkOpenFiles(settings, openFilesLimit());
  // Before anything is begun: the port may be taken.
  const metrics = settings.metrics && (await listen(settings.metrics));
  try {
    const threads = new Threads();
    const keeper = new Keeper(threads, patienceOf(settings, io));
    const inspected = keeper.inspect(settings.source, settings.dest, ownFiles(settings));
    // Told below; until then a refusal is nobody's unhandled error.
    inspected.catch(() => {});
    // The rest is loaded while the keeper's thread starts: each takes about as long as the other.
    const { run } = await import('./run.js');
    return await unlessUnanswered(io, async () =>
      run(settings, io, threads, keeper, await inspected, (controls, pull) => {
        metrics?.show(pull);
        begun(controls, pull);
      }),
    );
  } finally {
    await metrics?.close();
  }
}

async function listen(settings: NonNullable<Settings['metrics']>) {
  const { MetricsServer } = await import('../metrics/server.js');
  return MetricsServer.listen(settings);
}

/** What a run writes beside its shares, which must not be in one of them. */
export function ownFiles({ ledger, logFile }: Settings): OwnFile[] {
  return [
    { path: ledger, what: 'the ledger', option: '--db' },
    { path: logFile, what: 'the audit log', option: '--log-file' },
  ];
}
