import { Observed } from '../stats/observed.js';
import { LiveLine } from './liveline.js';
import { plainLine } from './plain-line.js';
import { type RunResult, summaryText } from './summary.js';
import type { Pull, Surface, SurfaceIo } from './surface.js';

/** A copy's progress as text: one line that stays up to date, or one after the other. */
export class PlainProgress implements Surface {
  readonly #run: Observed;
  readonly #io: SurfaceIo;
  readonly #line: LiveLine;

  constructor(pull: Pull, io: SurfaceIo) {
    this.#run = new Observed(pull);
    this.#io = io;
    this.#line = new LiveLine(io, (columns) => {
      const snapshot = this.#run.look();
      return plainLine(snapshot, this.#run.history, columns === undefined ? undefined : { columns, withFile: true });
    });
  }

  start(): void {
    if (!this.#io.isTTY) this.#run.look();
    this.#line.start();
  }

  note(text: string): void {
    this.#line.note(text);
  }

  item(text: string): void {
    this.#line.note(text);
  }

  stop(): void {
    this.#line.stop();
  }

  summary(result: RunResult): void {
    this.stop();
    this.#io.out(summaryText(result));
  }
}
