/** The tools that are compared, and how each is told to make DEST the same as SOURCE. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MILLRACE = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Roots {
  readonly source: string;
  readonly dest: string;
  /** A folder for what a tool keeps for itself, empty before each first copy. */
  readonly state: string;
}

export interface Tool {
  /** As the table shows it. */
  readonly name: string;
  /** The program that must be on the machine. */
  readonly program: string;
  command(roots: Roots): string[];
}

/** millrace as a command, its ledger in `state`. */
export function millraceCommand({ source, dest, state }: Roots, ...options: string[]): string[] {
  return [process.execPath, MILLRACE, source, dest, '--db', join(state, 'ledger'), ...options];
}

export function millrace(...options: string[]): Tool {
  return {
    name: ['millrace', ...options].join(' '),
    program: process.execPath,
    command: (roots) => millraceCommand(roots, '--progress', 'none', ...options),
  };
}

export function rsync(...options: string[]): Tool {
  return {
    name: ['rsync -a', ...options].join(' '),
    program: 'rsync',
    command: ({ source, dest }) => ['rsync', '-a', ...options, `${source}/`, `${dest}/`],
  };
}

export const cp: Tool = {
  name: 'cp -a',
  program: 'cp',
  command: ({ source, dest }) => ['cp', '-a', `${source}/.`, `${dest}/`],
};

export const tar: Tool = {
  name: 'tar, tar',
  program: 'tar',
  command: ({ source, dest }) => [
    'bash',
    '-c',
    'set -o pipefail; tar -C "$1" -cf - . | tar -C "$2" -xpf -',
    'bash',
    source,
    dest,
  ],
};

export function rclone(...options: string[]): Tool {
  return {
    name: ['rclone copy', ...options].join(' '),
    program: 'rclone',
    command: ({ source, dest, state }) => [
      'rclone',
      'copy',
      '--config',
      join(state, 'rclone.conf'),
      '--create-empty-src-dirs',
      ...options,
      source,
      dest,
    ],
  };
}

export const fpsync: Tool = {
  name: 'fpsync -n 8',
  program: 'fpsync',
  command: ({ source, dest, state }) => ['fpsync', '-n', '8', '-f', '500', '-t', state, `${source}/`, `${dest}/`],
};

/** `which` leaves out tools that the machine does not have. */
export function present(tools: readonly Tool[]): Tool[] {
  return tools.filter(({ program }) => spawnSync('which', [program]).status === 0);
}

/** A line that says which version of a tool was measured. */
export function versionOf({ program, name }: Tool): string {
  if (name.startsWith('millrace')) return spawnSync(process.execPath, [MILLRACE, '--version']).stdout.toString().trim();
  const { stdout, stderr } = spawnSync(program, [program === 'fpsync' ? '-h' : '--version']);
  return (stdout.toString() || stderr.toString()).split('\n')[0]!.trim();
}
