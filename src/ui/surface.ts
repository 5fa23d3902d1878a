/**
 * A surface shows a run to people or programs. It pulls the snapshot on its own timer; the engine only hands it what is
 * not in the snapshot: notes, items and the result. The order of calls is start, stop, summary; notes and items may come at
 * any time.
 */
import type { ProgressStyle } from '../settings.js';
import type { Snapshot } from '../stats/snapshot.js';
import { cleanText } from './clean.js';
import { JsonProgress } from './json.js';
import type { Operator } from './operator.js';
import { PlainProgress } from './plain.js';
import { Silent } from './silent.js';
import { type RunResult, summaryText } from './summary.js';

/** Where a surface writes: standard output, or a stand-in. */
export interface SurfaceIo {
  out(text: string): void;
  readonly isTTY: boolean;
  /** Columns of the terminal now; asked anew for each line, since windows are resized. 0 or `undefined`: unknown. */
  columns(): number | undefined;
}

/** With standard error, where errors go that are no part of what is shown. */
export interface Streams extends SurfaceIo {
  err(text: string): void;
}

/** Standard output and standard error, which `out` and `err` write to. */
export function standardOutput({ out, err }: Pick<Streams, 'out' | 'err'>): Streams {
  const { stdout } = process;
  return { out, err, isTTY: stdout.isTTY === true, columns: () => stdout.columns };
}

/** Makes the present picture. It is called about once a second, so it must be cheap. */
export type Pull = () => Snapshot;

export interface Surface {
  /** Begins to pull and show. Its timer does not keep the process alive. */
  start(): void;
  /** Something worth a line of its own, such as "resuming 12 files, 3.4 GiB" or an error. Names in it are cleaned. */
  note(text: string): void;
  /** One line about one entry; the caller sends these only when they are wanted (-v). Names in it are cleaned. */
  item(text: string): void;
  /** Ends the live display; may be called twice, and before `start`. */
  stop(): void;
  /** The last word, after `stop`. */
  summary(result: RunResult): void;
}

/** Notes and the summary, for a file that nobody watches. */
class QuietProgress implements Surface {
  readonly #io: SurfaceIo;
  constructor(io: SurfaceIo) {
    this.#io = io;
  }
  start(): void {}
  note(text: string): void {
    this.#io.out(`${new Date().toISOString()}  ${cleanText(text)}\n`);
  }
  item(text: string): void {
    this.note(text);
  }
  stop(): void {}
  summary(result: RunResult): void {
    this.#io.out(summaryText(result));
  }
}

/** What a surface is made for: a run, to be looked at and, where it has keys, to be told what to do. */
export interface SurfaceSource {
  readonly pull: Pull;
  readonly operator: Operator;
  /** Of one that looks on at a run elsewhere: q and Ctrl-C leave it, by calling this, and the run goes on. */
  readonly leave?: () => void;
}

/** The full screen is loaded only when it is asked for: its driver of terminals takes a while. */
export async function createSurface(style: ProgressStyle, source: SurfaceSource, io: Streams): Promise<Surface> {
  switch (style) {
    case 'tui': {
      const { FullScreen } = await import('./tui/fullscreen.js');
      return new FullScreen(source, io);
    }
    case 'plain':
      return new PlainProgress(source.pull, io);
    case 'quiet':
      return new QuietProgress(io);
    case 'json':
      return new JsonProgress(source.pull, io);
    case 'none':
      return new Silent(io, summaryText);
  }
}
