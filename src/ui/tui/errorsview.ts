/** The failed entries of the migration, page by page: what the errors view shows, and what of it was asked for. */

import { formatCount } from '../../stats/format.js';
import { cleanName, cleanText, truncateMiddle } from '../clean.js';
import type { FailedEntry, FailureKey, Operator } from '../operator.js';
import { columnsOf } from '../width.js';
import type { Frame } from './frame.js';
import { errors } from './panels/backlog.js';
import { bottomRow } from './panels/bottom.js';
import { status } from './panels/status.js';
import { cut, heading, type Line, span } from './text.js';
import type { View } from './view.js';

/** Entries asked for at a time; no page of a screen is longer. */
const PAGE = 200;

/** As much of the list as was looked at. It is asked for anew whenever the view is opened. */
export class Failures {
  private entries: readonly FailedEntry[] = [];
  private next: FailureKey | undefined;
  private top = 0;
  private asking = false;
  private problem: string | undefined;

  constructor(
    private readonly operator: Pick<Operator, 'failures'>,
    /** An answer has come: there is something new to draw. */
    private readonly changed: () => void,
  ) {
    this.ask(undefined);
  }

  /** Moves by so many entries, of which `page` are seen at a time, and asks for more before the end is reached. */
  scroll(by: number, page: number): void {
    const last = Math.max(0, this.entries.length - page);
    this.top = Math.min(last, Math.max(0, this.top + by));
    if (this.next !== undefined && this.top + 2 * page >= this.entries.length) this.ask(this.next);
  }

  private ask(after: FailureKey | undefined): void {
    if (this.asking) return;
    this.asking = true;
    this.operator.failures(after, PAGE).then(
      ({ failures, next }) => {
        this.asking = false;
        this.entries = [...this.entries, ...failures];
        this.next = next;
        this.changed();
      },
      (error: Error) => {
        this.asking = false;
        this.problem = error.message;
        this.changed();
      },
    );
  }

  get list(): FailureList {
    const { entries, top, problem } = this;
    return { entries, top, problem, isWhole: this.next === undefined && !this.asking };
  }
}

export interface FailureList {
  readonly entries: readonly FailedEntry[];
  /** The first entry that is shown. */
  readonly top: number;
  /** Why there is no more. */
  readonly problem: string | undefined;
  /** There are no more. */
  readonly isWhole: boolean;
}

const KEYS = [
  ['e', 'back'],
  ['↑ ↓ space b', 'scroll'],
  ['r', 'try all again'],
  ['?', 'help'],
] as const;

/** Rows that are not for the list. */
const OTHER_ROWS = 5;

/** Entries that a screen of so many rows shows. */
export function pageOf(rows: number): number {
  return Math.max(1, rows - OTHER_ROWS);
}

export function errorsFrame(
  view: View,
  { entries, top, problem, isWhole }: FailureList,
  columns: number,
  rows: number,
): Frame {
  const page = pageOf(rows);
  const shown = entries.slice(top, top + page);
  const place =
    shown.length === 0
      ? ''
      : `${formatCount(top + 1)}-${formatCount(top + shown.length)} of ${formatCount(entries.length)}${isWhole ? '' : '+'}`;
  const body: Line[] = shown.map((entry) => entryLine(entry, columns));
  if (problem !== undefined) body.unshift([span(cleanText(problem), 'bad')]);
  else if (shown.length === 0) body.push([span(isWhole ? 'nothing has failed' : 'asking ...', 'dim')]);
  const lines: Line[] = [
    ...status(view, columns, 2),
    ...errors(view, columns, 1),
    heading([span('failed entries', 'bold'), span(` ${place}`)], columns),
    ...body.slice(0, page),
  ];
  return framed(lines, bottomRow(view, KEYS, columns), columns, rows);
}

/** Lines from the top, and one at the bottom. */
export function framed(lines: readonly Line[], bottom: Line, columns: number, rows: number): Frame {
  return Array.from({ length: rows }, (_, y) => [
    { x: 0, line: cut(y === rows - 1 ? bottom : (lines[y] ?? []), columns) },
  ]);
}

/** The reason, in at most half of the row, and the path. */
function entryLine({ path, error }: FailedEntry, columns: number): Line {
  const reason = truncateMiddle(cleanText(error), Math.floor(columns / 2));
  return cut(
    [
      span(reason, 'bad'),
      span('  '),
      span(truncateMiddle(cleanName(path), Math.max(8, columns - columnsOf(reason) - 2))),
    ],
    columns,
  );
}
