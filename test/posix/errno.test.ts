import { constants, openSync } from 'node:fs';
import { constants as os } from 'node:os';
import { describe, expect, it } from 'vitest';
import { asSysError, errnoName, SysError } from '../../src/posix/errno.js';

describe('errnoName', () => {
  it.each([
    [os.errno.ENOENT, 'ENOENT'],
    [os.errno.EDQUOT, 'EDQUOT'],
    [os.errno.ESTALE, 'ESTALE'],
    [95, 'EOPNOTSUPP'],
    [108, 'ESHUTDOWN'],
    [112, 'EHOSTDOWN'],
    [121, 'EREMOTEIO'],
    [123, 'ENOMEDIUM'],
    [4095, 'errno 4095'],
  ])('calls %i %s', (errno, name) => {
    expect(errnoName(errno)).toBe(name);
    expect(errnoName(-errno)).toBe(name);
  });

  // Two names of one number: the error classes know the first.
  it('calls 11 EAGAIN, not EWOULDBLOCK', () => {
    expect(errnoName(11)).toBe('EAGAIN');
  });
});

describe('SysError', () => {
  it('tells what failed, where and why', () => {
    const error = new SysError(os.errno.EACCES, 'open', 'a/f');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SysError', code: 'EACCES', errno: 13, op: 'open', path: 'a/f' });
    expect(error.message).toBe('EACCES (open)');
  });
});

describe('asSysError', () => {
  it('leaves a SysError as it is', () => {
    const error = new SysError(5, 'read', 'f');
    expect(asSysError(error, 'write', 'g')).toBe(error);
  });

  it('takes the number of an error of node:fs', () => {
    try {
      openSync('/nowhere/at/all', constants.O_RDONLY);
      expect.unreachable();
    } catch (error) {
      const system = asSysError(error, 'open', 'all');
      expect(system).toBeInstanceOf(SysError);
      expect(system).toMatchObject({ code: 'ENOENT', errno: 2, op: 'open', path: 'all' });
    }
  });

  it('names errors that node:fs has no name for', () => {
    const unnamed = Object.assign(new Error('Unknown system error -121'), { errno: -121, code: 'Unknown' });
    expect(asSysError(unnamed, 'write', 'f').code).toBe('EREMOTEIO');
  });

  it.each([[new TypeError('a bug')], [null], [undefined], ['text'], [{ code: 'ENOENT' }]])(
    'throws on what is no system error: %s',
    (value) => {
      let thrown: unknown = 'nothing';
      try {
        asSysError(value, 'open', 'f');
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBe(value);
    },
  );
});
