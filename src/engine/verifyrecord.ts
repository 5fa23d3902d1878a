/** What one run of a verification has found: counted, told, and written down, in the log first. */
import type { AuditLog, VerifyResult } from '../audit/log.js';
import { checksumCode } from '../hash/registry.js';
import { algorithmOf } from '../ledger/algorithms.js';
import type { Ledger } from '../ledger/ledger.js';
import { Verdict } from '../ledger/schema.js';
import { type DueRow, type Finding, putFinding } from '../ledger/verification.js';
import { join } from '../posix/names.js';
import { kindOfMode } from '../posix/stat.js';
import type { Checksum } from '../settings.js';
import type { Renaming } from '../share/renaming.js';
import { cleanName, cleanText } from '../ui/clean.js';
import type { VerifiedKind } from '../verify/judge.js';
import type { Judged, VerifyAnswer } from '../verify/messages.js';
import { type Pass, putPass, timeOf } from '../verify/pass.js';

const CHECKPOINT_MS = 2000;
const CHECKPOINT_SIZE = 4096;
/** Differences that are told as they are found. */
const MOST_NOTED = 20;

export interface VerifyRecordDeps {
  readonly ledger: Ledger;
  readonly log: AuditLog;
  readonly pass: Pass;
  /** Of files that have no hash in the ledger. */
  readonly checksum: Checksum;
  /** A line for the operator. */
  note(text: string): void;
  /** One entry that was verified. */
  detail(text: string): void;
}

export class VerifyRecord {
  /** As it is with all that was found, written down or not. */
  pass: Pass;
  readonly session = { files: 0, bytes: 0 };
  private findings: { readonly finding: Finding; readonly row: DueRow }[] = [];
  private checkpointAt = performance.now();
  private noted = 0;

  constructor(
    private readonly deps: VerifyRecordDeps,
    private readonly renaming: Renaming,
  ) {
    this.pass = deps.pass;
  }

  /** The ledger knows of the pass when this returns. */
  begin(): void {
    this.deps.ledger.commit(() => putPass(this.deps.ledger, this.pass));
  }

  /** Code of the algorithm by which a file is hashed. */
  codeOf({ hash, algorithm }: DueRow): number {
    if (!hash || algorithm === undefined) return checksumCode(this.deps.checksum);
    algorithmOf(algorithm); // is one that we know
    return algorithm;
  }

  add(row: DueRow, { verdict, difference, agreed }: Omit<Judged, 'id'>): void {
    const hash = agreed && { algorithm: this.codeOf(row), digest: agreed };
    this.findings.push({ finding: { dir: row.dir, name: row.name, verdict, difference, hash }, row });
    const { size } = row.meta;
    this.session.files++;
    this.session.bytes += size;
    const { checked, different, unhashed } = this.pass;
    const isDifferent = verdict !== Verdict.equal && verdict !== Verdict.unhashed;
    this.pass = {
      ...this.pass,
      checked: { files: checked.files + 1, bytes: checked.bytes + size },
      different: different + (isDifferent ? 1 : 0),
      unhashed: unhashed + (verdict === Verdict.unhashed ? 1 : 0),
    };
    if (isDifferent && ++this.noted <= MOST_NOTED)
      this.deps.note(`${cleanName(pathOf(row))}: ${cleanText(difference!)}`);
    if (isDifferent && this.noted === MOST_NOTED)
      this.deps.note('what else differs is told at the end, and in the log');
    this.deps.detail(`${RESULTS[verdict]} ${pathOf(row)}`);
  }

  /** What the lanes read that this machine's memory had, or not. */
  addCache(cache: VerifyAnswer['cache']): void {
    const before = this.pass.cache;
    this.pass = {
      ...this.pass,
      cache: {
        dropped: before.dropped + cache.dropped,
        kept: before.kept + cache.kept,
        unknown: before.unknown + cache.unknown,
      },
    };
  }

  /** A checkpoint is due. */
  get isDue(): boolean {
    const count = this.findings.length;
    return count >= CHECKPOINT_SIZE || (count > 0 && performance.now() - this.checkpointAt > CHECKPOINT_MS);
  }

  /** Writes down what was found: the log first, so that what the ledger has is in the log too. */
  checkpoint(isThrough: boolean): void {
    const { ledger, log } = this.deps;
    const { findings } = this;
    const nowMs = timeOf(this.pass, Date.now());
    for (const found of findings) this.logLine(found.finding, found.row, nowMs);
    log.flush();
    this.pass = { ...this.pass, seenMs: nowMs, endedMs: isThrough ? nowMs : null };
    ledger.commit(() => {
      for (const { finding } of findings) putFinding(ledger, finding, nowMs);
      putPass(ledger, this.pass);
    });
    this.findings = [];
    this.checkpointAt = performance.now();
  }

  private logLine({ verdict, difference, hash }: Finding, row: DueRow, timeMs: number): void {
    const { source, dest } = this.deps.ledger.pair;
    const path = pathOf(row);
    const isEqual = verdict === Verdict.equal;
    const digest = isEqual ? (hash?.digest ?? row.hash) : undefined;
    this.deps.log.write({
      timeMs,
      result: RESULTS[verdict],
      kind: verifiedKindOf(row.meta.mode),
      source: join(source, path),
      dest: join(dest, this.renaming.encodePath(path)),
      size: isEqual ? row.meta.size : undefined,
      hash: digest && Buffer.from(digest).toString('hex'),
      algorithm: digest && algorithmOf(this.codeOf(row)),
      error: difference,
    });
  }
}

const RESULTS: Readonly<Record<Verdict, VerifyResult>> = {
  [Verdict.equal]: 'verified',
  [Verdict.differs]: 'differs',
  [Verdict.missing]: 'missing',
  [Verdict.unreadable]: 'unreadable',
  [Verdict.sourceDiffers]: 'source differs',
  [Verdict.unhashed]: 'no hash',
};

/** A row is of no folder. */
export function verifiedKindOf(mode: number): VerifiedKind {
  const kind = kindOfMode(mode);
  return kind === 'dir' ? 'other' : kind;
}

export function pathOf({ path, name }: DueRow): string {
  return join(path, name);
}
