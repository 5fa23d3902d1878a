/** What a ledger's file says for itself, without SQLite, which would make files of its own beside it. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { damagedFile, LedgerError, notOurs } from './errors.js';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.js';

/** What SQLite keeps beside a database and takes for the database's, as far as it is there. */
export function besides(file: string): string[] {
  return [`${file}-wal`, `${file}-journal`].filter(existsSync);
}

/**
 * Nothing is in it yet; also with the journal that a kill leaves where SQLite was about to write a ledger's first page, and
 * that only opening it to write removes. From then on a ledger has a WAL, and no journal.
 */
export function isEmpty(file: string): boolean {
  const { size } = statSync(file);
  return size === 0 || (size <= FIRST_PAGE && existsSync(`${file}-journal`) && tablesIn(headerOf(file)) === 0);
}

/** SQLite's own choice, bytes. */
const FIRST_PAGE = 4096;

/** Places in a database file (https://www.sqlite.org/fileformat2.html); `pages` counts those there are, `tables` entries of the schema. */
const HEADER = {
  magic: 'SQLite format 3\0',
  pageSize: 16,
  pages: 28,
  version: 60,
  application: 68,
  tables: 103,
  length: 105,
} as const;

/**
 * Refuses by the file alone what it says for itself, as it does where there is no log of changes beside it: SQLite would
 * make files of its own beside somebody else's.
 */
export function checkHeader(file: string): void {
  if (besides(file).length > 0) return;
  const header = headerOf(file);
  if (header.toString('latin1', 0, HEADER.magic.length) !== HEADER.magic) throw notOurs(file);
  const isOurs = header.readUInt32BE(HEADER.application) === APPLICATION_ID;
  if (!isOurs && tablesIn(header) > 0) throw notOurs(file);
  if (!isOurs) return;
  checkVersion(file, header.readInt32BE(HEADER.version));
  if (header.readUInt32BE(HEADER.pages) * header.readUInt16BE(HEADER.pageSize) > statSync(file).size)
    throw damagedFile(file, 'cut short');
}

function headerOf(file: string): Buffer {
  const header = Buffer.alloc(HEADER.length);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, header, 0, header.length, 0);
  } finally {
    closeSync(fd);
  }
  return header;
}

function tablesIn(header: Buffer): number {
  return header.readUInt16BE(HEADER.tables);
}

/** Of a ledger, which has had a version since it was one. */
export function checkVersion(file: string, version: number): void {
  if (version < 1) throw damagedFile(file, `version ${version}`);
  if (version > SCHEMA_VERSION)
    throw new LedgerError(
      `${file}: written by a newer millrace (version ${version} of the ledger, this one knows ${SCHEMA_VERSION})`,
    );
}
