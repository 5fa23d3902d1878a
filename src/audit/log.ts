/**
 * The audit log: one JSON line for every finished entry. Lines are buffered and written before the ledger calls the
 * entries synced, so a crash can repeat a line, but not lose one. The file is opened for appending: after logrotate
 * truncated a copied log (copytruncate), or moved it and sent SIGHUP (reopen), the next line lands in the right place.
 */
import { accessSync, closeSync, constants, existsSync, lstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import { UsageError } from '../exit.js';

export interface AuditLine {
  /** Milliseconds since the Unix epoch at which the entry was finished. */
  readonly timeMs: number;
  readonly result: 'copied' | 'failed' | 'skipped' | 'deleted' | 'kept' | 'made';
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

const PRIVATE = 0o600;
/** Bytes gathered before a write. Sonic-boom measures its whole buffer anew for each line, so more costs more. */
const BUFFER = 4096;

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
    if (stat) accessSync(file, constants.W_OK);
    else if (existsSync(dirname(file)) || !folderWillBeMade) accessSync(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refusal(file, error);
  }
}

function refusal(file: string, error: unknown): UsageError {
  const reason = (error as Error).message.replace(/,? (?:open|access|lstat) '.*$/, '');
  return new UsageError(`--log-file ${file}: cannot be written: ${reason}`);
}

export class AuditLog {
  private readonly stream;
  private readonly logger;
  private broken: Error | undefined;

  /** The file was found fit by `checkLogFile`; throws UsageError when it is not (any more). */
  constructor(file: string) {
    try {
      const flags = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | constants.O_NOFOLLOW;
      closeSync(openSync(file, flags, PRIVATE));
    } catch (error) {
      throw refusal(file, error);
    }
    this.stream = pino.destination({
      dest: file,
      append: true,
      mode: PRIVATE,
      sync: true,
      minLength: BUFFER,
      maxWrite: 2 * BUFFER,
    });
    this.stream.on('error', (error: Error) => {
      this.broken = error;
    });
    this.logger = pino({ base: null, timestamp: false, formatters: { level: (level) => ({ level }) } }, this.stream);
  }

  write(line: AuditLine): void {
    this.logger[line.result === 'failed' ? 'error' : 'info']({
      time: new Date(line.timeMs).toISOString(),
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

  /** Writes what is buffered; throws when that is not possible, for then nothing may be called recorded. */
  flush(): void {
    this.stream.flushSync();
    if (this.broken) throw this.broken;
  }

  /** Opens the file anew by its name, after a rotation. */
  reopen(): void {
    this.flush();
    this.stream.reopen();
  }

  close(): void {
    this.flush();
    this.stream.end();
  }
}
