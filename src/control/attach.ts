/** `millrace attach`: the screen of a run in another process, on this terminal; leaving it leaves the run alone. */
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { Exit, ExitError } from '../exit.js';
import type { ProgressStyle } from '../settings.js';
import type { Snapshot } from '../stats/snapshot.js';
import { cleanText } from '../ui/clean.js';
import { createSurface, standardOutput } from '../ui/surface.js';
import type { ControlClient } from './client.js';
import { reachRun } from './find.js';

/** Resolves to the run's exit code when it ends, or to 0 when the operator leaves before. */
export async function attach(place: Place, progress: ProgressStyle, io: Io): Promise<number> {
  const client = await reachRun(place);
  let snapshot = await first(client);
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const surface = await createSurface(progress, { pull: () => snapshot, operator: client, leave }, standardOutput(io));
  client.onEvent((event) => {
    if ('note' in event) surface.note(event.note);
    else if ('state' in event) snapshot = event.state.snapshot;
  });
  surface.start();
  await Promise.race([client.gone, left]);
  client.close();
  surface.stop();
  const { ended } = client;
  if (ended) io.out(ended.summary.split('\n').map(cleanText).join('\n'));
  else if (client.hasHungUp) throw new ExitError('the run has ended without a word', Exit.stopped);
  else io.out('left; the run goes on\n');
  return ended?.exitCode ?? Exit.ok;
}

async function first(client: ControlClient): Promise<Snapshot> {
  try {
    return (await client.status()).snapshot;
  } catch (error) {
    throw new ExitError((error as Error).message, Exit.stopped);
  }
}
