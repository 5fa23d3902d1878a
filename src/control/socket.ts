/**
 * Where the control socket of a ledger's run is: in a private folder beside the ledger. The name of a socket may have
 * 107 bytes (unix(7)), and a ledger's path more; so both ends reach it through a descriptor of its folder.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Exit, ExitError } from '../exit.js';

export const CONTROL_SUFFIX = '-control';

export function controlFolder(ledger: string): string {
  return ledger + CONTROL_SUFFIX;
}

const NAME = 'socket';

export interface Place {
  /** Of the socket, short enough for as long as the place is open. */
  readonly path: string;
  close(): void;
  /** Closes it, and removes the folder if nothing else is in it. */
  remove(): void;
}

/** Throws where there is no such folder, or it is another user's, who could pose as a run. */
function openPlace(folder: string): Place {
  const fd = openSync(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_RDONLY);
  const close = () => closeSync(fd);
  if (fstatSync(fd).uid !== process.getuid!()) {
    close();
    throw Object.assign(new Error(`${folder}: belongs to another user`), { code: 'EPERM' });
  }
  const remove = () => {
    close();
    try {
      rmdirSync(folder);
    } catch {
      // Somebody has put something there; it stays.
    }
  };
  return { path: `/proc/self/fd/${fd}/${NAME}`, close, remove };
}

/** The folder for a run that has the ledger's lock, private, without the socket of one that was killed. Throws system errors. */
export function makePlace(folder: string): Place {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const place = openPlace(folder);
  if (readdirSync(dirname(place.path)).some((name) => name !== NAME)) {
    place.close();
    throw new Error(`${folder}: is not the folder of a control socket`);
  }
  chmodSync(dirname(place.path), 0o700);
  rmSync(place.path, { force: true });
  return place;
}

/** A connection to the run that has a ledger; undefined where there is none. Throws an ExitError where that is not to be told. */
export async function reach(ledger: string): Promise<Socket | undefined> {
  const folder = controlFolder(ledger);
  let place: Place;
  try {
    place = openPlace(folder);
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
