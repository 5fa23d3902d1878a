/**
 * Where the control socket of a ledger's run is: in a private folder beside the ledger. The name of a socket may have
 * 107 bytes (unix(7)), and a ledger's path more; so both ends reach it through a descriptor of its folder.
 */
import { closeSync, constants, openSync } from 'node:fs';

export function controlFolder(ledger: string): string {
  return `${ledger}-control`;
}

const NAME = 'socket';

/** A path for the socket that is short enough for as long as `close` was not called. Throws where there is no folder. */
export function shortPath(folder: string): { readonly path: string; close(): void } {
  const fd = openSync(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_RDONLY);
  return { path: `/proc/self/fd/${fd}/${NAME}`, close: () => closeSync(fd) };
}
