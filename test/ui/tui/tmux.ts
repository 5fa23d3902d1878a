/** A terminal that a test can look at: a tmux server of its own, without anybody's configuration. */
import { execFileSync, spawnSync } from 'node:child_process';

/** How long is waited for what must come, and how often is looked, ms. */
const PATIENCE_MS = 25_000;
const POLL_MS = 50;

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** Processes beneath one, and it. */
function descendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return [
    pid,
    ...stdout
      .split('\n')
      .filter(Boolean)
      .flatMap((child) => descendants(Number(child))),
  ];
}

let servers = 0;

export class Tmux {
  private frozen: number | undefined;
  private isClosed = false;
  /** What ran in the window when it was closed. */
  private programs: number[] = [];
  private readonly socket = `millrace-test-${process.pid}-${servers++}`;

  /** Runs a shell command, which must not end by itself, in a window; TERM is what programs in it see. */
  constructor(command: string, { columns = 80, rows = 24, term = 'tmux-256color' } = {}) {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color', PS1: '' };
    const size = ['-x', String(columns), '-y', String(rows)];
    execFileSync('tmux', ['-u', ...this.server, 'new-session', '-d', ...size, 'sleep 60'], { env });
    this.tmux('set', '-g', 'default-terminal', term);
    this.tmux('respawn-pane', '-k', command);
  }

  private get server(): string[] {
    return ['-L', this.socket, '-f', '/dev/null'];
  }

  private tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', ...this.server, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The rows as they are now; `withStyles`: with their escape sequences. */
  rows(withStyles = false): string[] {
    return this.tmux('capture-pane', '-p', ...(withStyles ? ['-e', '-N'] : []))
      .split('\n')
      .slice(0, -1);
  }

  get text(): string {
    return this.rows().join('\n');
  }

  keys(...keys: string[]): void {
    this.tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** A format of tmux: `alternate_on`, `cursor_flag`, `pane_pid`. */
  ask(format: string): string {
    return this.tmux('display-message', '-p', `#{${format}}`).trim();
  }

  /** Reads nothing of what is written to it, until it is thawed; it must be. */
  freeze(): void {
    this.frozen = Number(this.ask('pid'));
    process.kill(this.frozen, 'SIGSTOP');
  }

  thaw(): void {
    if (this.frozen !== undefined) process.kill(this.frozen, 'SIGCONT');
    this.frozen = undefined;
  }

  /** Closes the window under what runs in it. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.programs = descendants(Number(this.ask('pane_pid')));
    spawnSync('tmux', [...this.server, 'kill-server'], { stdio: 'ignore' });
  }

  /** The same, and ends what runs on without a window. */
  end(): void {
    this.thaw();
    this.close();
    for (const pid of this.programs) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** Waits until the screen is as it should be; throws with what it is. */
  async until(what: string, isSo: (text: string) => boolean): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { text } = this;
      if (isSo(text)) return text;
      if (performance.now() > deadline) throw new Error(`waited in vain for this: ${what}\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
