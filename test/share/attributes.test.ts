import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Attributes,
  carriedOf,
  decodeXattrs,
  encodeXattrs,
  isKept,
  lettersOf,
  NO_ATTRIBUTES,
  XATTRS_MOST,
} from '../../src/share/attributes.js';

const ALL: Attributes = {
  perms: true,
  owner: true,
  group: true,
  acls: true,
  xattrs: true,
  atimes: true,
  hardLinks: true,
  dosAttributes: true,
  specials: true,
  devices: true,
};

describe('isKept', () => {
  it.each<[name: string, kept: Partial<Attributes>, isRoot: boolean, isKept: boolean]>([
    ['user.comment', { xattrs: true }, false, true],
    ['user.comment', { acls: true }, true, false],
    ['trusted.overlay.opaque', { xattrs: true }, true, true],
    ['trusted.overlay.opaque', { xattrs: true }, false, false],
    ['security.capability', { xattrs: true }, true, true],
    ['security.selinux', { xattrs: true }, true, false],
    ['system.posix_acl_access', { acls: true }, false, true],
    ['system.posix_acl_default', { xattrs: true }, true, false],
    ['system.nfs4_acl', { acls: true }, false, true],
    ['system.cifs_acl', { acls: true }, true, true],
    ['system.data', { xattrs: true, acls: true }, true, false],
    ['user.cifs.creationtime', { xattrs: true }, true, false],
    ['user.cifs.dosattrib', { xattrs: true, acls: true }, true, false],
    ['user.cifs.dosattrib', { dosAttributes: true }, false, true],
  ])('%s with %o, root %s: %s', (name, kept, isRoot, expected) => {
    expect(isKept(name, { ...NO_ATTRIBUTES, ...kept }, isRoot)).toBe(expected);
  });
});

describe('extended attributes on their way', () => {
  const anyXattr = fc.record({
    name: fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    value: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  });

  it('arrive as they were', () => {
    fc.assert(
      fc.property(fc.array(anyXattr, { maxLength: 5 }), (xattrs) => {
        expect(decodeXattrs(encodeXattrs(xattrs))).toEqual(xattrs);
      }),
    );
  });

  it('are refused beyond the room that there is for them', () => {
    const value = new Uint8Array(XATTRS_MOST / 2);
    const xattrs = ['user.a', 'user.b'].map((name) => ({ name, value }));
    expect(() => encodeXattrs(xattrs)).toThrow(expect.objectContaining({ code: 'E2BIG' }));
    expect(decodeXattrs(encodeXattrs(xattrs.slice(1)))).toHaveLength(1);
  });
});

describe('carriedOf', () => {
  const meta = { mode: 0o104755, uid: 5, gid: 6 };
  it('is what is kept, and nothing else', () => {
    expect(carriedOf(meta, () => [], ALL)).toEqual({ mode: 0o4755, uid: 5, gid: 6, xattrs: [] });
    const group = carriedOf(meta, () => [], { ...NO_ATTRIBUTES, group: true });
    expect(group).toEqual({ mode: undefined, uid: undefined, gid: 6, xattrs: undefined });
    expect(carriedOf(meta, () => [], { ...NO_ATTRIBUTES, atimes: true })).toBeUndefined();
  });
});

it('the letters of attributes tell each of them', () => {
  const each = Object.keys(ALL).map((name) => lettersOf({ ...NO_ATTRIBUTES, [name]: true }));
  expect(each).toEqual(['p', 'o', 'g', 'A', 'X', 'U', 'H', 'w', 'D', 'd']);
  expect(lettersOf(ALL)).toBe('pogAXUHwDd');
});
