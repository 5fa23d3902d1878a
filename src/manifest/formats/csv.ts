/**
 * A table for spreadsheets (RFC 4180). Paths are cleaned, which can be undone (see cleanName), and begin with a point, so
 * that none is taken for a formula. Times are in UTC with nanoseconds.
 */
import type { SyncedEntry } from '../../ledger/synced.js';
import { fromColumn } from '../../posix/names.js';
import { CHECKSUMS } from '../../settings.js';
import { cleanName } from '../../ui/clean.js';
import { type Format, timeParts } from './format.js';

export function csv(): Format {
  return { algorithms: CHECKSUMS, listsAll: true, head: 'path,kind,size,mtime,algorithm,hash\r\n', lines: line };
}

function line({ path, kind, size, mtimeNs, hash }: SyncedEntry): string {
  const { seconds, digits } = timeParts(mtimeNs);
  const second = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const length = kind === 'folder' ? '' : size;
  return `${cell(cleanName(fromColumn(path)))},${kind},${length},${second}.${digits}Z,${hash?.algorithm ?? ''},${hash?.hex ?? ''}\r\n`;
}

function cell(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
