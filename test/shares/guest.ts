/** Runs a job on real NFS and SMB mounts, in a guest kernel of User-Mode Linux: an ordinary process for this machine. */
import { execFile, execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../helpers/tree.js';

export type Protocol = 'nfs4' | 'nfs3' | 'smb';

/** What the guest needs, and the Debian packages that have it. */
const NEEDED = [
  ['linux.uml', 'user-mode-linux'],
  ['modprobe', 'kmod'],
  ['ip', 'iproute2'],
  ['mount.nfs', 'nfs-common'],
  ['rpc.nfsd', 'nfs-kernel-server'],
  ['rpcbind', 'rpcbind'],
  ['smbd', 'samba'],
  ['mount.cifs', 'cifs-utils'],
  ['mkfs.vfat', 'dosfstools'],
] as const;
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const TIMEOUT_MS = 400_000;

/** Why no guest can be started here; undefined when one can. */
export function noGuest(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = NEEDED.filter(([name]) => !FOLDERS.some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0) return `needs the packages ${missing.map(([, name]) => name).join(', ')}`;
  try {
    accessSync('/lib/modules', constants.W_OK);
    return undefined;
  } catch {
    return existsSync('/lib/modules') ? 'needs /lib/modules to be writable' : undefined;
  }
}

/** Bytes at one moment, each counted since the guest began. */
export interface Sample {
  /** Seconds. */
  readonly at: number;
  /** On the wire by READ at the source mount, and by WRITE at the destination mount (NFS only). */
  readonly read: number;
  readonly written: number;
  /** Sent through the guest's network, which is only the loopback. */
  readonly network: number;
}

/** Runs a shell script in a guest with `protocol` mounted at /mnt/source and /mnt/dest (served from /mnt/served). */
export async function inGuest(
  protocol: Protocol,
  job: string,
): Promise<{ code: number; output: string; samples: Sample[] }> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'job'), job);
  const kernel = execFileSync('linux.uml', ['--version'], { encoding: 'utf8' }).trim();
  const modules = `/lib/modules/${kernel}`;
  if (!existsSync(modules)) {
    mkdirSync('/lib/modules', { recursive: true });
    symlinkSync(`/usr/lib/uml/modules/${kernel}`, modules);
  }
  const init = fileURLToPath(new URL('init.sh', import.meta.url));
  const args = ['mem=2G', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'rw', 'con=null', 'con0=fd:0,fd:1'];
  const guest = promisify(execFile)(
    'linux.uml',
    [...args, `init=${init}`, `JOBDIR=${folder}`, `PROTOCOL=${protocol}`],
    { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 ** 2 },
  );
  // However the guest ends: what it has written says how the job went.
  const { stdout } = await guest.catch((error: { stdout: string }) => error);
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
  if (read('code') === '') throw new Error(`the guest ended early:\n${read('output')}\n${stdout.slice(-2000)}`);
  return { code: Number(read('code')), output: read('output'), samples: parseSamples(read('samples')) };
}

/** See /proc/self/mountstats: operations, transmissions, timeouts, bytes sent, bytes received. */
function parseSamples(text: string): Sample[] {
  return text
    .split(/^at /m)
    .slice(1, -1)
    .map((sample) => {
      const of = (mount: string, operation: string, column: number) => {
        const [, after = ''] = sample.split(` mounted on ${mount} with`);
        const line = new RegExp(`^\\s*${operation}:(.*)$`, 'm').exec(after.split('\ndevice ')[0]!);
        return Number(line?.[1]?.trim().split(/\s+/)[column] ?? 0);
      };
      return {
        at: Number(sample.slice(0, sample.indexOf('\n'))),
        read: of('/mnt/source', 'READ', 4),
        written: of('/mnt/dest', 'WRITE', 3),
        network: Number(/^network (\d+)$/m.exec(sample)?.[1]),
      };
    });
}

/** The most of `bytes` in any window of at least `seconds`, in bytes/s. */
export function worst(samples: readonly Sample[], bytes: Exclude<keyof Sample, 'at'>, seconds: number): number {
  let most = 0;
  for (let first = 0, last = 0; first < samples.length; first++) {
    while (last < samples.length && samples[last]!.at - samples[first]!.at < seconds) last++;
    if (last === samples.length) break;
    most = Math.max(most, (samples[last]![bytes] - samples[first]![bytes]) / (samples[last]!.at - samples[first]!.at));
  }
  return most;
}

/** From the first byte to the last, in bytes/s. */
export function mean(samples: readonly Sample[], bytes: Exclude<keyof Sample, 'at'>): number {
  const moved = samples.filter((sample, index) => index > 0 && sample[bytes] !== samples[index - 1]![bytes]);
  const [first, last] = [samples[samples.indexOf(moved[0]!) - 1]!, moved.at(-1)!];
  return (last[bytes] - first[bytes]) / (last.at - first.at);
}
