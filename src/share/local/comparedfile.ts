/**
 * A file that is there already, and perhaps with just this content (-c): what would be written is compared with it, byte
 * by byte, and only when they differ does a file in its place begin, with what was the same up to there.
 */
import { setTimesFd, statFd } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import type { Stat } from '../../posix/stat.js';
import type { Attributes, Carried } from '../attributes.js';
import { type Meta, metaOf } from '../entries.js';
import type { Became, DestFile, Times } from '../share.js';
import { apply } from './applying.js';
import type { LocalSourceFile } from './files.js';

const EAGAIN = 11;
/** Bytes that are read at a time. */
const CHUNK = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

export class ComparedFile implements DestFile {
  became: Became = 'was';
  /** The one that takes its place, once something differs. */
  private file: DestFile | undefined;
  /** The bytes up to here are the same. */
  private equal = 0;
  private isOpen = true;
  private readonly room = Buffer.allocUnsafe(CHUNK);

  /** `there` is the file by the open descriptor `fd`; `begin` begins another in its place. */
  constructor(
    private readonly fd: number,
    private readonly there: LocalSourceFile,
    private readonly begin: () => DestFile,
    private readonly attributes: Attributes,
    private readonly state: Stat,
  ) {}

  write(view: Uint8Array, at: number): void {
    this.skip(at);
    if (!this.file && !this.isThere(view, at)) this.differ();
    if (this.file) this.file.write(view, at);
    this.equal = at + view.length;
  }

  extend(size: number): void {
    this.skip(size);
    this.file?.extend(size);
  }

  /** What is between the last byte and this one is a hole of the source. */
  private skip(at: number): void {
    while (!this.file && this.equal < at) {
      const zeros = ZEROS.subarray(0, Math.min(CHUNK, at - this.equal));
      if (this.isThere(zeros, this.equal)) this.equal += zeros.length;
      else this.differ();
    }
  }

  private isThere(view: Uint8Array, at: number): boolean {
    for (let done = 0; done < view.length; ) {
      const wanted = view.subarray(done, done + CHUNK);
      const found = this.room.subarray(0, wanted.length);
      if (this.there.read(found, at + done) < found.length || found.compare(wanted) !== 0) return false;
      done += found.length;
    }
    return true;
  }

  /** Begins the file that takes its place, with the bytes that were the same; holes among them stay holes. */
  private differ(): void {
    const { there, equal } = this;
    this.became = 'new';
    this.file = this.begin();
    for (let at = there.nextData(0); at !== undefined && at < equal; at = there.nextData(at)) {
      const end = Math.min(there.nextHole(at), equal);
      for (let length: number; at < end; at += length) {
        length = there.read(this.room.subarray(0, Math.min(CHUNK, end - at)), at);
        if (length === 0) throw new SysError(EAGAIN, 'read, which found the file cut off,', '');
        this.file.write(this.room.subarray(0, length), at);
      }
      if (at >= equal) return;
    }
  }

  push(at: number, length: number): void {
    this.file?.push(at, length);
  }

  publish(times: Times, carried?: Carried): string[] {
    try {
      if (!this.file) return this.stamp(times, carried);
    } finally {
      this.close(); // also before another takes its place: see renameOver
    }
    return this.file.publish(times, carried);
  }

  /** The content is proven to be the source's, so it gets the source's time, too. */
  private stamp({ atimeNs, mtimeNs }: Times, carried: Carried | undefined): string[] {
    const before = this.look();
    const warnings = carried ? apply(this.fd, carried, this.attributes) : [];
    const isOld = before.mtimeNs !== mtimeNs;
    if (isOld || this.attributes.atimes) setTimesFd(this.fd, atimeNs, isOld ? mtimeNs : undefined);
    const after = this.look();
    const isSame = (['mtimeNs', 'mode', 'uid', 'gid'] as const).every((field) => before[field] === after[field]);
    if (!isSame) this.became = 'stamped';
    return warnings;
  }

  private look(): Meta {
    statFd(this.fd, this.state);
    return metaOf(this.state);
  }

  private close(): void {
    if (this.isOpen) this.there.close();
    this.isOpen = false;
  }

  abandon(): void {
    this.close();
    this.file?.abandon();
  }
}
