/** The surface of `none`: says nothing, unless entries failed or differ, which is told on standard error. */
import { Exit, type ExitCode } from '../exit.js';
import { cleanText } from './clean.js';
import type { Streams } from './surface.js';

/** Of notes, the last so many are told. */
const NOTES = 20;

export class Silent<R extends { readonly exitCode: ExitCode }> {
  private readonly notes: string[] = [];

  /** Whatever else ends a run early is told by whoever ends it. */
  constructor(
    private readonly io: Pick<Streams, 'err'>,
    private readonly text: (result: R) => string,
  ) {}

  start(): void {}
  note(text: string): void {
    this.notes.push(`${cleanText(text)}\n`);
    if (this.notes.length > NOTES) this.notes.shift();
  }
  item(_text: string): void {}
  stop(): void {}
  summary(result: R): void {
    if (result.exitCode === Exit.someFailed) this.io.err(this.notes.join('') + this.text(result));
  }
}
