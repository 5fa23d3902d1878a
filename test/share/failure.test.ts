import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoName, SysError } from '../../src/posix/errno.js';
import { classOf, type FailureClass, failure, failureOf, saysAbsent } from '../../src/share/failure.js';

const CLASSES: Record<FailureClass, string[]> = {
  retry: [
    ...['EIO', 'ESTALE', 'ETIMEDOUT', 'EAGAIN', 'EINTR', 'EBUSY'],
    ...['EPIPE', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOLCK', 'ETXTBSY'],
  ],
  skip: [
    ...['EACCES', 'EPERM', 'ENOENT', 'ENAMETOOLONG', 'EFBIG', 'ELOOP', 'ENOTDIR', 'EISDIR', 'EINVAL', 'EEXIST'],
    ...['ENOTEMPTY', 'EXDEV', 'EILSEQ', 'EOVERFLOW', 'ENXIO'],
  ],
  stop: [
    ...['ENOSPC', 'EDQUOT', 'EROFS', 'ENODEV', 'ENOTCONN', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED'],
    ...['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'],
  ],
  fatal: ['EBADF', 'EFAULT'],
};

const table = Object.entries(CLASSES).flatMap(([name, codes]) => codes.map((code) => [code, name] as const));

describe('the class of an error', () => {
  it.each(table)('%s is %s', (code, name) => {
    expect(classOf(code)).toBe(name);
  });

  it.each(table)('is reached from the number of %s', (code, name) => {
    const errno = constants.errno[code as keyof typeof constants.errno];
    expect(failureOf(new SysError(errno, 'write', 'f'), 'write', 'f').class).toBe(name);
  });

  it.each([
    ['EHOSTDOWN', 112, 'stop'],
    ['EREMOTEIO', 121, 'retry'],
    ['ESHUTDOWN', 108, 'stop'],
  ])('is known for %s, which Node has no name for', (code, errno, name) => {
    expect(errnoName(errno)).toBe(code);
    expect(classOf(code)).toBe(name);
  });

  it('is that of one entry when nothing is known of the error', () => {
    expect(classOf('errno 4095')).toBe('skip');
    expect(classOf('CHANGED')).toBe('skip');
  });
});

describe('failure', () => {
  it('says in one line, without the path, what went wrong', () => {
    expect(failure('ENOSPC', 'write', 'secret/f')).toEqual({
      code: 'ENOSPC',
      op: 'write',
      path: 'secret/f',
      class: 'stop',
      message: 'ENOSPC: no space left (write)',
    });
  });

  it('says as much as it knows of a rare error', () => {
    expect(failure('EXFULL', 'open', 'f').message).toBe('EXFULL (open)');
  });

  it('crosses threads as it is', () => {
    const data = failure('EIO', 'read', 'f');
    expect(structuredClone(data)).toEqual(data);
  });
});

describe('failureOf', () => {
  it('takes operation from the error and path from the caller', () => {
    expect(failureOf(new SysError(2, 'open', 'f'), 'read', 'a/f')).toMatchObject({
      code: 'ENOENT',
      op: 'open',
      path: 'a/f',
    });
  });

  it('takes errors of node:fs', () => {
    const error = Object.assign(new Error('EDQUOT'), { errno: -122, syscall: 'write' });
    expect(failureOf(error, 'write', 'f')).toMatchObject({ code: 'EDQUOT', class: 'stop', op: 'write' });
  });

  it('throws a bug of ours on', () => {
    const bug = new TypeError('x is not a function');
    expect(() => failureOf(bug, 'read', 'f')).toThrow(bug);
  });
});

describe('saysAbsent', () => {
  it('is true for ENOENT only', () => {
    for (const errno of Object.values(constants.errno))
      expect(saysAbsent(new SysError(errno, 'stat', 'f'))).toBe(errno === constants.errno.ENOENT);
  });

  it.each([[new Error('ENOENT')], [{ code: 'ENOENT' }], [undefined]])(
    'is false for what is no SysError: %s',
    (error) => {
      expect(saysAbsent(error)).toBe(false);
    },
  );
});
