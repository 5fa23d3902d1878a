/**
 * What the pipeline asks of a share. All calls block; one object belongs to one thread. `dir` is a path beneath the
 * root without leading or trailing slash ('' is the root), `name` one component; both as posix/names.ts describes.
 * Calls throw SysError; failureOf() tells what it means.
 */
import type { Kind, Stat } from '../posix/stat.js';
import type { Carried, Xattr } from './attributes.js';
import type { Entries } from './entries.js';

/** Which of the two shares of a copy. */
export type Side = 'source' | 'dest';

export const SIDES: readonly Side[] = ['source', 'dest'];

/** As people are told of it. */
export const SIDE_NAMES: Readonly<Record<Side, string>> = { source: 'source', dest: 'destination' };

/** Times in ns since the Unix epoch; a creation time of 0 is unknown. */
export interface Times {
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly btimeNs: bigint;
}

/** What a file that was copied is known by. */
export interface Published {
  readonly size: number;
  readonly mtimeNs: bigint;
}

export interface SourceFile {
  /** Has the share send bytes that will be read soon; does not wait for them. */
  ask(at: number, length: number): void;
  /** Whether the share sends only what is asked for, and nothing ahead of that. */
  readAlone(alone: boolean): void;
  /**
   * Drops what this machine's page cache has of the file, so that what is read comes from the share. The bytes of the
   * first `size` that stay there all the same; undefined where that cannot be told.
   */
  dropCache(size: number): number | undefined;
  /** Reads into `view` from byte `at` of the file; fewer bytes than asked only at its end. */
  read(view: Uint8Array, at: number): number;
  /** The open file's state as the share's cache has it, or `fresh` from its server; valid until the next call. */
  stat(fresh: boolean): Stat;
  /** The first byte at or after `at` that is not in a hole; undefined: there is none. */
  nextData(at: number): number | undefined;
  /** The first byte at or after `at` that is in a hole; the file's end counts as one. `at` is before it. */
  nextHole(at: number): number;
  /** The extended attributes that are kept. */
  xattrs(): Xattr[];
  close(): void;
}

/** What a file came to: `was`, with its content, time and attributes as they were; or with its content, but not the others. */
export type Became = 'new' | 'stamped' | 'was';

export interface DestFile {
  /** Once it is published. */
  readonly became: Became;
  /** Writes all of `view` at byte `at`, or throws. */
  write(view: Uint8Array, at: number): void;
  /** Makes the file so long, with a hole at its end. */
  extend(size: number): void;
  /**
   * Sends what was just written on its way, and waits for what was pushed before: at most two pushes of a file are in
   * the kernel's hands. Without it the kernel keeps what is written and sends it later, as fast as it can.
   */
  push(at: number, length: number): void;
  /**
   * Flushes where the share needs it, applies what is carried, sets the times, closes and moves the file to its name,
   * replacing what is there. Returns warnings, as DestShare does.
   */
  publish(times: Times, carried?: Carried): string[];
  /** Removes what was written; never throws. */
  abandon(): void;
}

/** What tells special files apart: `mode` has the type's bits; `device`: see Stat. */
export interface Special {
  readonly mode: number;
  readonly device: number;
}

/** Whether an entry of a folder is left out of its listing. */
export type Leaves = (name: string, isFolder: boolean) => boolean;

export interface Share {
  /**
   * Lists a folder into `batch`, each entry with its metadata, in no order. `full` is called whenever there is no
   * room left, and has to make some. What `leaves` says is left out, before more than its kind is asked for where the
   * share tells that first. When `list` throws, what was listed is not the whole folder.
   */
  list(dir: string, batch: Entries, full: () => void, leaves?: Leaves): void;
  /** Whether the folder is on the filesystem of the root, and not one that is mounted further in. */
  isOnRootFilesystem(dir: string): boolean;
  /** Names that differ in capitals, or in how accents are written, may be one: as the kind of its filesystem has it. */
  readonly foldsNames: boolean;
  /** Kind of every name in the folder, streamed, as fresh from the share as it can be had. */
  listKinds(dir: string, each: (name: string, kind: Kind) => void): void;
  close(): void;
}

export interface SourceShare extends Share {
  open(dir: string, name: string): SourceFile;
  /** Target of a symbolic link and, in the Stat, the link's own metadata. */
  readLink(dir: string, name: string): { target: string; stat: Stat };
  /** The entry's metadata, in a Stat that is valid until the next call; `fresh`: as the server has it, whatever is remembered. */
  look(dir: string, name: string, fresh?: boolean): Stat;
  /** The same; undefined when `other` is not the same file. */
  sameFile(dir: string, name: string, other: string): Stat | undefined;
  /** A folder's own metadata, in a Stat that is valid until the next call. */
  openDir(path: string): { stat: Stat; xattrs: Xattr[] };
}

/** Calls that apply what is carried return, each as a line that begins with an error code, what the share did not take. */
export interface DestShare {
  /**
   * Begins a file under a temporary name, making the folder when it is missing. `mode` is the source's: what others may
   * not do there they may not do here, nor more than the umask leaves. `size`, in bytes, is what it will have.
   */
  create(dir: string, name: string, mode: number, size: number): DestFile;
  /** Puts a symbolic link at the name, replacing what is there. */
  link(dir: string, name: string, target: string, times: Times, carried?: Carried): string[];
  /** Puts a FIFO, socket or device at the name, replacing what is there. */
  makeSpecial(dir: string, name: string, what: Special, times: Times, carried?: Carried): string[];
  /**
   * Puts another name of the file `other` at the name, replacing what is there; `was`: it is one already. `unlike`: what is
   * at `other` is not what was published there, which had this size and mtime; nothing is done then.
   */
  hardLink(dir: string, name: string, other: string, published: Published): 'linked' | 'was' | 'unlike';
  /**
   * Applies what is carried to a file that is there, and sets its access time where that is kept. Its mtime stays: that
   * somebody has changed the file is not to be hidden; but where size alone tells what is the same, it is set.
   */
  stamp(dir: string, name: string, times: Times, carried?: Carried): string[];
  /** Makes the folder and those above it; a non-folder in its place is replaced, as a file would be. */
  makeDir(path: string): void;
  /** `mode`, the source's, is for a folder that was made by these calls and is private until now; 0: it stays so. */
  stampDir(path: string, times: Times, mode: number, carried?: Carried): string[];
  /** Moves one entry that is no folder into another folder, which is made when it is missing; false: there is none. */
  moveTo(folder: string, dir: string, name: string): boolean;
  /** Removes one entry; a folder must be empty. False: it is not there. */
  remove(dir: string, name: string, kind: Kind): boolean;
  close(): void;
}
