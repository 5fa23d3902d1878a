/** `millrace ctl`: one request to a run, and its answer. */
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { Exit, ExitError } from '../exit.js';
import { cleanText } from '../ui/clean.js';
import { type Order, perform } from '../ui/operator.js';
import { reachRun } from './find.js';

export async function ctl(place: Place, order: Order, io: Io): Promise<number> {
  const client = await reachRun(place);
  try {
    io.out(`${cleanText(await perform(client, order))}\n`);
    return Exit.ok;
  } catch (error) {
    throw new ExitError((error as Error).message, Exit.stopped);
  } finally {
    client.close();
  }
}
