/** Temporary folders, trees in them and, for root, mounts; all of it is gone after each test. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const folders: string[] = [];
const mounted: string[] = [];

afterEach(() => {
  for (const point of mounted.splice(0).reverse()) run('umount', '-l', point);
  // rm(1) also removes what lies deeper than one path may be long.
  for (const folder of folders.splice(0)) run('rm', '-rf', '--', folder);
});

/** A new empty folder, by its real path. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-test-'));
  folders.push(folder);
  return folder;
}

/** A folder's content: text is a file, `{ link }` a symbolic link, anything else a folder. */
export interface Tree {
  readonly [name: string]: string | { readonly link: string } | Tree;
}

function isLink(node: Tree[string]): node is { readonly link: string } {
  return typeof node === 'object' && typeof node.link === 'string';
}

/** Adds the tree to the folder, which is made when it is missing, and returns the folder. */
export function plant(folder: string, tree: Tree): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, node] of Object.entries(tree)) {
    const path = join(folder, name);
    if (typeof node === 'string') writeFileSync(path, node);
    else if (isLink(node)) symlinkSync(node.link, path);
    else plant(path, node);
  }
  return folder;
}

/** What is beneath a folder now, in the form that `plant` takes. */
export function harvest(folder: string): Tree {
  return Object.fromEntries(
    readdirSync(folder).map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return [name, { link: readlinkSync(path) }];
      return [name, stat.isDirectory() ? harvest(path) : readFileSync(path, 'utf8')];
    }),
  );
}

/** A path whose last component is these bytes. */
export function rawPath(folder: string, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name]);
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

export function makeFifo(path: string): void {
  if (!run('mkfifo', path)) throw new Error(`mkfifo ${path}`);
}

/** Mounts as mount(8) does, until the end of the test. */
export function mount(point: string, ...options: string[]): void {
  mkdirSync(point, { recursive: true });
  if (!tryMount(point, ...options)) throw new Error(`mount ${options.join(' ')} ${point}`);
}

/** The same; false when mount(8) refuses. */
export function tryMount(point: string, ...options: string[]): boolean {
  if (!run('mount', ...options, point)) return false;
  mounted.push(point);
  return true;
}

/** Takes a mount away from its place at once, whatever is open in it. */
export function unmount(point: string): void {
  if (!run('umount', '-l', point)) throw new Error(`umount -l ${point}`);
  const at = mounted.lastIndexOf(point);
  if (at >= 0) mounted.splice(at, 1);
}

/** Where a command is, undefined where it is not installed. */
export function findCommand(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export function mountTmpfs(point: string, options = 'size=1m'): void {
  mount(point, '-t', 'tmpfs', '-o', options, 'tmpfs');
}

/** Whether a filesystem with names and times that are not Linux's own can be made and mounted. */
export function canMountExfat(): boolean {
  return canMount && ['mkfs.exfat', 'mount.exfat-fuse', 'losetup'].every((command) => findCommand(command));
}

/** Mounts a new exFAT filesystem, until the end of the test. */
export function mountExfat(point: string): void {
  const image = join(temporaryFolder(), 'image');
  const made = run('truncate', '-s', '64M', image) && run('mkfs.exfat', image);
  const { stdout } = spawnSync('losetup', ['-f', '--show', image], { encoding: 'utf8' });
  const device = stdout.trim();
  mkdirSync(point, { recursive: true });
  const done = made && run('mount.exfat-fuse', device, point);
  // Once nothing has it open any more.
  run('losetup', '-d', device);
  if (!done) throw new Error(`exFAT at ${point}`);
  mounted.push(point);
}

/** Whether bindfs can show a folder at another place, through a FUSE server of its own. */
export function canMountFuse(): boolean {
  return canMount && findCommand('bindfs') !== undefined;
}

/** Shows the folder `shown` at `point` until the end of the test. */
export function mountFuse(shown: string, point: string, ...options: string[]): void {
  mkdirSync(point, { recursive: true });
  if (!run('bindfs', '--no-allow-other', ...options, shown, point)) throw new Error(`bindfs ${shown} ${point}`);
  mounted.push(point);
}

/** Whether filesystems in files can be made and mounted: of this type, by the kernel and its mkfs. */
export function canMountImage(type: string): boolean {
  return (
    canMount &&
    /^loop/m.test(readdirSync('/dev').join('\n')) &&
    findCommand(`mkfs.${type}`) !== undefined &&
    knows(type)
  );
}

function knows(type: string): boolean {
  return new RegExp(`\\t${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
}

/** Mounts a new filesystem in a file of so many MiB, until the end of the test; `options` are those of its mkfs. */
export function mountImage(point: string, type: string, megabytes: number, ...options: string[]): void {
  const image = join(temporaryFolder(), 'image');
  const made = run('truncate', '-s', `${megabytes}M`, image) && run(`mkfs.${type}`, '-q', ...options, image);
  if (!made) throw new Error(`mkfs.${type} ${options.join(' ')}`);
  mount(point, '-t', type, '-o', 'loop', image);
}

export const isRoot = process.getuid!() === 0;

/** Whether this process may mount: root outside of most containers. */
export const canMount = isRoot && mayMount();

function mayMount(): boolean {
  const point = mkdtempSync(join(tmpdir(), 'millrace-mount-'));
  const done = run('mount', '-t', 'tmpfs', 'tmpfs', point) && run('umount', point);
  rmSync(point, { recursive: true });
  return done;
}

/** Descriptors that this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
