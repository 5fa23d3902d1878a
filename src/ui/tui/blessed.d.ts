/** The part of blessed that is used: its driver of a terminal, without any widget. See terminal.ts. */
declare module 'blessed/lib/program.js' {
  import type { EventEmitter } from 'node:events';

  /** A key as blessed names it. */
  export interface BlessedKey {
    /** `C-c`, `up`, `enter`, `A` as `S-a`. */
    readonly full: string;
    /** What the terminal sent. */
    readonly sequence?: string;
  }

  /** What it needs of an output. */
  export interface BlessedOutput extends EventEmitter {
    readonly writable: boolean;
    readonly isTTY: boolean;
    readonly columns: number;
    readonly rows: number;
    write(text: string): boolean;
  }

  export default class Program extends EventEmitter {
    constructor(options: { input: NodeJS.ReadStream; output: BlessedOutput; tput: false });
    destroy(): void;
    on(event: 'keypress', listener: (ch: string | undefined, key: BlessedKey) => void): this;
    on(event: 'resize', listener: () => void): this;
  }
}
