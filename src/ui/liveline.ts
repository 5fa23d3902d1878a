import { cleanText } from './clean.js';
import type { SurfaceIo } from './surface.js';
import { columnsOf } from './width.js';

/** Milliseconds between lines. */
const TERMINAL_MS = 1000;
const LOG_MS = 10_000;

const DEFAULT_COLUMNS = 80;

/**
 * Progress as text. On a terminal one live line, rewritten every second; into a pipe or file a line every 10 s. The
 * live line is overwritten with spaces rather than erased with an escape sequence, so that it works on any terminal.
 */
export class LiveLine {
  readonly #io: SurfaceIo;
  readonly #text: (columns: number | undefined) => string;
  #timer: NodeJS.Timeout | undefined;
  /** The live line as it stands on the terminal, and '' when there is none. */
  #live = '';

  /** `text` makes the present line, for so many columns of a terminal, or for a log. */
  constructor(io: SurfaceIo, text: (columns: number | undefined) => string) {
    this.#io = io;
    this.#text = text;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tick(), this.#io.isTTY ? TERMINAL_MS : LOG_MS);
    this.#timer.unref();
    if (this.#io.isTTY) this.#tick();
  }

  note(text: string): void {
    this.#io.out(`${this.#overLive(cleanText(text))}\n${this.#live}`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#live === '') return;
    this.#io.out(`${this.#overLive('')}\r`);
    this.#live = '';
  }

  #tick(): void {
    if (!this.#io.isTTY) {
      this.#io.out(`${this.#text(undefined)}\n`);
      return;
    }
    // The last column stays free: many terminals wrap as soon as it is written.
    const line = this.#text(Math.max(1, (this.#io.columns() || DEFAULT_COLUMNS) - 1));
    this.#io.out(this.#overLive(line));
    this.#live = line;
  }

  /** `text` from the start of the terminal line, with spaces over what is left of the live line. */
  #overLive(text: string): string {
    if (this.#live === '') return text;
    return `\r${text}${' '.repeat(Math.max(0, columnsOf(this.#live) - columnsOf(text)))}`;
  }
}
