/** `millrace ctl`: one request to a run, and its answer. */
import type { Action } from '../cli/ctl.js';
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { Exit, ExitError } from '../exit.js';
import { cleanText } from '../ui/clean.js';
import type { ControlClient } from './client.js';
import { reachRun } from './find.js';

export async function ctl(place: Place, action: Action, io: Io): Promise<number> {
  const client = await reachRun(place);
  try {
    io.out(`${cleanText(await ask(client, action))}\n`);
    return Exit.ok;
  } catch (error) {
    throw new ExitError((error as Error).message, Exit.stopped);
  } finally {
    client.close();
  }
}

function ask(client: ControlClient, action: Action): Promise<string> {
  switch (action.do) {
    case 'pause':
      return client.pause();
    case 'resume':
      return client.resume();
    case 'drain':
      return client.drain();
    case 'stop':
      return client.stop();
    case 'retry-failed':
      return client.retryFailed();
    case 'limit':
      return client.limit(action.rate);
    case 'lanes':
      return client.lanes(action.readers, action.writers);
  }
}
