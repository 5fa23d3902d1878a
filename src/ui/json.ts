import type { History } from '../stats/history.js';
import { Observed } from '../stats/observed.js';
import type { Snapshot } from '../stats/snapshot.js';
import { cleanText } from './clean.js';
import { type JsonMessage, progressMessage, summaryMessage } from './json-line.js';
import type { RunResult } from './summary.js';
import type { Pull, Surface, SurfaceIo } from './surface.js';

/** Milliseconds between progress objects. */
const EVERY_MS = 1000;

/** One progress object as JSON, without a newline. */
export function jsonLine(snapshot: Snapshot, history: History): string {
  return JSON.stringify(progressMessage(snapshot, history));
}

/** Progress for programs: one JSON object to a line, a progress object every second, a summary as the last one. */
export class JsonProgress implements Surface {
  readonly #run: Observed;
  readonly #io: SurfaceIo;
  #timer: NodeJS.Timeout | undefined;

  constructor(pull: Pull, io: SurfaceIo) {
    this.#run = new Observed(pull);
    this.#io = io;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tick(), EVERY_MS);
    this.#timer.unref();
    this.#tick();
  }

  note(text: string): void {
    this.#write({ type: 'note', text: cleanText(text) });
  }

  item(text: string): void {
    this.#write({ type: 'item', text: cleanText(text) });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  summary(result: RunResult): void {
    this.stop();
    this.#write(summaryMessage(result));
  }

  #tick(): void {
    this.#io.out(`${jsonLine(this.#run.look(), this.#run.history)}\n`);
  }

  #write(message: JsonMessage): void {
    this.#io.out(`${JSON.stringify(message)}\n`);
  }
}
