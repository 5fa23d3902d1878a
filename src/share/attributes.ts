/**
 * What a copy keeps of an entry beside its name, content and mtime, where the operator wants it: permissions, owner,
 * group, ACLs, extended attributes, access time. What the destination does not take is a warning, not a failure.
 */

import { SysError } from '../posix/errno.js';
import { specialKindOf } from '../posix/stat.js';

const E2BIG = 7;

/** The letters of rsync's options, and what each keeps. */
export interface Attributes {
  /** -p */
  readonly perms: boolean;
  /** -o */
  readonly owner: boolean;
  /** -g */
  readonly group: boolean;
  /** -A */
  readonly acls: boolean;
  /** -X */
  readonly xattrs: boolean;
  /** -U */
  readonly atimes: boolean;
  /** -H: names of one file at the source are names of one file at the destination. */
  readonly hardLinks: boolean;
  /** Hidden, read-only, system and the like, from one SMB share to another. */
  readonly dosAttributes: boolean;
  /** -D: FIFOs and sockets, ... */
  readonly specials: boolean;
  /** ... and devices. */
  readonly devices: boolean;
}

export const NO_ATTRIBUTES: Attributes = {
  perms: false,
  owner: false,
  group: false,
  acls: false,
  xattrs: false,
  atimes: false,
  hardLinks: false,
  dosAttributes: false,
  specials: false,
  devices: false,
};

/** As written in the ledger: one letter for each that is kept, always in the same order; w and d are none of rsync's. */
export function lettersOf(attributes: Attributes): string {
  const { perms, owner, group, acls, xattrs, atimes, hardLinks, dosAttributes, specials, devices } = attributes;
  const letters = [
    perms && 'p',
    owner && 'o',
    group && 'g',
    acls && 'A',
    xattrs && 'X',
    atimes && 'U',
    hardLinks && 'H',
    dosAttributes && 'w',
    specials && 'D',
    devices && 'd',
  ];
  return letters.filter(Boolean).join('');
}

/** Whether a special file of this mode is copied. */
export function takesSpecial(mode: number, { specials, devices }: Attributes): boolean {
  const kind = specialKindOf(mode);
  if (kind === undefined) return false;
  return kind === 'char' || kind === 'block' ? devices : specials;
}

/** What the lanes carry of one entry from one share to the other. */
export interface Carried {
  /** Permission bits (07777), or undefined where they are not kept; likewise the others. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** All attributes of the kinds that are kept; undefined: none is. */
  readonly xattrs: readonly Xattr[] | undefined;
}

export interface Xattr {
  /** One character for each byte (latin1): `user.comment`. */
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * Where filesystems keep their ACLs: POSIX ones (acl(5)), NFSv4's (nfs4_acl(5)) and the security descriptor of the SMB
 * client (fs/smb/client/xattr.c).
 */
const ACLS: ReadonlySet<string> = new Set([
  'system.posix_acl_access',
  'system.posix_acl_default',
  'system.nfs4_acl',
  'system.cifs_acl',
]);

/** The attribute as which the SMB client has the DOS attributes: four bytes, in the machine's order (fs/smb/client/xattr.c). */
export const DOS_ATTRIBUTES = 'user.cifs.dosattrib';

/** What the SMB client has of a file, and lists with no others of its attributes. */
export const UNLISTED: readonly string[] = ['system.cifs_acl', DOS_ATTRIBUTES];

/**
 * Whether an attribute is copied. As rsync does: of the others all for root but those of the system, which are the
 * filesystem's own, and else the users'; never an SELinux label, which belongs to the machine (xattrs.c there).
 */
export function isKept(name: string, { acls, xattrs, dosAttributes }: Attributes, isRoot: boolean): boolean {
  if (name === DOS_ATTRIBUTES) return dosAttributes;
  if (ACLS.has(name)) return acls;
  // Set with the times by the publisher, and a view of other attributes by the SMB client.
  if (!xattrs || name.startsWith('user.cifs.') || name === 'security.selinux') return false;
  return name.startsWith('user.') || (isRoot && !name.startsWith('system.'));
}

/** Whether extended attributes of any kind are carried. */
export function carriesXattrs({ acls, xattrs, dosAttributes }: Attributes): boolean {
  return acls || xattrs || dosAttributes;
}

/** Whether anything is carried, beside times. */
export function carriesAny(attributes: Attributes): boolean {
  const { perms, owner, group } = attributes;
  return perms || owner || group || carriesXattrs(attributes);
}

/** What is to be applied of an entry with this metadata and these attributes; undefined: nothing. */
export function carriedOf(
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
  xattrs: () => readonly Xattr[],
  attributes: Attributes,
): Carried | undefined {
  if (!carriesAny(attributes)) return undefined;
  return {
    mode: attributes.perms ? mode & 0o7777 : undefined,
    uid: attributes.owner ? uid : undefined,
    gid: attributes.group ? gid : undefined,
    xattrs: carriesXattrs(attributes) ? xattrs() : undefined,
  };
}

/** Extended attributes of one entry may take so many bytes, encoded; no filesystem's default allows half as much. */
export const XATTRS_MOST = 128 * 1024;

/** Bytes to keep free for them in a slot. */
export function roomForXattrs(attributes: Attributes): number {
  return carriesXattrs(attributes) ? XATTRS_MOST : 0;
}

/** As bytes, for a record: of each the lengths of name (u16) and value (u32), little endian, then both. Throws SysError. */
export function encodeXattrs(xattrs: readonly Xattr[]): Uint8Array {
  const parts: Buffer[] = [];
  for (const { name, value } of xattrs) {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(name.length, 0);
    head.writeUInt32LE(value.length, 2);
    parts.push(head, Buffer.from(name, 'latin1'), Buffer.from(value.buffer, value.byteOffset, value.length));
  }
  const bytes = Buffer.concat(parts);
  if (bytes.length > XATTRS_MOST) throw new SysError(E2BIG, 'read extended attributes', '');
  return bytes;
}

/** Copies out of `bytes`. */
export function decodeXattrs(bytes: Uint8Array): Xattr[] {
  const buffer = Buffer.from(bytes);
  const xattrs: Xattr[] = [];
  for (let at = 0; at < buffer.length; ) {
    const nameLength = buffer.readUInt16LE(at);
    const valueLength = buffer.readUInt32LE(at + 2);
    const nameEnd = at + 6 + nameLength;
    xattrs.push({
      name: buffer.toString('latin1', at + 6, nameEnd),
      value: buffer.subarray(nameEnd, nameEnd + valueLength),
    });
    at = nameEnd + valueLength;
  }
  return xattrs;
}
