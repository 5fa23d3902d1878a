import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkRoot } from '../../src/engine/rootcheck.js';
import { Exit } from '../../src/exit.js';
import { algorithmOf } from '../../src/ledger/algorithms.js';
import { LedgerError } from '../../src/ledger/errors.js';
import { Ledger } from '../../src/ledger/ledger.js';
import {
  makeLedgerFolder,
  openLedgerFile,
  openLedgerForReading,
  openScratchLedger,
  peekIntoLedger,
} from '../../src/ledger/open.js';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../../src/ledger/schema.js';
import { openDb, pragma } from '../../src/ledger/sqlite.js';
import { canMount, canMountFuse, isRoot, mountFuse, temporaryFolder, tryMount, unmount } from '../helpers/tree.js';
import { dirWith, entryWith, PAIR } from './rows.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'ledger.db');
});

/** A program that opens the ledger: a lock ends with its process, so one process cannot open a ledger twice. */
function program(before: string, after: string): string[] {
  const load = JSON.stringify(new URL('../../dist/src/ledger/', import.meta.url));
  return [
    '--input-type=module',
    '-e',
    `${before}
     const { openLedgerFile } = await import(${load} + 'open.js');
     const db = openLedgerFile(${JSON.stringify(file)}, ${JSON.stringify(PAIR)});
     ${after}`,
  ];
}

/** Makes a ledger in another process, which ends in good order. */
function make(body = ''): void {
  const { status, stderr } = spawnSync(process.execPath, program('', `${body}; db.close();`), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** The one line for the operator; the exit code must be the ledger's. */
function refusal(open: () => unknown): string {
  try {
    open();
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    expect((error as LedgerError).exitCode).toBe(Exit.ledger);
    const { message } = error as LedgerError;
    expect(message).not.toContain('\n');
    expect(message.startsWith(`${file}: `)).toBe(true);
    return message.slice(file.length + 2);
  }
  throw new Error('it was opened');
}

/** What a refused opening must leave as it was: names, modes and bytes of all in the ledger's folder. */
function everything(): unknown {
  return readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const { mode, size, mtimeMs } = lstatSync(path);
    return [name, mode, size, mtimeMs, statSync(path).isFile() ? readFileSync(path, 'latin1') : ''];
  });
}

function refusedUntouched(open: () => unknown): string {
  const before = everything();
  const message = refusal(open);
  expect(everything()).toEqual(before);
  return message;
}

describe('a new ledger', () => {
  test('and all that SQLite puts beside it is private, whatever the umask', () => {
    const mask = process.umask(0);
    try {
      const ledger = new Ledger(openLedgerFile(file, PAIR));
      ledger.commit(() => ledger.putDir(dirWith(1)));
      const modes = readdirSync(folder).map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]);
      expect(Object.fromEntries(modes)).toEqual({
        'ledger.db': '600',
        'ledger.db-lock': '600',
        'ledger.db-shm': '600',
        'ledger.db-wal': '600',
      });
      ledger.close();
    } finally {
      process.umask(mask);
    }
  });

  test('is known as ours, durable at each commit, and has the pair', () => {
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    const { db } = ledger;
    expect(pragma(db, 'application_id')).toBe(APPLICATION_ID);
    expect(pragma(db, 'user_version')).toBe(SCHEMA_VERSION);
    expect(pragma(db, 'journal_mode')).toBe('wal');
    expect(pragma(db, 'synchronous')).toBe(2);
    expect(pragma(db, 'integrity_check')).toBe('ok');
    expect(ledger.pair).toEqual(PAIR);
    ledger.close();
    expect(readFileSync(file).subarray(68, 72).toString()).toBe('mill');
  });

  test('of the first version is taken, with all that is in it', () => {
    const old = openDb(file);
    old.exec(MIGRATIONS[0]!);
    old.exec(`PRAGMA user_version = 1; PRAGMA application_id = ${APPLICATION_ID};
      INSERT INTO meta VALUES ('source', '${PAIR.source}'), ('dest', '${PAIR.dest}');
      INSERT INTO dirs (id, path, depth, side, listed, status, pending, scan) VALUES (1, '', 0, 0, 1, 2, 0, 1)`);
    old.close();
    const reading = new Ledger(openLedgerForReading(file));
    expect(reading.pathOf(1)).toBe('');
    reading.close();
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    expect(pragma(ledger.db, 'user_version')).toBe(SCHEMA_VERSION);
    expect(ledger.dir(1)).toMatchObject({ path: '', scan: 1, seal: undefined });
    ledger.close();
  });

  test('needs its folder', () => {
    file = join(folder, 'missing', 'ledger.db');
    expect(refusal(() => openLedgerFile(file, PAIR))).toBe('its folder does not exist; make it first');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('in a folder that is to be made gets a private one', () => {
    file = join(folder, 'a', 'b', 'ledger.db');
    makeLedgerFolder(file);
    expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
    openLedgerFile(file, PAIR).close();
    expect(existsSync(file)).toBe(true);
  });

  test('does not follow a link that leads to nothing', () => {
    symlinkSync(join(folder, 'elsewhere'), file);
    const message = refusal(() => openLedgerFile(file, PAIR));
    expect(message).toBe('a symbolic link that leads nowhere; remove it or name another ledger');
    expect(readdirSync(folder)).toEqual([basename(file)]);
  });
});

describe('an existing ledger', () => {
  test('of the same pair is opened with all that is in it', () => {
    make(`db.exec(\`INSERT INTO meta VALUES ('scan', '{"number":3,"running":true,"errors":1,"extras":false}');
      INSERT INTO dirs (id, path, depth, side, listed, status, pending, scan) VALUES (1, '', 0, 0, 1, 2, 0, 1)\`)`);
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    expect(ledger.dir(1)).toEqual(dirWith(1, { meta: undefined }));
    expect(ledger.scanState).toEqual({ number: 3, running: true, errors: 1, extras: false });
    ledger.close();
  });

  test.each([
    ['source', { ...PAIR, source: '/other' }],
    ['destination', { ...PAIR, dest: '/other' }],
    ['order', { source: PAIR.dest, dest: PAIR.source }],
  ])('of another %s is refused and left as it was', (_, other) => {
    make();
    const message = refusedUntouched(() => openLedgerFile(file, other));
    expect(message).toBe('belongs to another pair, /the/source -> /the/dest; name another ledger with --db');
  });

  test('of a newer version is refused and left as it was', () => {
    make(`db.pragma('user_version = ${SCHEMA_VERSION + 1}')`);
    const message = refusedUntouched(() => openLedgerFile(file, PAIR));
    expect(message).toContain(`written by a newer millrace (version ${SCHEMA_VERSION + 1} of the ledger`);
    expect(refusal(() => openLedgerForReading(file))).toContain('written by a newer millrace');
  });

  test.each([0, -1])(
    'that says to be of version %d is refused as damaged, with a log of changes and without',
    (version) => {
      make(`db.pragma('user_version = ${version}')`);
      const said = `damaged (version ${version}); restore it or start anew with --db`;
      expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe(said);
      const looking = openDb(file, { readonly: true }); // leaves its log of changes
      pragma(looking, 'user_version');
      looking.close();
      expect(existsSync(`${file}-wal`)).toBe(true);
      expect(refusal(() => openLedgerFile(file, PAIR))).toBe(said);
    },
  );

  test.each([
    ['text', 'just some text, and more of it\n'.repeat(200)],
    ['two bytes', 'xy'],
    ['a torn header', 'SQLite format 3\0'],
  ])('that is no database is refused and left as it was: %s', (_, content) => {
    writeFileSync(file, content);
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe('not a millrace ledger; it was left untouched');
  });

  test('that is the database of another program is refused and left as it was', () => {
    const other = openDb(file);
    other.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    other.close();
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe('not a millrace ledger; it was left untouched');
    expect(refusal(() => openLedgerForReading(file))).toBe('not a millrace ledger; it was left untouched');
  });

  test('that is the database of another program with a log of changes has nothing put beside it', () => {
    const other = openDb(file);
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    other.close();
    const names = readdirSync(folder);
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe('not a millrace ledger; it was left untouched');
    expect(refusal(() => openLedgerForReading(file))).toBe('not a millrace ledger; it was left untouched');
    expect(readdirSync(folder)).toEqual(names);
  });

  test.each(['-lock', '-wal', '-journal'])(
    'whose name with %s is that of another file is refused, and that left',
    (ending) => {
      writeFileSync(`${file}${ending}`, 'precious');
      const before = everything();
      expect(() => openLedgerFile(file, PAIR)).toThrow(LedgerError);
      expect(everything()).toEqual(before);
      expect(readFileSync(`${file}${ending}`, 'utf8')).toBe('precious');
    },
  );

  test('whose values are no JSON, or that does not say whose it is, is damaged', () => {
    const damage = (sql: string, use: (ledger: Ledger) => unknown) => {
      const ledger = new Ledger(openScratchLedger(PAIR));
      ledger.db.exec(sql);
      expect(() => use(ledger)).toThrow(LedgerError);
      expect(() => use(ledger)).toThrow(/^the ledger is damaged \(.*\); restore it or start anew with --db$/);
      ledger.close();
    };
    damage("INSERT INTO meta VALUES ('scan', 'garbage')", (ledger) => ledger.scanState);
    damage("DELETE FROM meta WHERE key = 'source'", (ledger) => ledger.pair);
    damage("INSERT INTO meta VALUES ('roots', '{}')", (ledger) =>
      checkRoot(ledger, 'source', '/s', { type: 1, ino: '1', btimeNs: '1' } as never),
    );
    expect(() => algorithmOf(77)).toThrow(LedgerError);
  });

  test('that is damaged is refused and left as it was', () => {
    make();
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.alloc(3000, 0x55), 0, 3000, 100); // the schema, behind the header
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toMatch(/^damaged \(.*\); restore it or start anew/);
  });

  test('that is damaged where a run may never read is refused and left as it was', () => {
    make();
    const whole = readFileSync(file);
    const pages = whole.length / 4096;
    expect(pages).toBeGreaterThan(15);
    for (let page = 1; page < pages; page++) {
      // A lock lasts as long as its process.
      file = join(folder, `page-${page}.db`);
      writeFileSync(file, Buffer.from(whole).fill(0, page * 4096, (page + 1) * 4096), { mode: 0o600 });
      const bytes = readFileSync(file);
      expect(refusal(() => openLedgerFile(file, PAIR))).toMatch(/^damaged \(.*\); restore it or start anew with --db$/);
      expect(readFileSync(file).equals(bytes)).toBe(true);
      expect(existsSync(`${file}-wal`) || existsSync(`${file}-shm`)).toBe(false);
    }
  });

  test('that was cut short is refused and left as it was', () => {
    make();
    truncateSync(file, 4096);
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toMatch(/^damaged|^not a millrace ledger/);
  });

  test('with another name is refused and left as it was', () => {
    make();
    linkSync(file, join(folder, 'other.db'));
    const message = refusedUntouched(() => openLedgerFile(file, PAIR));
    expect(message).toBe('has another name (a hard link), by which it could be damaged; leave it one');
    // By the other name neither the run that has it is seen, nor what that has not yet put into the file.
    expect(refusedUntouched(() => openLedgerForReading(file))).toBe(message);
  });

  test('is not a folder', () => {
    mkdirSync(file);
    expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe('not a file');
    expect(refusal(() => openLedgerForReading(file))).toBe('not a file');
  });

  test('in a folder that is a file is refused', () => {
    writeFileSync(join(folder, 'a file'), '');
    file = join(folder, 'a file', 'ledger.db');
    expect(refusal(() => openLedgerFile(file, PAIR))).toContain('ENOTDIR');
  });

  test('that was never begun, being empty, is taken', () => {
    writeFileSync(file, '', { mode: 0o644 });
    expect(() => openLedgerForReading(file)).toThrow(/nothing is in it yet/);
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    expect(ledger.pair).toEqual(PAIR);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    ledger.close();
  });
});

test('a ledger whose process was killed at any step of making it is taken', () => {
  const steps = ['pragma', 'exec', 'prepare', 'transaction'];
  for (let at = 1; ; at++) {
    file = join(folder, `${at}.db`);
    const killing = `const { default: Database } = await import('better-sqlite3');
      let step = 0;
      for (const name of ${JSON.stringify(steps)}) {
        const real = Database.prototype[name];
        Database.prototype[name] = function (...args) {
          if (++step === ${at}) process.kill(process.pid, 'SIGKILL');
          return real.apply(this, args);
        };
      }`;
    const { status, signal } = spawnSync(process.execPath, program(killing, 'db.close();'));
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    expect(ledger.pair).toEqual(PAIR);
    expect(pragma(ledger.db, 'integrity_check')).toBe('ok');
    ledger.close();
    if (signal === 'SIGKILL') continue;
    expect(status).toBe(0);
    expect(at).toBeGreaterThan(5);
    break;
  }
});

describe('a ledger in use', () => {
  /** A process that has the ledger open until it is killed. */
  async function holder() {
    const child = spawn(process.execPath, program('', "process.stdout.write('open'); setInterval(() => {}, 1000);"));
    await once(child.stdout, 'data');
    return child;
  }

  test('is refused, with the process that has it', async () => {
    const child = await holder();
    try {
      const message = refusal(() => openLedgerFile(file, PAIR));
      expect(message).toMatch(new RegExp(`^in use by millrace process ${child.pid}, since 20..-..-..T`));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('is free again as soon as its process is dead, and has what was committed', async () => {
    const body = `db.exec("INSERT INTO meta VALUES ('scan', '{\\"number\\":8}')");
      process.stdout.write('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, program('', body));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ledger = new Ledger(openLedgerFile(file, PAIR));
    expect(ledger.scanState.number).toBe(8);
    expect(pragma(ledger.db, 'integrity_check')).toBe('ok');
    ledger.close();
  });

  test('can be read meanwhile, and not be written through that', async () => {
    const child = await holder();
    try {
      const ledger = new Ledger(openLedgerForReading(file));
      expect(ledger.pair).toEqual(PAIR);
      expect(() => ledger.commit(() => ledger.putDir(dirWith(1)))).toThrow(/readonly/);
      ledger.close();
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});

test.skipIf(!isRoot)(
  "is opened, a moment later, where another's look at it has its WAL just then (needs root)",
  async () => {
    const nobody = 65534;
    chmodSync(folder, 0o777);
    make();
    chownSync(file, nobody, nobody);
    chownSync(`${file}-lock`, nobody, nobody);
    writeFileSync(`${file}-wal`, '', { mode: 0o600 });
    const child = spawn(
      process.execPath,
      program(`process.setuid(${nobody}); process.stdout.write('opens');`, "process.stdout.write(' opened');"),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const said = text(child.stdout);
    await once(child.stdout, 'data');
    // Most often after it was refused once.
    setTimeout(() => chownSync(`${file}-wal`, nobody, nobody), 100);
    expect(await said).toBe('opens opened');
  },
);

test.runIf(canMount)('a ledger that cannot be written is refused, and nothing made beside it', () => {
  make();
  rmSync(`${file}-lock`);
  expect(tryMount(file, '--bind', file)).toBe(true);
  spawnSync('mount', ['-o', 'remount,ro,bind', file]);
  expect(refusedUntouched(() => openLedgerFile(file, PAIR))).toBe('cannot be written: EROFS');
  unmount(file);
});

test('a look into a ledger that nobody has leaves nothing beside it', () => {
  make();
  const before = readdirSync(folder);
  const bytes = readFileSync(file);
  expect(peekIntoLedger(file, PAIR, (db) => new Ledger(db).pair)).toEqual(PAIR);
  expect(readdirSync(folder)).toEqual(before);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(refusal(() => peekIntoLedger(file, { ...PAIR, dest: '/other' }, () => {}))).toContain(
    'belongs to another pair',
  );
});

test('a look into a ledger that is not there, or has nothing in it yet, finds nothing', () => {
  const look = () => expect.unreachable();
  expect(peekIntoLedger(file, PAIR, look)).toBeUndefined();
  writeFileSync(file, '');
  expect(peekIntoLedger(file, PAIR, look)).toBeUndefined();
  expect(readdirSync(folder)).toEqual(['ledger.db']);
});

test('there is nothing to read where no ledger is, and nothing is made', () => {
  expect(refusal(() => openLedgerForReading(file))).toBe('no ledger here; name one with --db FILE, or the two shares');
  expect(readdirSync(folder)).toEqual([]);
});

test.runIf(process.getuid!() !== 0)('a ledger that may not be read is refused', () => {
  make();
  chmodSync(file, 0o000);
  refusal(() => openLedgerFile(file, PAIR));
});

test('a scratch ledger works like any other and leaves no file', () => {
  const before = readdirSync(folder);
  const ledger = new Ledger(openScratchLedger(PAIR));
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putEntry(1, 'a', entryWith(), undefined);
  });
  expect(ledger.pair).toEqual(PAIR);
  expect(ledger.totals.pendingFiles).toBe(1);
  ledger.close();
  expect(readdirSync(folder)).toEqual(before);
});

describe.skipIf(!canMountFuse())('on a filesystem with a server', () => {
  // SQLite's locks are this machine's alone there, so a run that has the ledger elsewhere would not be seen.
  test.each([
    ['for a run', () => openLedgerFile(file, PAIR)],
    ['to read it', () => openLedgerForReading(file)],
    ['for a look', () => peekIntoLedger(file, PAIR, () => 1)],
  ])('a ledger is refused %s, by its name and by a link, and nothing is left beside it', (_, open) => {
    make();
    const [real, shown] = [file, join(folder, 'shown')];
    const before = readdirSync(folder).concat('shown').sort();
    mountFuse(folder, shown);
    file = join(shown, basename(real));
    expect(refusal(open)).toMatch(/on a network filesystem \(fuse\), .*; put the ledger on a local disk with --db$/);
    file = join(temporaryFolder(), 'link');
    symlinkSync(join(shown, basename(real)), file);
    expect(refusal(open)).toMatch(/on a network filesystem \(fuse\)/);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test('none is made', () => {
    const shown = join(temporaryFolder(), 'shown');
    mountFuse(folder, shown);
    file = join(shown, 'ledger.db');
    expect(refusal(() => openLedgerFile(file, PAIR))).toMatch(/on a network filesystem \(fuse\)/);
    file = join(shown, 'made', 'for', 'ledger.db');
    expect(refusal(() => makeLedgerFolder(file))).toMatch(/on a network filesystem \(fuse\)/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
