/** What is known of a filesystem by its f_type (statfs(2), linux/magic.h), as data. */
export interface FilesystemFacts {
  readonly name: string;
  /** Reached over a network, or by a server process: data is flushed file by file, syncfs does not reach the server. */
  readonly network: boolean;
  /** Creation time is stored in the SMB client's attribute `user.cifs.creationtime`. */
  readonly cifsTimes: boolean;
  /** Names are kept in a way that is not Linux's, and may be listed as others than were given. */
  readonly ownNames: boolean;
  /** Files get their inode numbers as they are met, others each time it is mounted. */
  readonly numbersNames: boolean;
  /**
   * A file that was listed has one link, whatever it has, until the server is asked for it by itself (cifs_dir_info_to_fattr in
   * the kernel's fs/smb/client/readdir.c).
   */
  readonly listsOneLink: boolean;
  /** The holes of a file take room like its data, unless a program says that they need not. */
  readonly fillsHoles: boolean;
  /** What tells it from others of its kind when it is mounted anew. */
  readonly knownBy: KnownBy;
  /** How finely it keeps modification times, ns, as far as its type tells. */
  readonly grainNs: bigint;
}

/**
 * id: statfs(2) f_fsid, of what was written when it was made; of many others that is the device's number.
 * serial: the upper half of it, which the server gives (cifs_statfs in the kernel's fs/smb/client/cifsfs.c).
 * label: the number that FAT has in its first sector.
 * server: the server's number for it.
 * source: what was mounted.
 * birth: when the root folder was made.
 */
export type KnownBy = 'id' | 'serial' | 'label' | 'server' | 'source' | 'birth';

const KNOWN_BY: Record<string, KnownBy> = {
  ext4: 'id',
  btrfs: 'id',
  zfs: 'id',
  ceph: 'id',
  cifs: 'serial',
  smb: 'serial',
  smb2: 'serial',
  vfat: 'label',
  nfs: 'server',
};

/** SMB and NTFS count in 100 ns, exFAT in 10 ms, FAT in 2 s; the others in 1 ns, unless the server says otherwise. */
const GRAINS: Record<string, bigint> = {
  cifs: 100n,
  smb: 100n,
  smb2: 100n,
  ntfs: 100n,
  ntfs3: 100n,
  exfat: 10_000_000n,
  vfat: 2_000_000_000n,
};

const NETWORK: Record<number, string> = {
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  20859: 'smb',
  1702057286: 'fuse',
  16914839: '9p',
  1397113167: 'afs',
  12805120: 'ceph',
  198183888: 'lustre',
  1196443219: 'gpfs',
  1937076805: 'coda',
};

const LOCAL: Record<number, string> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  19780: 'vfat',
  538032816: 'exfat',
  1397118030: 'ntfs',
  1936094318: 'ntfs3',
  801189825: 'zfs',
  2035054128: 'overlay',
  4076150800: 'f2fs',
};

export function filesystemFacts(type: number): FilesystemFacts {
  const name = NETWORK[type] ?? LOCAL[type] ?? `0x${type.toString(16)}`;
  const cifs = name === 'cifs' || name === 'smb2';
  // As their grains are.
  const ofWindows = name in GRAINS;
  return {
    name,
    network: type in NETWORK,
    cifsTimes: cifs,
    ownNames: ofWindows,
    numbersNames: name === 'vfat' || name === 'exfat',
    listsOneLink: cifs,
    fillsHoles: ofWindows,
    knownBy: KNOWN_BY[name] ?? (type in NETWORK ? 'source' : 'birth'),
    grainNs: GRAINS[name] ?? 1n,
  };
}
