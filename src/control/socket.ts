/**
 * Where the control socket of a ledger's run is: in a private folder beside the ledger. The name of a socket may have
 * 107 bytes (unix(7)), and a ledger's path more; so both ends reach it through a descriptor of its folder.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Exit, ExitError } from '../exit.js';

export const CONTROL_SUFFIX = '-control';

export function controlFolder(ledger: string): string {
  return ledger + CONTROL_SUFFIX;
}

const NAME = 'socket';

/** A path for the socket that is short enough for as long as `close` was not called. Throws where there is no folder. */
export function shortPath(folder: string): { readonly path: string; close(): void } {
  const fd = openSync(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_RDONLY);
  return { path: `/proc/self/fd/${fd}/${NAME}`, close: () => closeSync(fd) };
}

/** A connection to the run that has a ledger; undefined where there is none. Throws an ExitError where that is not to be told. */
export async function reach(ledger: string): Promise<Socket | undefined> {
  const folder = controlFolder(ledger);
  let place: ReturnType<typeof shortPath>;
  try {
    place = shortPath(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ExitError(`${folder}: cannot be opened: ${code}`, Exit.ledger);
  }
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect(place.path, () => resolve(socket));
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // What a run that was killed left.
        if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
        else reject(new ExitError(`${folder}: cannot be reached: ${error.code}`, Exit.ledger));
      });
    });
  } finally {
    place.close();
  }
}

/** Whether a run has the ledger, and can be reached. */
export async function isListening(ledger: string): Promise<boolean> {
  try {
    const socket = await reach(ledger);
    socket?.destroy();
    return socket !== undefined;
  } catch {
    return false;
  }
}
