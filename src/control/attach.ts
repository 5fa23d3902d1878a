/** `millrace attach`: the screen of a run in another process, on this terminal; leaving it leaves the run alone. */
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { Exit, ExitError } from '../exit.js';
import type { ProgressStyle } from '../settings.js';
import { createSurface } from '../ui/surface.js';
import { reachRun } from './find.js';
import type { Event } from './protocol.js';

/** Resolves to the run's exit code when it ends, or to 0 when the operator leaves before. */
export async function attach(place: Place, progress: ProgressStyle, io: Io): Promise<number> {
  const client = await reachRun(place);
  let snapshot = (await client.status()).snapshot;
  let ended: Extract<Event, { ended: unknown }>['ended'] | undefined;
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const { stdout } = process;
  const surface = await createSurface(
    progress,
    { pull: () => snapshot, operator: client, leave },
    { out: io.out, isTTY: stdout.isTTY === true, columns: () => stdout.columns },
  );
  client.onEvent((event) => {
    if ('note' in event) surface.note(event.note);
    else if ('ended' in event) ended = event.ended;
    else snapshot = event.state.snapshot;
  });
  surface.start();
  await Promise.race([client.gone, left]);
  client.close();
  surface.stop();
  if (ended) io.out(ended.summary);
  else if (client.hasHungUp) throw new ExitError('the run has ended without a word', Exit.stopped);
  else io.out('left; the run goes on\n');
  return ended?.exitCode ?? Exit.ok;
}
