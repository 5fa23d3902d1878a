/** A doctor on real mounts: what it says of each protocol is so. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inGuest, noGuest, type Protocol } from './guest.js';

const MILLRACE = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const why = noGuest();
if (why) console.warn(`the tests on real mounts are skipped: they need a guest kernel, and that ${why}`);

interface Said {
  readonly verdict: string;
  readonly facts: Record<string, unknown>;
}

/** A doctor in a guest of its own, which leaves nothing at the server. */
async function doctorOf(protocol: Protocol, before = ''): Promise<Record<string, Said>> {
  const { code, output } = await inGuest(
    protocol,
    `cd /mnt/served/source
     head -c 2M /dev/urandom >large; printf 1 >README; printf 2 >readme
     cd /
     ${before}
     ${process.execPath} ${MILLRACE} doctor /mnt/source /mnt/dest --json; code=$?
     ls -A /mnt/served/dest | sed 's/^/left: /'
     exit $code`,
  );
  expect(code, output).toBe(0);
  expect(output).not.toContain('left: ');
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const checks = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'check');
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

const KEPT = { facts: { kept: true } };
const RATE = { facts: { bytesPerSecond: expect.any(Number) } };

/** What the server's tmpfs keeps, and NFS does not take from it. */
const NFS = {
  'time-grain': { facts: { grainNs: 1 } },
  'name-folding': { facts: { caseFolds: false, formFolds: false } },
  names: { facts: { lost: [] } },
  'name-length': { facts: { most: 255, unit: 'bytes' } },
  'path-length': { facts: { most: null } },
  'file-size': { facts: { tried: true } },
  'symbolic-links': KEPT,
  'hard-links': KEPT,
  modes: KEPT,
  owners: KEPT,
  'dest-clock': { verdict: 'pass' },
  'source-speed': RATE,
  'dest-speed': RATE,
};

describe.skipIf(why)('a doctor between real mounts', () => {
  test('of NFS 4.2 finds lists of its own kind, holes, and a soft mount, which a copy tells as well', async () => {
    const checks = await doctorOf(
      'nfs4',
      `umount /mnt/dest
       mount -t nfs -o vers=4.2,nosharecache,soft 127.0.0.1:/dest /mnt/dest
       ${process.execPath} ${MILLRACE} /mnt/source /mnt/dest -n | grep 'the destination is a soft mount' || exit 1`,
    );
    expect(checks).toMatchObject(NFS);
    expect(checks).toMatchObject({
      'source-mount': {
        verdict: 'pass',
        facts: { type: 'nfs4', options: expect.arrayContaining(['hard', 'vers=4.2']) },
      },
      'time-range': { facts: { firstSeconds: null, lastSeconds: null } },
      'dest-mount': { verdict: 'warn', facts: { options: expect.arrayContaining(['soft']) } },
      acls: { verdict: 'warn', facts: { posixAcls: 'EOPNOTSUPP', nfs4Acls: true } },
      holes: { facts: { sparse: true, seekHole: true } },
    });
  });

  test('of NFS 3 finds times without a sign, of 32 bits', async () => {
    const checks = await doctorOf('nfs3');
    expect(checks).toMatchObject(NFS);
    expect(checks).toMatchObject({
      'dest-mount': { facts: { type: 'nfs', options: expect.arrayContaining(['hard', 'vers=3']) } },
      'time-range': { facts: { firstSeconds: 0, lastSeconds: 2 ** 32 - 1 } },
      xattrs: { verdict: 'warn' },
      holes: { facts: { sparse: true, seekHole: false } },
    });
  });

  test('of SMB finds its times, its names, and what it makes up', async () => {
    const checks = await doctorOf('smb');
    expect(checks).toMatchObject({
      'dest-mount': { facts: { type: 'cifs', options: expect.arrayContaining(['vers=3.1.1', 'mapposix']) } },
      'time-grain': { facts: { grainNs: 100 } },
      'name-folding': { verdict: 'warn', facts: { caseFolds: true, formFolds: false } },
      names: {
        facts: {
          lost: expect.arrayContaining([
            expect.objectContaining({ names: 'of DOS devices (CON, NUL, COM1)', became: 'CSHOFG~F' }),
            expect.objectContaining({ names: 'with bytes that are not UTF-8', became: null }),
          ]),
        },
      },
      // The server's own file has its hole, and the client says so once it asks.
      holes: { facts: { sparse: true } },
      'symbolic-links': { verdict: 'warn' },
      'hard-links': KEPT,
      modes: { verdict: 'warn' },
      owners: { verdict: 'warn' },
      acls: { facts: { smbAcls: true } },
      'source-speed': RATE,
      'dest-speed': RATE,
    });
    const { lost } = checks.names!.facts as { lost: { names: string }[] };
    expect(lost.map(({ names }) => names)).not.toContain('with :'); // mapposix
  });
});
