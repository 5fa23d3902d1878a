/**
 * The terminal in full: enters the alternate screen, draws frames, reports keys, and is left as it was found on every
 * way out.
 *
 * Of blessed only the driver is used (raw mode, keys, modes, resizing), and no widget. Its screen takes an emoji for one
 * column where terminals take two, so that all to the right of a name with one is out of place; and it reads the
 * terminfo database, which it does not understand for screen-256color (it prints an error) and tmux-256color (letters
 * in the place of lines). Here what follows a name is put at its own column, so that a terminal that is of another opinion
 * about the width of a character moves nothing else, and only rows that changed are written.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import Program, { type BlessedKey } from 'blessed/lib/program.js';
import { columnsOf, NARROW } from '../width.js';
import type { Frame, Piece } from './frame.js';
import { TerminalOutput } from './output.js';
import { styled } from './style.js';

export interface TerminalEvents {
  /** A key as blessed names it (`C-c`, `up`, `enter`), and the character it stands for, if it is one. */
  key(name: string, character: string | undefined): void;
  resize(): void;
  /** Nobody is there any more: the window was closed. */
  gone(): void;
}

/** The alternate screen, and the cursor (xterm's DEC private modes 1049 and 25). */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[m\x1b[?25h\x1b[?1049l';
const CLEAR = '\x1b[m\x1b[2J';
/** Moves to a place, counted from 0. */
const to = (x: number, y: number) => `\x1b[${y + 1};${x + 1}H`;
const ERASE_ROW = '\x1b[2K';

/** Signals that end a process to which nobody listens. */
const DEADLY = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** A piece of row `y`; after text of another width than a terminal may think, it goes on at the column that is meant. */
function placed({ x, line }: Piece, y: number, colour: boolean): string {
  let [text, column, isSure] = ['', x, false];
  for (const span of line) {
    text += (isSure ? '' : to(column, y)) + styled(span, colour);
    column += columnsOf(span.text);
    isSure = NARROW.test(span.text);
  }
  return text;
}

export class Terminal {
  private readonly output: TerminalOutput;
  private readonly program: Program;
  /** The rows as the terminal shows them. */
  private rows: string[] = [];
  private isOpen = true;

  /** Enters the full screen. */
  constructor(
    private readonly input: ReadStream,
    stdout: WriteStream & { readonly fd: number },
    private readonly colour: boolean,
    private readonly events: TerminalEvents,
  ) {
    this.output = new TerminalOutput(stdout);
    this.program = programOn(input, this.output);
    this.program.on('keypress', this.onKey);
    this.program.on('resize', () => {
      this.repaint();
      events.resize();
    });
    this.output.on('gone', this.onGone);
    input.on('end', this.onGone);
    input.on('error', this.onGone);
    // The keyboard alone is no reason to go on.
    input.unref();
    // Before anybody says on the screen what has happened. A listener of ours alone would keep a process alive that is
    // to end, so we only go before others.
    process.on('uncaughtExceptionMonitor', this.leave);
    if (process.listenerCount('unhandledRejection') > 0) process.prependListener('unhandledRejection', this.leave);
    process.prependListener('exit', this.leave);
    for (const signal of DEADLY) process.on(signal, this.onSignal);
    this.output.write(ENTER);
    this.repaint();
  }

  get columns(): number {
    return this.output.columns;
  }

  get lines(): number {
    return this.output.rows;
  }

  /** Shows a frame. A terminal that has not yet taken the last one is left alone. */
  draw(frame: Frame): void {
    if (!this.isOpen || this.output.isBehind) return;
    let text = '';
    frame.forEach((pieces, y) => {
      const row = pieces.map((piece) => placed(piece, y, this.colour)).join('');
      if (row === this.rows[y]) return;
      text += to(0, y) + ERASE_ROW + row;
      this.rows[y] = row;
    });
    if (text !== '') this.output.write(text);
  }

  /** Whatever is on the screen, the next frame is drawn in full. */
  repaint(): void {
    this.rows = [];
    this.output.write(CLEAR);
  }

  /** Back to the screen as it was before, at once; may be called twice. */
  readonly leave = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.input.off('end', this.onGone);
    for (const signal of DEADLY) process.off(signal, this.onSignal);
    process.off('uncaughtExceptionMonitor', this.leave);
    process.off('unhandledRejection', this.leave);
    process.off('exit', this.leave);
    try {
      this.program.destroy();
    } catch {
      // Raw mode of a terminal that is gone cannot be ended.
    }
    this.output.end(LEAVE);
  };

  private readonly onKey = (character: string | undefined, key: BlessedKey): void => {
    // It comes twice, as it was typed and as it is meant: enter.
    if (key.full !== 'return') this.events.key(key.full, character ?? key.sequence);
  };

  private readonly onGone = (): void => {
    if (!this.isOpen) return;
    this.leave();
    this.events.gone();
  };

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    this.leave();
    process.kill(process.pid, signal);
  };
}

/** In tmux, blessed runs `tmux -V` and waits for the answer, for the sake of what is not used here. */
function programOn(input: ReadStream, output: TerminalOutput): Program {
  const { TMUX } = process.env;
  delete process.env.TMUX;
  try {
    return new Program({ input, output, tput: false });
  } finally {
    if (TMUX !== undefined) process.env.TMUX = TMUX;
  }
}
