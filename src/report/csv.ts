/**
 * The ledger's entries as a table for spreadsheets and scripts: RFC 4180, one line for each entry, folders only where they
 * failed. Names and errors are cleaned (see cleanName), and a cell that a spreadsheet would run as a formula gets a
 * quote mark before it. Times are in UTC with nanoseconds.
 */
import type { ListedEntry, Time } from '../ledger/statistics.js';
import { cleanName, cleanText } from '../ui/clean.js';

const COLUMNS = ['path', 'kind', 'size', 'mtime', 'status', 'algorithm', 'hash', 'error'] as const;

/** The text in pieces, one for each page of entries. */
export function* csvOf(pages: Iterable<readonly ListedEntry[]>): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const page of pages) yield page.map(line).join('');
}

function line({ path, kind, size, mtime, status, hash, error }: ListedEntry): string {
  const cells = [
    cell(cleanName(path)),
    kind,
    kind === 'folder' ? '' : String(size),
    mtime ? isoTime(mtime) : '',
    status,
    hash?.algorithm ?? '',
    hash?.hex ?? '',
    cell(cleanText(error)),
  ];
  return `${cells.join(',')}\r\n`;
}

/**
 * What begins a formula, also in its fullwidth forms (OWASP, "CSV Injection"); tab and return, which some programs drop
 * from the start, cannot stand here after cleaning.
 */
const FORMULA = /^[=+\-@＝＋－＠]/;

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** `2026-11-21T18:47:15.000000001Z`. */
export function isoTime({ seconds, rest }: Time): string {
  // Before 1970 both are negative, or zero.
  const whole = rest < 0 ? seconds - 1 : seconds;
  const nanoseconds = rest < 0 ? rest + 1_000_000_000 : rest;
  // Nanoseconds in 64 bits reach from 1677 to 2262, so the year has four digits.
  const text = new Date(whole * 1000).toISOString().slice(0, 19);
  return `${text}.${String(nanoseconds).padStart(9, '0')}Z`;
}
