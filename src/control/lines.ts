/** Lines out of what a socket brings in pieces. */
import type { Socket } from 'node:net';

/** Calls `take` with each whole line; `tooLong` once, when one has more than `longest` characters. */
export function eachLine(socket: Socket, longest: number, take: (line: string) => void, tooLong: () => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (rest.length > longest) {
      rest = '';
      tooLong();
      return;
    }
    for (const line of lines) take(line);
  });
}
