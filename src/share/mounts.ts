/** Where paths really are: mounts resolved, so that two names of one place can be told to be one. Pure. */

/** A place on a filesystem: device (major:minor) and path within that filesystem. */
export interface Place {
  readonly device: string;
  readonly path: string;
}

export interface Mount extends Place {
  readonly mountPoint: string;
  /** ext4, nfs4, cifs, fuse.bindfs ... */
  readonly type: string;
  /** What was mounted: a device, `server:/export`, `//server/share`, or what a FUSE server calls itself. */
  readonly source: string;
  /** Of the mount and of the filesystem, as they are written: `vers=4.2`, `soft`. */
  readonly options: readonly string[];
}

/**
 * The lines of /proc/self/mountinfo (proc(5)): id, parent, device, root, mount point, options, some optional fields, `-`,
 * type, source, options of the filesystem.
 */
function parse(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [own = '', filesystem = ''] = line.split(' - ');
    const [, , device, root, mountPoint, options = ''] = own.split(' ');
    const [type = '', source = '', more = ''] = filesystem.split(' ');
    if (device && root && mountPoint) {
      const all = [...new Set(`${options},${more}`.split(',').filter((option) => option !== ''))].map(decodeOctal);
      mounts.push({
        device,
        path: decodeOctal(root),
        mountPoint: decodeOctal(mountPoint),
        type,
        source: decodeOctal(source),
        options: all,
      });
    }
  }
  return mounts;
}

/** Space, tab, newline and backslash are written as octal escapes. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

const NO_MOUNT: Mount = { device: '', path: '/', mountPoint: '/', type: '', source: '', options: [] };

/** The mount that a real path (no links left in it) is on. Later mounts hide earlier ones at the same point. */
export function mountOf(realPath: string, mountinfo: string): Mount {
  let best = NO_MOUNT;
  for (const mount of parse(mountinfo))
    if (isInside(realPath, mount.mountPoint) && mount.mountPoint.length >= best.mountPoint.length) best = mount;
  return best;
}

/** What is mounted as a device (major:minor); empty: nothing. */
export function sourceOf(device: string, mountinfo: string): string {
  return parse(mountinfo).find((mount) => mount.device === device)?.source ?? '';
}

/**
 * How an NFS mount gives errors where others wait until the server answers (nfs(5)); undefined: it waits. SMB mounts are
 * soft unless they are told otherwise, and what they give then is waited out.
 */
export function softnessOf({ type, options }: Pick<Mount, 'type' | 'options'>): 'soft' | 'softerr' | undefined {
  if (!/^nfs4?$/.test(type)) return undefined;
  return (['soft', 'softerr'] as const).find((option) => options.includes(option));
}

/** Whether inode numbers are the client's own, another for each name, and not the server's (mount.cifs(8)). */
export function makesUpNumbers({ type, options }: Pick<Mount, 'type' | 'options'>): boolean {
  return /^(cifs|smb3)$/.test(type) && options.includes('noserverino');
}

/**
 * Types of mounts with a server of their own, as the kernel names them; of automounters, which nothing is written to. The
 * files of the others are flushed with their filesystem, of which a call may wait for ever where the server does.
 */
const SERVED = /^(autofs|nfs4?|cifs|smb3|fuse|fuseblk|fuse\..*|9p|afs|ceph|lustre|gpfs|coda)$/;

/** Where else a local filesystem is mounted beneath a folder, which is a real path. */
export function localMountsWithin(folder: string, mountinfo: string): string[] {
  const within = parse(mountinfo).filter(
    ({ mountPoint, type }) => mountPoint !== folder && isInside(mountPoint, folder) && !SERVED.test(type),
  );
  return [...new Set(within.map(({ mountPoint }) => mountPoint))];
}

/** Those of the mount points that real paths are beneath, each path in the deepest. */
export function holding(paths: readonly string[], mountPoints: readonly string[]): string[] {
  const deepestFirst = [...mountPoints].sort((a, b) => b.length - a.length);
  return [...new Set(paths.flatMap((path) => deepestFirst.find((point) => isInside(path, point)) ?? []))];
}

/** The place of a real path. */
export function placeOf(realPath: string, mountinfo: string): Place {
  const best = mountOf(realPath, mountinfo);
  const rest = realPath.slice(best.mountPoint === '/' ? 0 : best.mountPoint.length);
  const path = `${best.path === '/' ? '' : best.path}${rest}`.replace(/\/+$/, '');
  return { device: best.device, path: path === '' ? '/' : path };
}

/** True when `path` is `folder` or beneath it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** How two roots lie to each other. A copy is possible only between roots that are apart. */
export type Overlap = 'same' | 'dest inside source' | 'source inside dest';

/** undefined: apart. */
export function overlap(source: Place, dest: Place): Overlap | undefined {
  if (source.device !== dest.device) return undefined;
  if (source.path === dest.path) return 'same';
  if (isInside(dest.path, source.path)) return 'dest inside source';
  return isInside(source.path, dest.path) ? 'source inside dest' : undefined;
}

/** Whether one real path leads, through whatever is mounted beneath it, to the other. undefined: it does not. */
export function overlapByMounts(source: string, dest: string, mountinfo: string): Overlap | undefined {
  const reaches = (from: string, place: Place) => {
    return parse(mountinfo).some((mount) => isInside(mount.mountPoint, from) && overlap(mount, place) !== undefined);
  };
  if (reaches(source, placeOf(dest, mountinfo))) return 'dest inside source';
  return reaches(dest, placeOf(source, mountinfo)) ? 'source inside dest' : undefined;
}
