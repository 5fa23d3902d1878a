/**
 * The audit log: one JSON line for every finished entry. Lines are buffered, and written and flushed before the ledger
 * calls the entries synced, so a crash or a power cut can repeat a line, but not lose one. The file is opened for
 * appending: after logrotate truncated a copied log (copytruncate), or moved it and sent SIGHUP (reopen), the next line
 * lands in the right place.
 */
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import { UsageError } from '../exit.js';
import { harmlessJson } from '../ui/clean.js';
import { LineFile } from './linefile.js';

/** What `millrace verify` found. */
export type VerifyResult = 'verified' | 'differs' | 'missing' | 'unreadable' | 'source differs' | 'no hash';

/** Results that somebody has to look at. */
const ERRORS: ReadonlySet<string> = new Set<AuditLine['result']>([
  'failed',
  'differs',
  'missing',
  'unreadable',
  'source differs',
]);

export interface AuditLine {
  /** Milliseconds since the Unix epoch at which the entry was finished. */
  readonly timeMs: number;
  readonly result: 'copied' | 'failed' | 'skipped' | 'deleted' | 'kept' | 'made' | 'stamped' | 'linked' | VerifyResult;
  readonly kind: 'file' | 'link' | 'folder' | 'other' | 'entry';
  readonly source: string;
  readonly dest: string;
  readonly size?: number | undefined;
  /** Lower-case hex. */
  readonly hash?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly error?: string | undefined;
}

/** Pino writes lone surrogates, which stand for bytes that are not UTF-8, all alike; JSON.stringify escapes each. */
function exact(path: string): string | { toJSON(): string } {
  return path.isWellFormed() ? path : { toJSON: () => path };
}

/**
 * Throws UsageError when the file cannot be a log: a folder, a link, a device, not writable, or in a folder that is
 * missing (unless `folderWillBeMade`) or not writable. Creates nothing, so that it can be asked before all else.
 */
export function checkLogFile(file: string, folderWillBeMade: boolean): void {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) throw Object.assign(new Error('it is a symbolic link'), { code: 'ELOOP' });
    if (stat?.isDirectory()) throw Object.assign(new Error('EISDIR: it is a folder'), { code: 'EISDIR' });
    if (stat && !stat.isFile()) throw Object.assign(new Error('it is not a regular file'), { code: 'EINVAL' });
    if (stat) accessSync(file, constants.R_OK | constants.W_OK);
    else if (existsSync(dirname(file)) || !folderWillBeMade) accessSync(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refusal(file, error);
  }
}

function refusal(file: string, error: unknown): UsageError {
  return new UsageError(`--log-file ${file}: cannot be written: ${reasonOf(error as Error)}`);
}

/** The message without the call and the path, which Node puts at its end. */
function reasonOf({ message }: Error): string {
  return message.replace(/,? (?:open|access|lstat|read|write|ftruncate|fdatasync)(?: '.*)?$/, '');
}

export class AuditLog {
  private readonly lines: LineFile;
  private readonly logger;
  private time = { ms: Number.NaN, text: '' };

  /** The file was found fit by `checkLogFile`; throws UsageError when it is not (any more). */
  constructor(private readonly file: string) {
    try {
      this.lines = new LineFile(file);
    } catch (error) {
      throw refusal(file, error);
    }
    this.logger = pino(
      { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      { write: (line: string) => this.lines.write(harmlessJson(line)) },
    );
  }

  write(line: AuditLine): void {
    this.logger[ERRORS.has(line.result) ? 'error' : 'info']({
      time: this.timeText(line.timeMs),
      result: line.result,
      kind: line.kind,
      source: exact(line.source),
      dest: exact(line.dest),
      size: line.size,
      hash: line.hash,
      algorithm: line.algorithm,
      duration_ms: line.durationMs,
      error: line.error,
    });
  }

  /** Writes what is buffered; throws AuditLogError when that is not possible: nothing may be called recorded then. */
  flush(): void {
    this.attempt(() => this.lines.flush());
  }

  /** Opens the file anew by its name, after a rotation; throws AuditLogError and keeps the old one when it cannot. */
  reopen(): void {
    this.attempt(() => this.lines.reopen());
  }

  close(): void {
    this.attempt(() => this.lines.close());
  }

  /** Small files are finished many in one millisecond. */
  private timeText(ms: number): string {
    if (ms !== this.time.ms) this.time = { ms, text: new Date(ms).toISOString() };
    return this.time.text;
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw new AuditLogError(this.file, error as NodeJS.ErrnoException);
    }
  }
}

/** The audit log cannot be written, mostly for want of room. `code` is the errno name. */
export class AuditLogError extends Error {
  readonly code: string | undefined;
  constructor(file: string, cause: NodeJS.ErrnoException) {
    super(`audit log ${file}: cannot be written: ${reasonOf(cause)}`, { cause });
    this.code = cause.code;
  }
}
