import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

const PRIVATE = 0o600;
const FLAGS = constants.O_CREAT | constants.O_APPEND | constants.O_RDWR | constants.O_NOFOLLOW;
/** Bytes gathered before a write. */
const GATHERED = 256 * 1024;
/** No line of ours is longer: two paths of 4096 bytes, each of which takes six characters at most, and little beside. */
const LONGEST = 64 * 1024;
/** How each begins. */
const OURS = '{"level":';

/**
 * A process that was killed, or a disk that was full, has left a line without its end: what it told is told anew, since
 * nothing counts as recorded before its line is whole. Another text that ends so gets the end of its line.
 */
function endLastLine(fd: number): void {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, LONGEST));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const torn = tail.subarray(tail.lastIndexOf(0x0a) + 1);
  if (torn.length === 0) return;
  if (torn.toString('latin1', 0, OURS.length) === OURS.slice(0, torn.length)) ftruncateSync(fd, size - torn.length);
  else writeSync(fd, '\n');
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
  private isFlushed = true;
  /** Why lines may be lost: Linux tells of it once, and the next fdatasync(2) succeeds. */
  private lost: Error | undefined;

  /** Throws what open(2) throws. */
  constructor(private readonly file: string) {
    this.fd = openSync(file, FLAGS, PRIVATE);
    endLastLine(this.fd);
  }

  /** Takes a line that ends with a newline. A write that fails is the business of the next flush. */
  write(line: string): void {
    if (this.used >= GATHERED) {
      try {
        this.pass();
      } catch {
        // The lines are kept, and flush() throws while the cause lasts.
      }
    }
    this.makeRoom(line.length * MOST_BYTES);
    this.used += this.buffer.write(line, this.used);
  }

  /**
   * Writes all that was gathered, to the disk or to the server that has it, which may say only then that it has no room. Throws
   * what write(2) throws, and keeps what was not written; or what fdatasync(2) throws, after which nothing of the last
   * lines is sure, and each call throws.
   */
  flush(): void {
    if (this.lost) throw this.lost;
    this.pass();
    try {
      if (!this.isFlushed) fdatasyncSync(this.fd);
      this.isFlushed = true;
    } catch (error) {
      this.lost = error as Error;
      throw error;
    }
  }

  private pass(): void {
    if (this.used > 0) this.isFlushed = false;
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
