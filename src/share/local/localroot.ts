import { dropFd, statFd } from '../../posix/calls.js';
import { Stat } from '../../posix/stat.js';
import type { Attributes } from '../attributes.js';
import type { Folders } from './folders.js';
import { openPinned, type Pin } from './pin.js';

/** How long a root's path is taken to lead to it, ms. */
const PLACE_MS = 100;

/**
 * The root of a mounted path (NFS, SMB or a local disk), beneath which everything happens. The first call opens it, and
 * throws SysError when it is not the one of the `pin`.
 */
export abstract class LocalRoot {
  private opened: Folders | undefined;
  private epoch = -1;
  /** When the path was seen to lead to the root, by performance.now(). */
  private placeMs = Number.NEGATIVE_INFINITY;
  protected readonly stat = new Stat();

  constructor(
    private readonly root: string,
    private readonly pin: Pin | undefined,
    protected readonly attributes: Attributes,
  ) {}

  /** Beneath the root, opened anew when the share was away. */
  protected get folders(): Folders {
    const epoch = this.pin ? Atomics.load(this.pin.epoch, 0) : 0;
    if (!this.opened || epoch !== this.epoch) this.openRoot(epoch);
    return this.opened!;
  }

  private openRoot(epoch: number): void {
    const fd = openPinned(this.root, this.pin?.identity);
    if (this.opened) this.opened.renew(fd);
    else this.opened = this.foldersOf(fd);
    this.epoch = epoch;
    statFd(fd, this.stat);
    if (!this.stat.hasBtime) this.stat.withoutBtime();
    if (this.attributes.atimes) this.stat.withAtime();
    this.rootOpened(fd);
  }

  /** Throws SysError when the path does not lead to the root of the pin (any more), which what is open would not show. */
  checkPlace(): void {
    if (performance.now() - this.placeMs < PLACE_MS) return;
    dropFd(openPinned(this.root, this.pin?.identity));
    this.placeMs = performance.now();
  }

  protected abstract foldersOf(root: number): Folders;

  /** With a new descriptor of it, and its metadata in `stat`. */
  protected abstract rootOpened(root: number): void;

  close(): void {
    this.opened?.close();
  }
}
