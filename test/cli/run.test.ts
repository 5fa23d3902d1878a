import { describe, expect, test, vi } from 'vitest';
import { type Engine, explain, run } from '../../src/cli/run.js';
import { Exit, ExitError } from '../../src/exit.js';

function harness(engine: Partial<Engine> = {}, env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    bytes: async () => true,
  };
  const fine = async () => 0;
  const full = {
    copy: vi.fn(engine.copy ?? fine),
    detach: vi.fn(engine.detach ?? fine),
    status: vi.fn(engine.status ?? fine),
    ctl: vi.fn(engine.ctl ?? fine),
    attach: vi.fn(engine.attach ?? fine),
    verify: vi.fn(engine.verify ?? fine),
    report: vi.fn(engine.report ?? fine),
    doctor: vi.fn(engine.doctor ?? fine),
    manifest: vi.fn(engine.manifest ?? fine),
  };
  const machine = { env: { HOME: '/nonexistent', ...env }, memory: 8 * 1024 ** 3 };
  return {
    engine: full,
    io,
    go: async (...args: string[]) => ({
      code: await run(args, machine, full, io),
      out: out.join(''),
      err: err.join(''),
    }),
  };
}

test('copy gets the settings and its exit code is the result', async () => {
  const { engine, io, go } = harness({ copy: async () => Exit.someFailed });
  expect(await go('/a', '/b')).toEqual({ code: 1, out: '', err: '' });
  expect(engine.copy).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ source: '/a', dest: '/b' }), io);
});

test('status gets the ledger', async () => {
  const { engine, io, go } = harness();
  expect((await go('status', '--db', '/x.db', '--json')).code).toBe(0);
  expect(engine.status).toHaveBeenCalledExactlyOnceWith({ file: '/x.db' }, true, false, io);
});

test('a doctor gets both roots, and the ledger that the pair would have', async () => {
  const { engine, io, go } = harness({ doctor: async () => Exit.someFailed });
  expect((await go('doctor', '/a', '/b', '--scan', '--stall-timeout', '5s')).code).toBe(1);
  expect(engine.doctor).toHaveBeenCalledExactlyOnceWith(
    {
      source: '/a',
      dest: '/b',
      ledger: expect.stringMatching(/\/a-to-b-\w+\.db$/),
      ledgerIsDefault: true,
      scan: true,
      json: false,
      stallTimeoutMs: 5000,
    },
    io,
  );
  expect((await go('doctor')).err).toContain('<source> and <dest> are missing');
});

test('a detached copy gets its arguments, ctl what to do, attach the ledger', async () => {
  const { engine, io, go } = harness();
  await go('/a', '/b', '--detach');
  expect(engine.detach).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ source: '/a' }),
    ['/a', '/b', '--detach'],
    io,
  );
  expect(engine.copy).not.toHaveBeenCalled();
  await go('ctl', 'limit', '20M', '--db', '/x.db');
  expect(engine.ctl).toHaveBeenCalledExactlyOnceWith({ file: '/x.db' }, { do: 'limit', rate: '20M' }, io);
  await go('attach', '--db', '/x.db');
  expect(engine.attach).toHaveBeenCalledExactlyOnceWith({ file: '/x.db' }, 'plain', io);
});

test('report gets the ledger and the file to write, both from / on', async () => {
  const { engine, io, go } = harness();
  expect((await go('report', '--db', '/x.db', '-o', '/tmp/../r.html')).code).toBe(0);
  expect(engine.report).toHaveBeenCalledExactlyOnceWith({ file: '/x.db' }, '/r.html', io);
});

test('manifest gets the ledger, the format and its files, from / on', async () => {
  const { engine, io, go } = harness();
  await go('manifest', '--db', '/x.db');
  const toStdout = { format: 'sha256sum', output: undefined, key: undefined };
  expect(engine.manifest).toHaveBeenLastCalledWith({ file: '/x.db' }, toStdout, io);
  await go('manifest', '--db', '/x.db', '--format', 'mtree', '-o', '/tmp/../m', '--sign', '/k');
  expect(engine.manifest).toHaveBeenLastCalledWith({ file: '/x.db' }, { format: 'mtree', output: '/m', key: '/k' }, io);
});

test('a usage error is one line on stderr, and the engine is not called', async () => {
  const { engine, go } = harness();
  expect(await go('/a', '/b', '--raeders', '3')).toEqual({
    code: 2,
    out: '',
    err: 'millrace: unknown option --raeders (did you mean --readers?)\n',
  });
  expect(engine.copy).not.toHaveBeenCalled();
});

test('what the user typed reaches the terminal without its control characters', async () => {
  const { err } = await harness().go('/a', '/b', '\u001b]0;x\u0007\n');
  expect(err).toMatch(/^millrace: '\\u\{1b\}\]0;x\\u\{7\}\\u\{a\}' is one argument too many.*\n$/);
});

describe('errors of the engine', () => {
  const failing = (error: unknown, env = {}) => harness({ copy: () => Promise.reject(error) }, env).go('/a', '/b');

  test('one with an exit code ends with it', async () => {
    const result = await failing(new ExitError('the ledger is locked by process 5', Exit.ledger));
    expect(result).toEqual({ code: 5, out: '', err: 'millrace: the ledger is locked by process 5\n' });
  });

  test('any other is an internal error in one line, and counts as stopped', async () => {
    expect(await failing(new TypeError('x is not\na function'))).toEqual({
      code: 3,
      out: '',
      err: 'millrace: internal error: x is not\\u{a}a function\n',
    });
    expect(await failing('thrown text')).toMatchObject({ code: 3, err: 'millrace: internal error: thrown text\n' });
  });

  test('the stack is for debugging', async () => {
    const { err } = await failing(new TypeError('bug'), { MILLRACE_INTERNAL_DEBUG: '1' });
    expect(err).toMatch(/^millrace: internal error: bug\nTypeError: bug\n\s+at /);
  });

  test.each([
    ['SQLITE_CORRUPT', 'malformed', 'the ledger is damaged (malformed); restore it or start anew with --db'],
    ['SQLITE_FULL', 'full', 'the ledger cannot be written: full'],
    ['SQLITE_ERROR', 'odd', 'the ledger cannot be used: odd'],
  ])('an error of SQLite is one of the ledger: %s', (code, message, told) => {
    const err = vi.fn();
    const error = Object.assign(new Error(message), { code });
    expect(explain(error, false, { out: vi.fn(), err })).toBe(5);
    expect(err).toHaveBeenCalledExactlyOnceWith(`millrace: ${told}\n`);
  });

  test('an error with an exit code never shows a stack', () => {
    const err = vi.fn();
    expect(explain(new ExitError('gone', Exit.share), true, { out: vi.fn(), err })).toBe(4);
    expect(err).toHaveBeenCalledExactlyOnceWith('millrace: gone\n');
  });
});

describe('a run that deletes', () => {
  const asked = async (answer: string | undefined, ...args: string[]) => {
    const { engine, io, go } = harness();
    const ask = vi.fn(async (_: string) => answer!);
    Object.assign(io, { ask: answer === undefined ? undefined : ask });
    const { code, err } = await go('/a', '/b', ...args);
    return { code, err, questions: ask.mock.calls.length, copies: engine.copy.mock.calls.length };
  };

  test.each(['y', ' YES '])('is asked about, and begins after %j', async (answer) => {
    expect(await asked(answer, '--delete-extras')).toEqual({ code: 0, err: '', questions: 1, copies: 1 });
  });

  test.each(['', 'n', 'yesterday'])('does not begin after %j', async (answer) => {
    const outcome = { code: 3, err: 'millrace: nothing was done\n', questions: 1, copies: 0 };
    expect(await asked(answer, '--delete-extras')).toEqual(outcome);
  });

  test.each([['--yes'], ['-y'], ['--dry-run']])('is not asked about with %s', async (flag) => {
    expect(await asked('n', '--delete-extras', flag)).toMatchObject({ code: 0, questions: 0, copies: 1 });
  });

  test('is not asked about where nobody is there, nor one that deletes nothing', async () => {
    expect(await asked(undefined, '--delete-extras')).toMatchObject({ code: 0, copies: 1 });
    expect(await asked('n')).toMatchObject({ questions: 0, copies: 1 });
  });
});
