#!/bin/bash
# The first process of the guest: mounts what a machine needs, serves a tmpfs over NFS or SMB, mounts it as a client at
# /mnt/source and /mnt/dest, and runs the job. The machine's own file system is the guest's, read-write; all that is
# changed is in JOBDIR, which comes with PROTOCOL on the kernel's command line.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm
for place in /run /mnt /dev/shm; do mount -t tmpfs tmpfs $place; done
ip link set lo up
for word in $(</proc/cmdline); do
  case $word in JOBDIR=* | PROTOCOL=*) declare "$word" ;; esac
done

off() {
  echo "$1" >"$JOBDIR/code"
  sync
  echo o >/proc/sysrq-trigger
  sleep 60
}

mkdir -p /mnt/served /mnt/source /mnt/dest
mount -t tmpfs -o size=1g tmpfs /mnt/served
mkdir -m 777 /mnt/served/source /mnt/served/dest

serve_nfs() {
  local module version=$1
  for module in nfs nfsv3 nfsv4 nfsd; do modprobe $module || return; done
  mount -t nfsd nfsd /proc/fs/nfsd && mount -t tmpfs tmpfs /var/lib/nfs || return
  mkdir -p /var/lib/nfs/{sm,sm.bak,v4recovery,rpc_pipefs}
  touch /var/lib/nfs/{etab,rmtab,state,xtab}
  local only4=(-N 3)
  if [[ $version == 3* ]]; then
    rpcbind
    only4=()
  fi
  exportfs -o rw,no_root_squash,insecure,no_subtree_check,fsid=0 '*:/mnt/served' || return
  rpc.nfsd "${only4[@]}" 8 || return
  rpc.mountd "${only4[@]}"
  local side prefix=
  if [[ $version == 3* ]]; then prefix=/mnt/served; fi
  for side in source dest; do
    mount -t nfs -o "vers=$version,nosharecache" "127.0.0.1:$prefix/$side" /mnt/$side || return
  done
}

serve_smb() {
  local module side
  for module in cifs cmac hmac md5 sha512_generic aes_generic gcm ccm nls_utf8; do modprobe $module 2>/dev/null; done
  mkdir /run/samba
  {
    printf '[global]\nmap to guest = Bad User\nserver min protocol = SMB3\nea support = yes\n'
    for side in lock state cache pid; do printf '%s directory = /run/samba\n' $side; done
    printf 'private dir = /run/samba\nncalrpc dir = /run/samba\nlog file = /run/samba/log\n'
    for side in source dest; do
      printf '[%s]\npath = /mnt/served/%s\nguest ok = yes\nread only = no\nforce user = root\n' $side $side
    done
  } >/run/smb.conf
  smbd -s /run/smb.conf -D || return
  for side in source dest; do
    local tries=0
    until mount -t cifs -o guest,vers=3.1.1,sec=none,nosharesock,iocharset=utf8 "//127.0.0.1/$side" /mnt/$side; do
      ((++tries < 20)) || return
      sleep 0.5
    done
  done
}

# What each mount, and the network itself, has sent and received, ten times a second and without starting a process.
sample() {
  mkfifo /run/never
  exec 9<>/run/never
  local lines bytes
  while :; do
    mapfile -t lines </proc/self/mountstats
    read -r bytes </sys/class/net/lo/statistics/tx_bytes
    printf '%s\n' "at $EPOCHREALTIME" "network $bytes" "${lines[@]}"
    read -r -t 0.1 -u 9
  done >/run/samples
}

{
  case $PROTOCOL in
    nfs4) serve_nfs 4.2 ;;
    nfs3) serve_nfs 3,nolock,tcp,mountproto=tcp ;;
    smb) serve_smb ;;
  esac || { echo "the $PROTOCOL mounts failed"; dmesg | tail -n 20; off 97; }
  sample &
  cd "$JOBDIR" && bash "$JOBDIR/job"
  code=$?
} >"$JOBDIR/output" 2>&1
kill $! && wait $! 2>/dev/null
cp /run/samples "$JOBDIR/samples"
off $code
