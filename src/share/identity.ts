/** What a root is known by: whether a path still leads to the share that a ledger was made for. */

/** Plain data, for the ledger and other threads. */
export interface RootIdentity {
  /** The filesystem's type, statfs(2) f_type. */
  readonly type: number;
  /** The root folder's inode number there; the device number is the mount's, and another each time it is mounted. */
  readonly ino: string;
  /** When it was made, ns since the Unix epoch; '0': not known for sure. */
  readonly btimeNs: string;
}

export function isSameRoot(a: RootIdentity, b: RootIdentity): boolean {
  const knowsBoth = a.btimeNs !== '0' && b.btimeNs !== '0';
  return a.type === b.type && a.ino === b.ino && (!knowsBoth || a.btimeNs === b.btimeNs);
}
