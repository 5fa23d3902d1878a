/**
 * The C library's functions that Node lacks, or has only with path strings. All calls block the thread that makes
 * them. Linux on x64 and arm64: struct layouts used here (statx, linux_dirent64, open_how, timespec) are the same.
 */
import koffi from 'koffi';

const lib = koffi.load(null);

export const libc = {
  openat: lib.func('int openat(int dir, const char *path, int flags, int mode)'),
  close: lib.func('int close(int fd)'),
  statx: lib.func('int statx(int dir, const char *path, int flags, unsigned int mask, void *out)'),
  getdents64: lib.func('long getdents64(int fd, void *buffer, size_t size)'),
  renameat: lib.func('int renameat(int fromDir, const char *from, int toDir, const char *to)'),
  unlinkat: lib.func('int unlinkat(int dir, const char *path, int flags)'),
  mkdirat: lib.func('int mkdirat(int dir, const char *path, unsigned int mode)'),
  symlinkat: lib.func('int symlinkat(const char *target, int dir, const char *path)'),
  readlinkat: lib.func('long readlinkat(int dir, const char *path, void *out, size_t size)'),
  utimensat: lib.func('int utimensat(int dir, const char *path, const void *times, int flags)'),
  futimens: lib.func('int futimens(int fd, const void *times)'),
  fdatasync: lib.func('int fdatasync(int fd)'),
  sync_file_range: lib.func('int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)'),
  posix_fadvise: lib.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)'),
  // Addresses go as integers, which both architectures pass as they do pointers.
  mmap: lib.func('int64_t mmap(int64_t address, size_t length, int protection, int flags, int fd, int64_t offset)'),
  munmap: lib.func('int munmap(int64_t address, size_t length)'),
  mincore: lib.func('int mincore(int64_t address, size_t length, void *pages)'),
  sysconf: lib.func('long sysconf(int name)'),
  syncfs: lib.func('int syncfs(int fd)'),
  flock: lib.func('int flock(int fd, int operation)'),
  fstatfs: lib.func('int fstatfs(int fd, void *out)'),
  // The address as three dots in C: both architectures pass it as they do any other.
  ioctl: lib.func('int ioctl(int fd, unsigned long request, void *out)'),
  fsetxattr: lib.func('int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)'),
  flistxattr: lib.func('long flistxattr(int fd, void *out, size_t size)'),
  fgetxattr: lib.func('long fgetxattr(int fd, const char *name, void *out, size_t size)'),
  fremovexattr: lib.func('int fremovexattr(int fd, const char *name)'),
  fchmod: lib.func('int fchmod(int fd, unsigned int mode)'),
  fchmodat: lib.func('int fchmodat(int dir, const char *path, unsigned int mode, int flags)'),
  fchown: lib.func('int fchown(int fd, unsigned int uid, unsigned int gid)'),
  fchownat: lib.func('int fchownat(int dir, const char *path, unsigned int uid, unsigned int gid, int flags)'),
  lseek: lib.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  ftruncate: lib.func('int ftruncate(int fd, int64_t length)'),
  linkat: lib.func('int linkat(int fromDir, const char *from, int toDir, const char *to, int flags)'),
  _exit: lib.func('void _exit(int status)'),
  // openat2 has no wrapper in glibc. Its arguments are all integers or pointers, so the plain calling convention
  // and the variadic one agree on both architectures.
  // In the C library by this name only since glibc 2.33.
  mknodat: lib.func('syscall', 'long', ['long', 'int', 'const char *', 'unsigned int', 'unsigned int']),
  // In glibc by this name only since 2.28, in musl later still.
  renameat2: lib.func('syscall', 'long', ['long', 'int', 'const char *', 'int', 'const char *', 'unsigned int']),
  openat2: lib.func('syscall', 'long', ['long', 'int', 'const char *', 'void *', 'size_t']),
};

export const SYS_OPENAT2 = 437;
export const SYS_RENAMEAT2 = process.arch === 'arm64' ? 276 : 316;
export const SYS_MKNODAT = process.arch === 'arm64' ? 33 : 259;

export function lastErrno(): number {
  return koffi.errno();
}
