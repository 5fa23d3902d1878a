/** The main flow on real mounts: what arrives, shares that fill up and shares that are taken away, in one guest. */

import { expect } from 'vitest';
import { MAIN } from '../flow/helpers.js';
import { inGuest, type Protocol } from './guest.js';

/** Mounts a folder of /mnt/served at one of /mnt. */
const mountServed = (protocol: Protocol, share: string, point: string) =>
  ({
    nfs4: `mount -t nfs -o vers=4.2,nosharecache 127.0.0.1:/${share} /mnt/${point}`,
    nfs3: `mount -t nfs -o vers=3,nolock,tcp,mountproto=tcp,nosharecache 127.0.0.1:/mnt/served/${share} /mnt/${point}`,
    smb: `mount -t cifs -o guest,vers=3.1.1,sec=none,nosharesock,iocharset=utf8 //127.0.0.1/${share} /mnt/${point}`,
  })[protocol];

/** Serves /mnt/served/one and two, as filesystems of their own. */
const SERVE: Record<'nfs' | 'smb', string> = {
  nfs: `
  exportfs -o rw,no_root_squash,insecure,no_subtree_check,fsid=11 '*:/mnt/served/one'
  exportfs -o rw,no_root_squash,insecure,no_subtree_check,fsid=12 '*:/mnt/served/two'`,
  smb: `
  for share in one two; do
    printf '[%s]\npath = /mnt/served/%s\nguest ok = yes\nread only = no\nforce user = root\n' $share $share >>/run/smb.conf
  done
  kill -HUP "$(cat /run/samba/smbd.pid)"
  until ${mountServed('smb', 'two', 'there')}; do sleep 0.2; done
  umount /mnt/there`,
};

/** Another share of the server where the destination was: its root has the same inode number, and times tell nothing. */
const another = (protocol: Protocol) => `
  mkdir /mnt/served/one /mnt/served/two /mnt/there /run/here
  for share in one two; do mount -t tmpfs tmpfs /mnt/served/$share; done
  ${SERVE[protocol === 'smb' ? 'smb' : 'nfs']}
  mkdir /mnt/served/two/precious
  echo kept >/mnt/served/two/precious/file
  echo f >/run/here/f
  there() { ${process.execPath} ${MAIN} copy /run/here /mnt/there --db /run/o.db --log-file /run/o.log --delete-extras --yes; }
  ${mountServed(protocol, 'one', 'there')}
  there
  umount /mnt/there
  ${mountServed(protocol, 'two', 'there')}
  status=0
  there >/run/there 2>&1 || status=$?
  cat /run/there
  test $status = 4
  grep -q 'destination /mnt/there: is not the folder that it was' /run/there
  test "$(cat /mnt/served/two/precious/file)" = kept
  test ! -e /mnt/served/two/f
  umount /mnt/there
  ${mountServed(protocol, 'one', 'there')}
  touch /mnt/there
  there`;

/** What rsync is to compare: SMB has times of 100 ns, and modes of its own. */
const COMPARED: Record<Protocol, string> = {
  nfs4: '-a --modify-window=-1',
  nfs3: '-a --modify-window=-1',
  smb: '-rt',
};

/** Names, kinds and times that shares are known to differ in; SMB has no bytes beyond UTF-8, and no links here. */
const tree = (protocol: Protocol) => `
  mkdir -p 'folder/with spaces' empty many
  printf '' >none
  printf x >'folder/with spaces/ünïcode 😀'
  printf x >'.hidden'
  head -c 7M /dev/urandom >large
  for n in {1..300}; do printf $n >many/$n; done
  ${protocol === 'smb' ? '' : `printf x >$'new\\nline'; printf x >$'bad\\xff'; ln -s 'folder/no where' link`}
  touch -d '1999-12-31 23:59:59.1234567' none
  touch -d '2040-01-01 00:00:00.7654321' .hidden
  touch -d '2001-02-03 04:05:06.7000001' 'folder/with spaces' folder empty many`;

/** Names that SMB takes for one. */
const TWINS: Record<Protocol, string> = {
  nfs4: '',
  nfs3: '',
  smb: `
  printf capitals >/mnt/served/source/README
  printf small >/mnt/served/source/readme
  for run in 1 2; do
    status=0
    copy --rescan --delete-extras --yes >/run/twins || status=$?
    cat /run/twins
    test $status = 1
    grep -q 'readme: COLLIDES: the destination takes this name for that of README' /run/twins
    test "$(cat /mnt/served/dest/README)" = capitals
  done
  rm /mnt/served/source/readme
  # Names that the server lists as others: nothing that could be copied, nor deleted.
  mkdir /run/local /mnt/served/dest/devices
  printf device | tee /run/local/CON >/run/local/aux.txt
  printf device >/mnt/served/dest/devices/aux.txt
  for run in 1 2; do
    status=0
    ${process.execPath} ${MAIN} copy /run/local /mnt/dest/devices --db /run/m.db --log-file /run/m.log --delete-extras --yes >/run/devices || status=$?
    cat /run/devices
    test $status = 1
    grep -q 'CON: MANGLED: the destination lists this name as another' /run/devices
    test "$(ls /mnt/served/dest/devices)" = aux.txt
  done
  rm -r /mnt/served/dest/devices
  copy --rescan
  same`,
};

/** What SMB keeps in attributes of its own, and the client lists nowhere; the server needs a filesystem that has some. */
const DOS: Record<Protocol, string> = {
  nfs4: '',
  nfs3: '',
  smb: `
  modprobe loop
  modprobe ext4
  for side in source dest; do
    mkdir /mnt/served/$side/dos
    truncate -s 32M /mnt/served/$side.img
    mkfs.ext4 -q /mnt/served/$side.img
    mount -o loop /mnt/served/$side.img /mnt/served/$side/dos
  done
  # Without the archive bit, which a server sets on whatever gets a name.
  dos() { printf '%#x' $((0x$(getfattr --only-values --absolute-names -n user.cifs.dosattrib "$1" | od -An -tx4 | tr -d ' ') & ~0x20)); }
  # The last entry of the list: what everyone may do. A server that maps lists to its own kind may add to the others.
  everyone() { getfattr --only-values --absolute-names -n system.cifs_acl "$1" | tail -c 20 | od -An -tx1; }
  copydos() { ${process.execPath} ${MAIN} copy /mnt/source/dos /mnt/dest/dos --db /run/d.db --log-file /run/d.log "$@"; }
  cd /mnt/source/dos
  for name in plain hidden readonly; do echo $name >$name; done
  mkdir folder
  # Hidden; read-only and archive; a hidden folder.
  setfattr -n user.cifs.dosattrib -v 0x02000000 hidden
  setfattr -n user.cifs.dosattrib -v 0x21000000 readonly
  setfattr -n user.cifs.dosattrib -v 0x12000000 folder
  cd /
  chmod o= /mnt/served/source/dos/hidden
  copydos --dos-attributes -A
  # The client remembers attributes for a second.
  sleep 2
  for name in hidden readonly folder plain; do
    echo "$name $(dos /mnt/dest/dos/$name)"
    test "$(dos /mnt/dest/dos/$name)" = "$(dos /mnt/source/dos/$name)"
  done
  test "$(everyone /mnt/dest/dos/hidden)" = "$(everyone /mnt/source/dos/hidden)"
  test "$(everyone /mnt/dest/dos/hidden)" != "$(everyone /mnt/dest/dos/plain)"
  # What is read-only is replaced all the same.
  rm -f /mnt/source/dos/readonly
  echo anew >/mnt/source/dos/readonly
  copydos --dos-attributes
  test "$(cat /mnt/dest/dos/readonly)" = anew
  # Without the option nothing is hidden, though the names of unfinished files begin with a dot.
  rm /mnt/dest/dos/plain
  copydos --rescan
  sleep 2
  test $(($(dos /mnt/dest/dos/plain) & 2)) = 0
  # What somebody has open is replaced once he closes it, here when he sees that it has been removed beneath him; with -c the
  # run itself has read it.
  echo PLAIN >/mnt/source/dos/plain
  touch -r /mnt/dest/dos/plain /mnt/source/dos/plain
  (until test "$(stat -c %h /mnt/dest/dos/plain)" = 0; do sleep 0.1; done) 3</mnt/dest/dos/plain &
  copydos --rescan -c
  wait $!
  test "$(cat /mnt/dest/dos/plain)" = PLAIN
  # Names of one file, of which a listing says nothing.
  mkdir /mnt/served/source/dos/links
  echo one >/mnt/served/source/dos/links/a
  ln /mnt/served/source/dos/links/a /mnt/served/source/dos/links/b
  copydos -H --rescan
  test "$(stat -c %h /mnt/served/dest/dos/links/a)" = 2
  copydos -H --rescan | grep 'copied  *0 files'`,
};

/** FAT numbers its files as it meets them, and its root is as old as the epoch: a disk that only such a guest can mount. */
const FAT = `
  modprobe loop
  for module in vfat nls_cp437 nls_iso8859-1 nls_utf8; do modprobe $module; done
  for disk in 1 2; do
    truncate -s 32M /run/disk$disk
    mkfs.vfat -i 1234567$disk /run/disk$disk >/dev/null
  done
  mkdir /run/plugged /run/files
  echo f >/run/files/f
  fat() { ${process.execPath} ${MAIN} copy /run/files "/run/plugged$1" --db "/run/fat$2.db" --log-file "/run/fat$2.log" --delete-extras --yes "\${@:3}"; }
  mount -o loop /run/disk1 /run/plugged
  fat '' root
  mkdir /run/plugged/other /run/plugged/folder
  fat /folder folder
  umount /run/plugged
  mount -o loop /run/disk1 /run/plugged
  # The first to be met, which was the second before.
  fat /folder folder
  fat '' root
  umount /run/plugged
  mount -o loop /run/disk2 /run/plugged
  echo kept >/run/plugged/kept
  status=0
  fat '' root || status=$?
  test $status = 4
  test "$(cat /run/plugged/kept)" = kept
  # A name that is found, and not listed: that of an older program for the long one.
  mkdir /run/files/folder /run/files/'long folder'
  echo long >/run/files/folder/'longer name.txt'
  echo inside >/run/files/'long folder'/file
  fat '' root --accept-roots
  mkdir /run/files/longfo~1
  echo short | tee /run/files/folder/longer~1.txt >/run/files/longfo~1/other
  for run in 1 2; do
    status=0
    fat '' root >/run/alias || status=$?
    cat /run/alias
    test $status = 1
    grep -q 'folder/longer~1.txt: COLLIDES: the destination takes this name for that of another entry' /run/alias
    grep -q 'longfo~1: COLLIDES' /run/alias
    test "$(cat /run/plugged/folder/longer~1.txt)" = long
    test "$(ls /run/plugged/folder)" = 'longer name.txt'
    test "$(ls /run/plugged/'long folder')" = file
  done`;

/** A folder that is spelled otherwise now: what it was called is found at the server, and is an extra. */
const RESPELLED = `
  mkdir -p /mnt/served/source/cased/Folder/sub
  echo f | tee /mnt/served/source/cased/Folder/f >/mnt/served/source/cased/Folder/sub/f
  cased() { ${process.execPath} ${MAIN} copy /mnt/source/cased /run/cased --db /run/c.db --log-file /run/c.log --delete-extras --yes; }
  cased
  mv /mnt/served/source/cased/Folder /mnt/served/source/cased/folder
  # The client remembers names for a second.
  sleep 2
  cased
  test "$(cd /run/cased && find . | sort | tr '\n' ' ')" = '. ./folder ./folder/f ./folder/sub ./folder/sub/f '
  cased | grep 'copied  *0 files'`;

/** A log on a share that is full: the server says so when the lines are flushed, and not before. */
const FULL_LOG = `
  mkdir /run/few
  for n in {1..30}; do echo $n >/run/few/$n; done
  few() { ${process.execPath} ${MAIN} copy /run/few /run/fewer --db /run/few.db --log-file /mnt/dest/few.log; }
  mount -o remount,size=$(df -k --output=used /mnt/served | tail -n 1 | tr -d ' ')k /mnt/served
  status=0
  few >/run/log 2>&1 || status=$?
  cat /run/log
  test $status = 3
  grep -q 'ENOSPC' /run/log
  mount -o remount,size=1g /mnt/served
  few
  test $(grep -c '"result":"copied"' /mnt/served/dest/few.log) = 30
  rm /mnt/served/dest/few.log`;

const job = (protocol: Protocol) => `
  set -e
  copy() { ${process.execPath} ${MAIN} copy /mnt/source /mnt/dest --db /run/l.db --log-file /run/l.log "$@"; }
  same() {
    rsync -nic ${COMPARED[protocol]} --delete /mnt/served/source/ /mnt/served/dest/ >/run/differences
    cat /run/differences
    test ! -s /run/differences
  }
  cd /mnt/served/source
  ${tree(protocol)}
  cd /

  echo '--- first'
  copy
  same
  echo '--- again'
  copy
  same

  echo '--- twins'
  ${TWINS[protocol]}

  echo '--- full'
  mount -o remount,size=20m /mnt/served
  head -c 40M /dev/zero >/run/zeros
  mount -o remount,size=60m /mnt/served
  cp /run/zeros /mnt/served/source/zeros
  copy >/run/full 2>&1 &
  until grep -q 'waiting for the destination .*ENOSPC' /run/full; do sleep 0.1; kill -0 $!; done
  mount -o remount,size=1g /mnt/served
  wait $!
  cat /run/full
  same

  echo '--- away'
  mkdir /mnt/served/source/more
  for n in {1..200}; do head -c 30000 /dev/urandom >/mnt/served/source/more/$n; done
  copy --bwlimit 1M >/run/away 2>&1 &
  until [ -e /mnt/served/dest/more ]; do sleep 0.1; kill -0 $!; done
  umount -l /mnt/dest
  until grep -q 'waiting for the destination .*ENODEV' /run/away; do sleep 0.1; kill -0 $!; done
  test -z "$(ls -A /mnt/dest)"
  ${mountServed(protocol, 'dest', 'dest')}
  wait $! || { cat /run/away; dmesg | tail -n 20; false; }
  cat /run/away
  same
  echo '--- dos'
  ${DOS[protocol]}
  echo '--- another'
  ${another(protocol)}
  echo '--- log'
  ${protocol === 'nfs4' ? FULL_LOG : ''}
  echo '--- fat'
  ${protocol === 'nfs3' ? FAT : ''}
  echo '--- respelled'
  ${protocol === 'smb' ? RESPELLED : ''}

  echo '--- end'`;

export const FLOW = 'arrives, is not copied again, waits for room and for a share that is away';

export async function expectFlow(protocol: Protocol): Promise<void> {
  const { code, output } = await inGuest(protocol, job(protocol));
  expect(code, output).toBe(0);
  const [, first, again, , full, away] = output.split(/^--- .*\n/m);
  expect(first).toContain('all synced');
  expect(again).toMatch(/copied +0 files/);
  expect(full).toMatch(/no space left \(ENOSPC\)(.|\n)*the destination is back after(.|\n)*all synced/);
  expect(away).toMatch(/not the share that it was \(ENODEV\)(.|\n)*the destination is back after(.|\n)*all synced/);
}
