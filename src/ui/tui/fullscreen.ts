/**
 * `--progress tui`: the full screen. In this folder: layout says what goes where, panels/ what each panel shows, keys
 * what a key means, all of them pure; terminal is the way to the terminal, and this file the timer and the state.
 */
import type { History } from '../../stats/history.js';
import { Observed } from '../../stats/observed.js';
import type { Snapshot } from '../../stats/snapshot.js';
import { cleanText } from '../clean.js';
import { perform } from '../operator.js';
import { type RunResult, summaryText } from '../summary.js';
import type { Surface, SurfaceIo, SurfaceSource } from '../surface.js';
import { clock } from '../words.js';
import { CallLog } from './calllog.js';
import { errorsFrame, Failures, pageOf } from './errorsview.js';
import type { Frame } from './frame.js';
import { helpFrame } from './helpview.js';
import { type Command, FIRST_SCREEN, press, promptLine, type Screen } from './keys.js';
import { Outlook } from './outlook.js';
import { screenOf } from './screen.js';
import { wantsColour } from './style.js';
import { Terminal } from './terminal.js';
import { fittingTime, type Note, type View, viewOf } from './view.js';

const EVERY_MS = 1000;
/** How long an answer stays in the last row, ms. */
const ANSWER_MS = 6000;
/** Notes and items that are kept to be shown. */
const NOTES = 50;
/** Notes that are repeated on the normal screen at the end. */
const LAST_NOTES = 10;

export class FullScreen implements Surface {
  private readonly run: Observed;
  /** The last look at the run: a key shows it anew in another way, which needs no other look. */
  private snapshot!: Snapshot;
  private readonly calls = new CallLog();
  private readonly outlook = new Outlook();
  private readonly notes: Note[] = [];
  /** Without those about single entries. */
  private readonly weighty: Note[] = [];
  private terminal: Terminal | undefined;
  private timer: NodeJS.Timeout | undefined;
  private screen: Screen = FIRST_SCREEN;
  private failures: Failures | undefined;
  private answer: Note | undefined;
  private hasEnded = false;
  /** Nobody reads any more: the terminal is gone. */
  private isAlone = false;

  /** `history` is what is known of the time before, for the curves. */
  constructor(
    private readonly source: SurfaceSource,
    private readonly io: SurfaceIo,
    history?: History,
  ) {
    this.run = new Observed(source.pull, history);
  }

  start(): void {
    if (this.timer !== undefined) return;
    this.timer = setInterval(() => this.look(), EVERY_MS);
    this.timer.unref();
    this.terminal = new Terminal(process.stdin, process.stdout, wantsColour(process.env), {
      key: (name, character) => this.key(name, character),
      resize: () => this.draw(),
      gone: () => {
        this.isAlone = true;
        this.stop();
        this.source.leave?.();
      },
    });
    this.look();
  }

  note(text: string): void {
    const note = this.keep(text);
    this.weighty.push(note);
    if (this.weighty.length > LAST_NOTES) this.weighty.shift();
    if (this.hasEnded) this.out(`${note.text}\n`);
  }

  item(text: string): void {
    const note = this.keep(text);
    if (this.hasEnded) this.out(`${note.text}\n`);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.terminal?.leave();
    if (this.hasEnded) return;
    this.hasEnded = true;
    // The alternate screen took them away with it.
    for (const { atMs, text } of this.weighty) this.out(`${clock(atMs)}  ${text}\n`);
  }

  summary(result: RunResult): void {
    this.stop();
    this.out(summaryText(result));
  }

  private out(text: string): void {
    if (!this.isAlone) this.io.out(text);
  }

  private keep(text: string): Note {
    const note = { atMs: Date.now(), text: cleanText(text) };
    this.notes.push(note);
    if (this.notes.length > NOTES) this.notes.shift();
    return note;
  }

  /** Shows the run as it is now. */
  private look(): void {
    if (this.timer === undefined) return;
    this.snapshot = this.run.look();
    this.calls.add(this.snapshot);
    this.draw();
  }

  private view(): View {
    const { screen, answer, snapshot } = this;
    const { history } = this.run;
    const answered = answer && Date.now() - answer.atMs < ANSWER_MS ? answer.text : undefined;
    return viewOf({
      snapshot,
      history,
      expected: this.outlook.at(snapshot, history),
      callsBefore: this.calls.before,
      time: screen.time ?? fittingTime(snapshot, history),
      notes: this.notes,
      bottom: screen.prompt ? promptLine(screen.prompt, this.terminal?.columns ?? 80) : answered,
      quit: this.source.leave ? 'leave' : 'drain',
    });
  }

  private draw(): void {
    const { terminal } = this;
    if (this.timer === undefined || terminal === undefined) return;
    terminal.draw(this.frame(this.view(), terminal.columns, terminal.lines));
  }

  private frame(view: View, columns: number, rows: number): Frame {
    if (this.screen.view === 'help') return helpFrame(view, columns, rows);
    if (this.screen.view === 'errors' && this.failures) return errorsFrame(view, this.failures.list, columns, rows);
    return screenOf(view, columns, rows);
  }

  private key(name: string, character: string | undefined): void {
    const { terminal } = this;
    if (this.timer === undefined || terminal === undefined) return;
    this.answer = undefined;
    const before = this.screen;
    const page = pageOf(terminal.lines);
    const { screen, command, say } = press(before, { name, character }, { view: this.view(), page });
    this.screen = screen;
    if (screen.view === 'errors' && before.view !== 'errors')
      this.failures = new Failures(this.source.operator, () => this.draw());
    if (screen.view !== 'errors') this.failures = undefined;
    if (say !== undefined) this.say(say);
    if (command !== undefined) this.perform(command, page);
    this.draw();
  }

  private perform(command: Command, page: number): void {
    const { operator } = this.source;
    switch (command.do) {
      case 'interrupt':
        // As the terminal does where it is not in raw mode: the first drains, the second stops.
        process.kill(process.pid, 'SIGINT');
        return;
      case 'leave':
        this.stop();
        this.source.leave?.();
        return;
      case 'repaint':
        this.terminal?.repaint();
        return;
      case 'scroll':
        this.failures?.scroll(command.by, page);
        return;
      default:
        this.tell(perform(operator, command));
    }
  }

  /** What became of a command, as soon as that is known. */
  private tell(answer: Promise<string>): void {
    const told = (text: string) => {
      this.say(text);
      this.look();
    };
    answer.then(told, (error: Error) => told(error.message));
  }

  private say(text: string): void {
    this.answer = { atMs: Date.now(), text: cleanText(text) };
  }
}
