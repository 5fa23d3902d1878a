/** One run at a time: a lock that dies with its process, on a file of its own that says who has it. */
import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { pause } from '../pause.js';
import { tryLock } from '../posix/calls.js';
import { LedgerError } from './errors.js';

/** Only the ledger's owner may read it, and take it. */
const PRIVATE = 0o600;
const HOLDER = 'millrace process';
const UNTIL_SAID_MS = 100;

/** Takes the lock of the ledger `file` for the life of the process. Throws LedgerError where another has it, or system errors. */
export function takeLock(file: string): void {
  const lockFile = lockOf(file);
  const flags = constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
  const fd = openSync(lockFile, flags, PRIVATE);
  const holder = readFileSync(fd, 'utf8').trim();
  if (holder !== '' && !holder.startsWith(HOLDER))
    throw new LedgerError(`${file}: its lock ${lockFile} would take the place of a file that is no lock; name another`);
  if (!tryLock(fd, lockFile)) {
    // Whoever has just taken it has yet to say so; until then it has the name of the one before.
    pause(UNTIL_SAID_MS);
    const taker = readFileSync(lockFile, 'utf8').trim();
    closeSync(fd);
    throw inUse(file, taker);
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${HOLDER} ${process.pid}, since ${new Date().toISOString()}\n`, 0);
  // Not closed: the lock lasts as long as this descriptor, that is, as long as the process.
}

/** The refusal of the ledger `file`; `holder` as `holderOf` gives it. */
export function inUse(file: string, holder: string | undefined): LedgerError {
  return new LedgerError(`${file}: in use by ${holder || 'another process'}`);
}

/**
 * Who has the lock of the ledger `file` ("millrace process 12, since ..."), without taking it for an instant, which could
 * refuse a run that begins: as the kernel lists its locks (proc_locks(5)). Undefined where nobody has, or it cannot be told.
 */
export function holderOf(file: string): string | undefined {
  try {
    const lockFile = lockOf(realpathSync(file));
    const { ino } = statSync(lockFile);
    const isHeld = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((lock) => lock.includes(' FLOCK ') && lock.includes(`:${ino} `));
    return isHeld ? readFileSync(lockFile, 'utf8').trim() : undefined;
  } catch {
    return undefined;
  }
}

function lockOf(file: string): string {
  return `${file}-lock`;
}
