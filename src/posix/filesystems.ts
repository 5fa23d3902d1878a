/** What is known of a filesystem by its f_type (statfs(2), linux/magic.h), as data. */
export interface FilesystemFacts {
  readonly name: string;
  /** Reached over a network, or by a server process: data is flushed file by file, syncfs does not reach the server. */
  readonly network: boolean;
  /** Creation time is stored in the SMB client's attribute `user.cifs.creationtime`. */
  readonly cifsTimes: boolean;
}

const NETWORK: Record<number, string> = {
  0x6969: 'nfs',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x517b: 'smb',
  0x65735546: 'fuse',
  0x01021997: '9p',
  0x5346414f: 'afs',
  0x00c36400: 'ceph',
  0x0bd00bd0: 'lustre',
  0x47504653: 'gpfs',
  0x73757245: 'coda',
};

const LOCAL: Record<number, string> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x4d44: 'vfat',
  0x2011bab0: 'exfat',
  0x5346544e: 'ntfs',
  0x7366746e: 'ntfs3',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlay',
  0xf2f52010: 'f2fs',
};

export function filesystemFacts(type: number): FilesystemFacts {
  const name = NETWORK[type] ?? LOCAL[type] ?? `0x${type.toString(16)}`;
  return { name, network: type in NETWORK, cifsTimes: name === 'cifs' || name === 'smb2' };
}
