/** The merged options as the engine's Settings. */
import { resolve } from 'node:path';
import { UsageError } from '../exit.js';
import { isLoopback } from '../metrics/access.js';
import type { PaceSettings } from '../pace/pacer.js';
import type { DoctorSettings, MetricsSettings, ProgressStyle, Settings, SignedOutput } from '../settings.js';
import type { Attributes } from '../share/attributes.js';
import { choiceOf } from './choice.js';
import type { Env } from './environment.js';
import type { Values } from './options.js';
import { defaultLedger, defaultLog, detachedOutput, filesOfLedger } from './paths.js';
import type { Terminal } from './terminal.js';

/** What settings depend on beside the options. */
export interface Machine {
  readonly env: Env;
  /** Bytes of main memory. */
  readonly memory: number;
  /** What the full screen finds here; undefined: nobody looked, as for `none`. */
  readonly terminal?: Terminal;
}

/**
 * Settings of a copy from `source` to `dest`, relative to the working folder. Throws a UsageError where options that
 * are right one by one do not go together.
 */
export function settingsOf(values: Values, source: string, dest: string, machine: Machine): Settings {
  const roots = { source: absolute(source), dest: absolute(dest) };
  const ledger = ledgerOf(values, roots, machine.env);
  const logFile = values['log-file'] === undefined ? defaultLog(ledger) : absolute(values['log-file']);
  if ([...Object.values(filesOfLedger(ledger)), detachedOutput(ledger)].includes(logFile)) {
    throw new UsageError(`the audit log ${logFile} is a file of the ledger; give --db and --log-file different names`);
  }
  checkMemory(values, machine.memory);
  return {
    ...roots,
    ledger,
    ledgerIsDefault: values.db === undefined,
    logFile,
    pace: paceOf(values),
    checksum: values.checksum,
    attributes: attributesOf(values),
    sparse: values.sparse ?? true,
    order: values.order === 'found' ? undefined : values.order,
    deleteExtras: values['delete-extras'],
    choice: choiceOf(values),
    deletesExcluded: values['delete-excluded'],
    rescan: values.rescan || values.final,
    final: finalOf(values),
    maxDelete: values['max-delete'],
    trash: values.trash,
    renameInvalid: values['rename-invalid'],
    shareTimeoutMs: values['share-timeout'],
    stallTimeoutMs: values['stall-timeout'],
    yes: values.yes,
    acceptRoots: values['accept-roots'],
    blockSize: values['block-size'],
    queueCapacity: values['queue-capacity'],
    readers: values.readers,
    writers: values.writers,
    scanners: values.scanners,
    dryRun: values['dry-run'],
    itemize: values.itemize,
    verbose: values.verbose,
    progress: styleOf(values, machine.terminal ?? 'none'),
    metrics: metricsOf(values),
  };
}

function finalOf({ final, certificate, sign, 'dry-run': dryRun }: Values): SignedOutput | undefined {
  const given = certificate !== undefined ? '--certificate' : sign !== undefined ? '--sign' : undefined;
  if (!final && given) throw new UsageError(`${given} goes with --final, which makes the certificate`);
  if (!final) return undefined;
  if (dryRun) throw new UsageError('--final copies what has changed; it does not go together with --dry-run');
  return signedOutput('--certificate', certificate, sign);
}

/** A file to write, absolute, as `option` names it, and the key that signs it. */
export function signedOutput(option: string, output: string | undefined, sign: string | undefined): SignedOutput {
  if (sign !== undefined && output === undefined)
    throw new UsageError(`--sign needs a file, beside which the signature is put: write ${option} FILE`);
  const [file, key] = [output, sign].map((path) => (path === undefined ? undefined : absolute(path)));
  return { output: file, key };
}

function isRoot(): boolean {
  return process.geteuid!() === 0;
}

/** As rsync's letters; an owner is for root to set, and a device to make, and nobody else is told that he cannot. */
function attributesOf({ archive, perms, owner, group, acls, xattrs, atimes, specials, ...values }: Values): Attributes {
  return {
    perms: perms ?? (archive || acls),
    owner: (owner ?? archive) && isRoot(),
    group: group ?? archive,
    acls,
    xattrs,
    atimes,
    hardLinks: values['hard-links'],
    dosAttributes: values['dos-attributes'],
    specials: specials ?? archive,
    devices: (specials ?? archive) && isRoot(),
  };
}

/** Settings of a doctor of the two roots, relative to the working folder. */
export function doctorSettingsOf(values: Values, named: { source: string; dest: string }, env: Env): DoctorSettings {
  const roots = { source: absolute(named.source), dest: absolute(named.dest) };
  return {
    ...roots,
    ledger: ledgerOf(values, roots, env),
    ledgerIsDefault: values.db === undefined,
    scan: values.scan,
    json: values.json,
    stallTimeoutMs: values['stall-timeout'],
  };
}

export function paceOf(values: Values): PaceSettings {
  return {
    bwlimit: values.bwlimit,
    latencyTarget: values['latency-target'],
    bwlimitFloor: values['bwlimit-floor'],
    opCost: values['op-cost'],
  };
}

/** The list of a dry run is to be kept and searched, so it is written as lines. */
export function styleOf(values: Values, terminal: Terminal): ProgressStyle {
  const { progress } = values;
  if (progress === 'tui' && terminal === 'none')
    throw new UsageError('--progress tui: standard input and output must be a terminal (and TERM not dumb); use plain');
  if (progress !== 'auto') return progress;
  return terminal === 'fit' && !(values['dry-run'] && (values.verbose || values.itemize)) ? 'tui' : 'plain';
}

/** Metrics name the shares and tell how a migration goes, so that beyond this machine only those with a token get them. */
function metricsOf(values: Values): MetricsSettings | undefined {
  const { metrics, 'metrics-token-file': tokenFile } = values;
  if (metrics === undefined) return undefined;
  if (tokenFile === undefined && !isLoopback(metrics.host)) {
    throw new UsageError(
      `metrics on ${metrics.host} are seen beyond this machine; give --metrics-token-file FILE, or listen on 127.0.0.1`,
    );
  }
  return { ...metrics, tokenFile: tokenFile === undefined ? undefined : absolute(tokenFile) };
}

/** The absolute path of the ledger: the one that was named, else the one of the pair of roots. */
export function ledgerOf(values: Values, roots: { source: string; dest: string } | undefined, env: Env): string {
  if (values.db !== undefined) return absolute(values.db);
  if (roots === undefined) throw new UsageError('which ledger? give <source> and <dest>, or --db FILE');
  return defaultLedger(roots.source, roots.dest, env);
}

/** `path` from / on. */
export function absolute(path: string): string {
  try {
    return resolve(path);
  } catch {
    throw new UsageError(`${path}: the working folder is gone; cd to one that exists, or write the path from / on`);
  }
}

/** The ring holds all its slots from the start, so one that cannot fit would fail in the middle of the start. */
function checkMemory(values: Values, memory: number): void {
  const ring = values['block-size'] * values['queue-capacity'];
  if (ring <= memory / 2) return;
  const [needed, half] = [ring, memory / 2].map((bytes) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`);
  throw new UsageError(
    `block-size times queue-capacity is ${needed}, more than half of this machine's memory (${half}); lower one`,
  );
}
