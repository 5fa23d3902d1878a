import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AuditLine, AuditLog, checkLogFile } from '../../src/audit/log.js';
import { UsageError } from '../../src/exit.js';
import { makeFifo, temporaryFolder } from '../helpers/tree.js';
import { anyName } from '../pipeline/arbitrary.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'audit.log');
});

function line(index: number, part: Partial<AuditLine> = {}): AuditLine {
  return { timeMs: index, result: 'copied', kind: 'file', source: `/s/${index}`, dest: `/d/${index}`, ...part };
}

/** The lines of a log, each of which must be one JSON object. */
function lines(path = file): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((json) => JSON.parse(json));
}

const sources = (path = file) => lines(path).map(({ source }) => source);

/** Numbers the sources from `from` to `to`, `to` not included. */
function range(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `/s/${from + index}`);
}

function writeLines(log: AuditLog, from: number, to: number): void {
  for (let index = from; index < to; index++) log.write(line(index));
}

test('a line of ours that was cut off is removed, so that each line is whole', () => {
  const log = new AuditLog(file);
  log.write(line(1));
  log.write(line(2));
  log.close();
  const whole = readFileSync(file);
  for (const missing of [1, 5, 20]) {
    writeFileSync(file, whole.subarray(0, whole.length - missing));
    const next = new AuditLog(file);
    next.write(line(3));
    next.close();
    expect(lines().map(({ source }) => source)).toEqual(['/s/1', '/s/3']);
  }
});

test('after a line that was cut off, the next begins on a line of its own', () => {
  writeFileSync(file, '{"source":"/s/0"}\n{"source":"/s/1');
  const log = new AuditLog(file);
  writeLines(log, 2, 4);
  log.close();
  const text = readFileSync(file, 'utf8').split('\n');
  expect(text[1]).toBe('{"source":"/s/1');
  expect(text.slice(2, 4).map((json) => JSON.parse(json).source)).toEqual(['/s/2', '/s/3']);
});

describe('a line', () => {
  test('has nothing that a terminal obeys, and every name can be read back', () => {
    const log = new AuditLog(file);
    const name = '/s/a\u009b31mX\u007f\u0085\u202e\u2066\u2028\u001b\u200f\u061cz';
    log.write(line(0, { source: name }));
    log.close();
    expect(readFileSync(file, 'utf8')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(sources()).toEqual([name]);
  });

  test('says all that is known of a copied file', () => {
    const log = new AuditLog(file);
    log.write(line(1_600_000_000_123, { size: 2 ** 40, hash: 'ab12', algorithm: 'md5', durationMs: 77 }));
    log.close();
    expect(lines()).toEqual([
      {
        level: 'info',
        time: '2020-09-13T12:26:40.123Z',
        result: 'copied',
        kind: 'file',
        source: '/s/1600000000123',
        dest: '/d/1600000000123',
        size: 2 ** 40,
        hash: 'ab12',
        algorithm: 'md5',
        duration_ms: 77,
      },
    ]);
  });

  test('of a failure is an error with its reason', () => {
    const log = new AuditLog(file);
    log.write(line(0, { result: 'failed', error: 'EACCES: permission denied (open)' }));
    log.close();
    expect(lines()).toEqual([expect.objectContaining({ level: 'error', error: 'EACCES: permission denied (open)' })]);
  });

  test('keeps any path exactly, on one line, without raw control characters', () => {
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 1, maxLength: 5 }), (names) => {
        writeFileSync(file, '');
        const log = new AuditLog(file);
        for (const name of names) log.write(line(0, { source: `/s/${name}`, dest: `/d/${name}` }));
        log.close();
        expect(lines().map(({ source, dest }) => [source, dest])).toEqual(
          names.map((name) => [`/s/${name}`, `/d/${name}`]),
        );
        expect(readFileSync(file).some((byte) => byte < 0x20 && byte !== 0x0a)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

test('what was flushed is in the file, whatever its size, and in order', () => {
  const log = new AuditLog(file);
  let written = 0;
  for (const count of [1, 10, 1000, 3, 5000]) {
    writeLines(log, written, written + count);
    written += count;
    log.flush();
    expect(sources()).toEqual(range(0, written));
  }
  log.close();
});

test('closing writes what was not flushed', () => {
  const log = new AuditLog(file);
  writeLines(log, 0, 3);
  log.close();
  expect(sources()).toEqual(range(0, 3));
});

test('a log goes on where an earlier one ended', () => {
  writeFileSync(file, '{"source":"/s/0"}\n');
  const log = new AuditLog(file);
  writeLines(log, 1, 3);
  log.close();
  expect(sources()).toEqual(range(0, 3));
});

describe('the file', () => {
  test('is private, whatever the umask, and also after a rotation', () => {
    const mask = process.umask(0);
    try {
      const log = new AuditLog(file);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      renameSync(file, `${file}.1`);
      log.reopen();
      expect(statSync(file).mode & 0o777).toBe(0o600);
      log.close();
    } finally {
      process.umask(mask);
    }
  });

  const unfit: [string, () => void, RegExp][] = [
    ['a folder', () => mkdirSync(file), /cannot be written: EISDIR/],
    ['a symbolic link', () => symlinkSync(join(folder, 'elsewhere'), file), /it is a symbolic link/],
    ['a FIFO', () => makeFifo(file), /it is not a regular file/],
    [
      'beneath a file',
      () => {
        writeFileSync(join(folder, 'a file'), '');
        file = join(folder, 'a file', 'audit.log');
      },
      /cannot be written: ENOTDIR/,
    ],
    [
      'in a folder that is missing',
      () => {
        file = join(folder, 'missing', 'audit.log');
      },
      /cannot be written: ENOENT/,
    ],
  ];
  test.each(unfit)('is refused before anything is made when it is %s', (_, arrange, reason) => {
    arrange();
    const before = readdirSync(folder);
    expect(() => checkLogFile(file, false)).toThrow(reason);
    expect(() => checkLogFile(file, false)).toThrow(UsageError);
    expect(readdirSync(folder)).toEqual(before);
  });

  test.each(unfit.filter(([what]) => what !== 'a FIFO'))(
    'is not written to when it is %s all the same',
    (_, arrange) => {
      arrange();
      expect(() => new AuditLog(file)).toThrow(UsageError);
      expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
    },
  );

  test('is fit when it is missing, or there already; asking makes nothing', () => {
    checkLogFile(file, false);
    expect(readdirSync(folder)).toEqual([]);
    checkLogFile(join(folder, 'to be made', 'audit.log'), true);
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(file, 'x');
    checkLogFile(file, false);
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  test.runIf(process.getuid!() !== 0)('is refused when it may not be written', () => {
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    expect(() => checkLogFile(file, false)).toThrow(/EACCES/);
    expect(() => new AuditLog(file)).toThrow(UsageError);
  });
});

describe('rotation', () => {
  test('by copy and truncation leaves no hole, and the lines after it are whole', () => {
    const log = new AuditLog(file);
    writeLines(log, 0, 500);
    log.flush();
    writeLines(log, 500, 503);
    copyFileSync(file, `${file}.1`);
    truncateSync(file, 0);
    writeLines(log, 503, 600);
    log.close();
    expect(readFileSync(file).includes(0)).toBe(false);
    expect([...sources(`${file}.1`), ...sources()]).toEqual(range(0, 600));
  });

  test('by moving loses no line', () => {
    const log = new AuditLog(file);
    writeLines(log, 0, 100);
    log.flush();
    writeLines(log, 100, 300);
    renameSync(file, `${file}.1`);
    writeLines(log, 300, 310);
    log.reopen();
    writeLines(log, 310, 900);
    log.flush();
    writeLines(log, 900, 905);
    renameSync(file, `${file}.2`);
    log.reopen();
    writeLines(log, 905, 910);
    log.close();
    expect(['.1', '.2', ''].flatMap((suffix) => sources(`${file}${suffix}`))).toEqual(range(0, 910));
    expect(sources(`${file}.2`)).toEqual(range(310, 905));
  });

  test('goes on in the old file when the new one cannot be opened', () => {
    const log = new AuditLog(file);
    writeLines(log, 0, 10);
    renameSync(file, `${file}.1`);
    mkdirSync(file);
    expect(() => log.reopen()).toThrow(/EISDIR/);
    writeLines(log, 10, 20);
    log.flush();
    expect(sources(`${file}.1`)).toEqual(range(0, 20));
    log.close();
  });

  test('of a log that others append to as well mixes no lines', () => {
    const log = new AuditLog(file);
    for (let round = 0; round < 20; round++) {
      writeLines(log, round * 100, round * 100 + 100);
      log.flush();
      appendFileSync(file, '{"source":"other"}\n');
    }
    log.close();
    expect(sources().filter((source) => source !== 'other')).toEqual(range(0, 2000));
  });
});

describe('a disk that is full', () => {
  /** Plays `body` with a log in a process that may write no file larger than 8 KiB; its result is parsed. */
  function within8K(body: string): unknown {
    const module = JSON.stringify(new URL('../../dist/src/audit/log.js', import.meta.url));
    const program = `const { AuditLog } = await import(${module});
      const file = ${JSON.stringify(file)};
      const log = new AuditLog(file);
      const write = (from, to) => {
        for (let at = from; at < to; at++)
          log.write({ timeMs: 0, result: 'copied', kind: 'file', source: '/s/' + at, dest: '/d/' + at });
      };
      const attempt = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
      console.log(JSON.stringify(await (async () => { ${body} })()));`;
    const result = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 8; "$NODE" --input-type=module -e "$PROGRAM"`], {
      env: { ...process.env, NODE: process.execPath, PROGRAM: program },
      encoding: 'utf8',
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    expect(result.signal, 'it hangs').toBeNull();
    return JSON.parse(result.stdout);
  }

  test('makes flush throw, and throw again while it lasts', () => {
    expect(
      within8K(`
        const first = attempt(() => { write(0, 1000); log.flush(); });
        return [first, attempt(() => log.flush())];`),
    ).toEqual(['EFBIG', 'EFBIG']);
  });

  test('loses no line and tears none once there is room again', () => {
    const copy = `${file}.1`;
    const outcome = within8K(`
      const { copyFileSync, truncateSync } = await import('node:fs');
      const full = attempt(() => { write(0, 120); log.flush(); });
      copyFileSync(file, ${JSON.stringify(copy)});
      truncateSync(file, 0);
      return [full, attempt(() => { write(120, 130); log.close(); })];`);
    expect(outcome).toEqual(['EFBIG', 'done']);
    writeFileSync(copy, Buffer.concat([readFileSync(copy), readFileSync(file)]));
    expect(sources(copy)).toEqual(range(0, 130));
  });
});
