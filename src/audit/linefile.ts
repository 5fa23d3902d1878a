import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';

const PRIVATE = 0o600;
const FLAGS = constants.O_CREAT | constants.O_APPEND | constants.O_RDWR | constants.O_NOFOLLOW;
/** Bytes gathered before a write. */
const GATHERED = 256 * 1024;
/** A process that was killed, or a disk that was full, has left a line without its end. */
function isTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

/** UTF-8 takes at most three bytes for a character of a JavaScript string. */
const MOST_BYTES = 3;

/**
 * A private file to which lines are appended, many with one write. What a full disk did not take stays here and is
 * tried again with the next flush, so that no line is lost or torn however often writing fails.
 */
export class LineFile {
  private fd: number;
  private buffer = Buffer.allocUnsafeSlow(2 * GATHERED);
  private used = 0;

  /** Throws what open(2) throws. */
  constructor(private readonly file: string) {
    this.fd = openSync(file, FLAGS, PRIVATE);
    if (isTorn(this.fd)) this.write('\n');
  }

  /** Takes a line that ends with a newline. A write that fails is the business of the next flush. */
  write(line: string): void {
    if (this.used >= GATHERED) {
      try {
        this.flush();
      } catch {
        // The lines are kept, and flush() throws while the cause lasts.
      }
    }
    this.makeRoom(line.length * MOST_BYTES);
    this.used += this.buffer.write(line, this.used);
  }

  /** Writes all that was gathered; throws what write(2) throws, and keeps what was not written. */
  flush(): void {
    let done = 0;
    try {
      while (done < this.used) done += writeSync(this.fd, this.buffer, done, this.used - done);
    } finally {
      this.buffer.copyWithin(0, done, this.used);
      this.used -= done;
    }
  }

  /** Goes on in a new file of the same name; in the old one when that cannot be opened, which throws. */
  reopen(): void {
    this.flush();
    const fd = openSync(this.file, FLAGS, PRIVATE);
    closeSync(this.fd);
    this.fd = fd;
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }

  private makeRoom(bytes: number): void {
    if (this.buffer.length - this.used >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.buffer.length + bytes);
    this.buffer.copy(larger, 0, 0, this.used);
    this.buffer = larger;
  }
}
