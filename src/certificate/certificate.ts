/** The certificate of a migration: what was equal, when, what differs and why. Pure. */
import { formatCount, formatCounted } from '../stats/format.js';
import { cleanName, cleanText } from '../ui/clean.js';
import { entries, present, type Row } from '../ui/summary.js';
import type { LedgerFacts } from './facts.js';

export interface CertificateFacts extends LedgerFacts {
  readonly version: string;
  /** Absolute paths. */
  readonly source: string;
  readonly dest: string;
  readonly ledger: string;
  /** When the pass began, and when the second look at both sides, which found nothing changed, began and ended; ms. */
  readonly begunMs: number;
  readonly lookedAgainMs: number;
  readonly endedMs: number;
  /** Entries that it could not look at, errors of listings. */
  readonly unseen: number;
  /** Letters of rsync's for what was kept beside content, times and links. */
  readonly attributes: string;
  /** Entries of the source that a rule, a size or a name left out. */
  readonly excluded: number;
  /** What became of that which the destination has and the source has not. */
  readonly extras: keyof typeof EXTRAS;
}

const EXTRAS = {
  removed: 'none: looked for, and removed',
  kept: 'perhaps not all removed: errors, or more than --max-delete',
  'not looked for': 'not looked for (--delete-extras)',
} as const;

/** Lines of a label and what it is about, each ending in a newline; the last one is the Merkle root. */
export function certificateText(facts: CertificateFacts): string {
  const { failures } = facts;
  const letters = facts.attributes.replace(/[dw]/g, '');
  const rows: Row[] = [
    ['source', cleanName(facts.source)],
    ['destination', cleanName(facts.dest)],
    ['result', failures.total === 0 ? 'complete: all that was to be copied is there' : differing(failures.total)],
    ['begun', time(facts.begunMs)],
    [
      'unchanged',
      `from ${time(facts.lookedAgainMs)} to ${time(facts.endedMs)} the second look found nothing new${facts.unseen > 0 ? ' in what it could look at' : ''}`,
    ],
    ['equal', `${formatCounted(facts.files.files, 'file')}, ${formatCount(facts.files.bytes)} bytes`],
    ['', `${formatCounted(facts.links, 'symbolic link')}, ${formatCounted(facts.folders, 'folder')}`],
    ...present([
      [facts.specials, '', formatCounted(facts.specials, 'FIFO, socket or device', 'FIFOs, sockets and devices')],
    ]),
    ...[...facts.hashed].map(
      ([algorithm, files]): Row => [
        'contents',
        algorithm === undefined
          ? `${formatCounted(files, 'file')} by size and time alone: the destination had them`
          : `${formatCounted(files, 'file')} by the ${algorithm} made while they were copied`,
      ],
    ),
    ['read back', facts.verified === 0 ? 'nothing (millrace verify)' : entries(facts.verified)],
    ['kept', letters === '' ? 'times' : `times, and -${letters} of rsync's letters`],
    ...present([
      [facts.renamed, 'renamed', `${entries(facts.renamed)}, see dest_path in the ledger (--rename-invalid)`],
    ]),
    ...present([[facts.warned, 'not taken', `attributes of ${entries(facts.warned)}, see the log`]]),
    ...failures.causes.map(
      ({ example, count, places }): Row => [
        'differs',
        `${formatCount(count)}: ${cleanText(example)}, under ${places.map(({ folder }) => cleanName(folder) || '.').join(', ')}`,
      ],
    ),
    ...facts.skipped.map(({ reason, count }): Row => ['not copied', `${formatCount(count)}: ${cleanText(reason)}`]),
    ...present([[facts.excluded, 'left out', `${entries(facts.excluded)}, by the choice of what is copied`]]),
    ['extras', EXTRAS[facts.extras]],
    ['ledger', cleanName(facts.ledger)],
    ['Merkle root', facts.merkleRoot],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const lines = rows.map(([label, value]) => `${label.padEnd(width)}${value}\n`);
  return `Certificate of a migration, by millrace ${facts.version}\n\n${lines.join('')}`;
}

function differing(count: number): string {
  return `not complete: ${formatCounted(count, 'entry differs', 'entries differ')}`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
