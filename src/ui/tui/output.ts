/**
 * The way to the terminal that never makes the program wait. Node writes to terminals synchronously, and one that takes
 * nothing (a window behind a connection that has gone quiet) would hold the engine up for as long as that lasts. So the
 * terminal is opened once more, without blocking; what it does not take at once stays here and goes out bit by bit.
 */
import { EventEmitter } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { pause } from '../../pause.js';

/** How long until a terminal that is full is tried again, ms. */
const RETRY_MS = 20;
/** How long the last words may take, ms. */
const LAST_MS = 200;

/** Ends a sequence that was cut off in its middle (ECMA-48 8.3.6). */
const CANCEL = '\x18';

/** As blessed wants an output: it emits `resize`, and `gone` when the terminal is no more. */
export class TerminalOutput extends EventEmitter {
  readonly isTTY = true;
  private readonly fd: number;
  private pending: Buffer = Buffer.alloc(0);
  private timer: NodeJS.Timeout | undefined;
  private isOpen = true;
  private readonly onResize = () => this.emit('resize');

  constructor(private readonly stream: WriteStream & { readonly fd: number }) {
    super();
    this.fd = reopened(stream.fd);
    stream.on('resize', this.onResize);
  }

  get columns(): number {
    return this.stream.columns;
  }

  get rows(): number {
    return this.stream.rows;
  }

  get writable(): boolean {
    return this.isOpen;
  }

  /** Something is still on its way; a new picture would only be late too. */
  get isBehind(): boolean {
    return this.pending.length > 0;
  }

  write(text: string): boolean {
    if (!this.isOpen) return false;
    this.pending = Buffer.concat([this.pending, Buffer.from(text)]);
    this.flush();
    return true;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.isOpen && this.pending.length > 0) {
      try {
        this.pending = this.pending.subarray(writeSync(this.fd, this.pending));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
          this.close();
          this.emit('gone');
          return;
        }
        this.timer = setTimeout(() => this.flush(), RETRY_MS).unref();
        return;
      }
    }
  }

  /** Writes these last words and ends. They get there in any case, and wait where whatever is printed next would too. */
  end(words: string): void {
    this.write(words);
    const untilMs = performance.now() + LAST_MS;
    while (this.isOpen && this.isBehind && performance.now() < untilMs) {
      pause(RETRY_MS);
      this.flush();
    }
    const isStuck = this.isOpen && this.isBehind;
    this.close();
    if (isStuck) this.stream.write(CANCEL + words);
  }

  private close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearTimeout(this.timer);
    this.pending = Buffer.alloc(0);
    this.stream.off('resize', this.onResize);
    if (this.fd !== this.stream.fd) closeSync(this.fd);
  }
}

/** The terminal behind `fd` without blocking; as it is where it may not be opened (after su it is another user's). */
function reopened(fd: number): number {
  const { O_WRONLY, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  } catch {
    return fd;
  }
}
