import { Observed } from '../stats/observed.js';
import { cleanText } from './clean.js';
import { plainLine } from './plain-line.js';
import { type RunResult, summaryText } from './summary.js';
import type { Pull, Surface, SurfaceIo } from './surface.js';
import { columnsOf } from './width.js';

/** Milliseconds between lines. */
const TERMINAL_MS = 1000;
const LOG_MS = 10_000;

const DEFAULT_COLUMNS = 80;

/**
 * Progress as text. On a terminal one live line, rewritten every second; into a pipe or file a line every 10 s. The
 * live line is overwritten with spaces rather than erased with an escape sequence, so that it works on any terminal.
 */
export class PlainProgress implements Surface {
  readonly #run: Observed;
  readonly #io: SurfaceIo;
  #timer: NodeJS.Timeout | undefined;
  /** The live line as it stands on the terminal, and '' when there is none. */
  #live = '';

  constructor(pull: Pull, io: SurfaceIo) {
    this.#run = new Observed(pull);
    this.#io = io;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tick(), this.#io.isTTY ? TERMINAL_MS : LOG_MS);
    this.#timer.unref();
    if (this.#io.isTTY) this.#tick();
    else this.#run.look();
  }

  note(text: string): void {
    this.#io.out(`${this.#overLive(cleanText(text))}\n${this.#live}`);
  }

  item(text: string): void {
    this.note(text);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#live === '') return;
    this.#io.out(`${this.#overLive('')}\r`);
    this.#live = '';
  }

  summary(result: RunResult): void {
    this.stop();
    this.#io.out(summaryText(result));
  }

  #tick(): void {
    const snapshot = this.#run.look();
    if (!this.#io.isTTY) {
      this.#io.out(`${plainLine(snapshot, this.#run.history)}\n`);
      return;
    }
    // The last column stays free: many terminals wrap as soon as it is written.
    const columns = Math.max(1, (this.#io.columns() || DEFAULT_COLUMNS) - 1);
    const line = plainLine(snapshot, this.#run.history, { columns, withFile: true });
    this.#io.out(this.#overLive(line));
    this.#live = line;
  }

  /** `text` from the start of the terminal line, with spaces over what is left of the live line. */
  #overLive(text: string): string {
    if (this.#live === '') return text;
    return `\r${text}${' '.repeat(Math.max(0, columnsOf(this.#live) - columnsOf(text)))}`;
  }
}
