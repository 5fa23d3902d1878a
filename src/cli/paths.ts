/** Where millrace keeps its files when it is not told (XDG Base Directory Specification). Nothing is created here. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { UsageError } from '../exit.js';
import type { Env } from './environment.js';

/** Characters of a root's name that go into the ledger's name. */
const LONGEST_NAME = 40;

/**
 * The ledger of the pair (`source`, `dest`), both absolute: `<source>-to-<dest>-<hash>.db` in millrace's state folder.
 * The names are for people; the hash of both paths tells pairs apart whose names are the same.
 */
export function defaultLedger(source: string, dest: string, env: Env): string {
  const pair = createHash('sha256').update(`${source}\0${dest}`).digest('hex').slice(0, 8);
  return join(ledgerHome(env), `${cleanName(source)}-to-${cleanName(dest)}-${pair}.db`);
}

/** The folder of ledgers that were not named. */
export function ledgerHome(env: Env): string {
  const home = xdgFolder('XDG_STATE_HOME', '.local/state', env);
  if (home === undefined) throw new UsageError('no home folder for the ledger; set HOME, or name the ledger with --db');
  return join(home, 'millrace');
}

/** A file beside a ledger: for `.log` it is `x.log` of `x.db`, `x.sqlite.log` of `x.sqlite`. */
function beside(ledger: string, ending: string): string {
  const name = basename(ledger);
  return join(dirname(ledger), `${name.endsWith('.db') && name !== '.db' ? name.slice(0, -3) : name}${ending}`);
}

/** The files of a ledger, by what they are: those of SQLite, the lock and the control socket. */
export function filesOfLedger(ledger: string): Record<string, string> {
  const beside = ['-wal', '-shm', '-journal', '-lock', '-control'];
  return { 'the ledger': ledger, ...Object.fromEntries(beside.map((end) => [`the ledger's ${end}`, ledger + end])) };
}

/** The audit log, when it is not named. */
export function defaultLog(ledger: string): string {
  return beside(ledger, '.log');
}

/** What a detached run says, and its summary. */
export function detachedOutput(ledger: string): string {
  return beside(ledger, '.out');
}

/** The folder of the users' config files, if they have a home. */
export function configHome(env: Env): string | undefined {
  return xdgFolder('XDG_CONFIG_HOME', '.config', env);
}

/** The specification says to ignore a relative path in such a variable. */
function xdgFolder(variable: string, beneathHome: string, env: Env): string | undefined {
  const told = env[variable];
  if (told !== undefined && isAbsolute(told)) return told;
  const home = env.HOME !== undefined && isAbsolute(env.HOME) ? env.HOME : accountHome();
  return home === undefined ? undefined : join(home, beneathHome);
}

/** The home of the account that runs this; none where HOME is unset and the user id has no account. */
function accountHome(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/** A root's last name with only harmless characters; `root` for `/`. */
function cleanName(path: string): string {
  const clean = basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, LONGEST_NAME);
  return clean === '' ? 'root' : clean;
}
