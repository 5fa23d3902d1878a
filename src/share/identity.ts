/** What a root is known by: whether a path still leads to the share that a ledger was made for. */

/** What tells a filesystem from others of its kind, also when it is mounted anew, and what said so. */
export interface Volume {
  readonly by: string;
  readonly id: string;
}

/** Plain data, for the ledger and other threads. */
export interface RootIdentity {
  /** The filesystem's type, statfs(2) f_type. */
  readonly type: number;
  /** The root folder's inode number there; the device number is the mount's, and another each time it is mounted. */
  readonly ino: string;
  /** When it was made, ns since the Unix epoch; '0': not known for sure. */
  readonly btimeNs: string;
  /** Undefined: not known. */
  readonly volume?: Volume | undefined;
}

export function isSameRoot(a: RootIdentity, b: RootIdentity): boolean {
  const knowsBoth = a.btimeNs !== '0' && b.btimeNs !== '0';
  return a.type === b.type && a.ino === b.ino && (!knowsBoth || a.btimeNs === b.btimeNs) && maySame(a.volume, b.volume);
}

/** What is not known of both in the same way tells nothing. */
function maySame(a: Volume | undefined, b: Volume | undefined): boolean {
  return a?.by !== b?.by || a?.id === b?.id;
}
