/*
 * A folder seen through a share where every operation takes a while: a FUSE file system for benchmarks.
 *
 *   cc -O2 -Wall slowshare.c -o slowshare $(pkg-config --cflags --libs fuse3)
 *   slowshare FOLDER MOUNTPOINT MICROSECONDS
 *
 * What the kernel does not answer from its caches waits MICROSECONDS first; attributes are cached for a second, as NFS
 * clients do. It stays in the foreground until MOUNTPOINT is unmounted (fusermount3 -u).
 */
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int root;
static struct timespec wait;

/* Waits, and gives the path as *at() calls take it: beneath the folder, without the leading slash. */
static const char *at(const char *path) {
    struct timespec left = wait;
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
    return path[1] ? path + 1 : ".";
}

static int done(int result) { return result == -1 ? -errno : result; }

static int handle(int fd, struct fuse_file_info *info) {
    if (fd == -1) return -errno;
    info->fh = fd;
    return 0;
}

static int slow_getattr(const char *path, struct stat *stat, struct fuse_file_info *info) {
    path = at(path);
    return done(info ? fstat(info->fh, stat) : fstatat(root, path, stat, AT_SYMLINK_NOFOLLOW));
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                        struct fuse_file_info *info, enum fuse_readdir_flags flags) {
    (void)offset, (void)info;
    int fd = openat(root, at(path), O_RDONLY | O_DIRECTORY);
    DIR *folder = fd == -1 ? NULL : fdopendir(fd);
    if (!folder) return -errno;
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat stat = {.st_ino = entry->d_ino, .st_mode = entry->d_type << 12};
        int plus = (flags & FUSE_READDIR_PLUS) && !fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW);
        if (fill(buffer, entry->d_name, &stat, 0, plus ? FUSE_FILL_DIR_PLUS : 0)) break;
    }
    closedir(folder);
    return 0;
}

static int slow_open(const char *path, struct fuse_file_info *info) {
    return handle(openat(root, at(path), info->flags & ~O_DIRECT), info);
}

static int slow_create(const char *path, mode_t mode, struct fuse_file_info *info) {
    return handle(openat(root, at(path), info->flags & ~O_DIRECT, mode), info);
}

static int slow_read(const char *path, char *data, size_t size, off_t offset, struct fuse_file_info *info) {
    at(path);
    return done(pread(info->fh, data, size, offset));
}

static int slow_write(const char *path, const char *data, size_t size, off_t offset, struct fuse_file_info *info) {
    at(path);
    return done(pwrite(info->fh, data, size, offset));
}

static int slow_flush(const char *path, struct fuse_file_info *info) {
    at(path);
    return done(close(dup(info->fh)));
}

static int slow_release(const char *path, struct fuse_file_info *info) {
    at(path);
    return done(close(info->fh));
}

static int slow_fsync(const char *path, int data_only, struct fuse_file_info *info) {
    at(path);
    return done(data_only ? fdatasync(info->fh) : fsync(info->fh));
}

static int slow_unlink(const char *path) { return done(unlinkat(root, at(path), 0)); }

static int slow_rmdir(const char *path) { return done(unlinkat(root, at(path), AT_REMOVEDIR)); }

static int slow_mkdir(const char *path, mode_t mode) { return done(mkdirat(root, at(path), mode)); }

static int slow_symlink(const char *target, const char *path) { return done(symlinkat(target, root, at(path))); }

static int slow_readlink(const char *path, char *target, size_t size) {
    ssize_t length = readlinkat(root, at(path), target, size - 1);
    if (length == -1) return -errno;
    target[length] = 0;
    return 0;
}

static int slow_rename(const char *from, const char *to, unsigned int flags) {
    return done(renameat2(root, from + 1, root, at(to), flags));
}

static int slow_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info) {
    path = at(path);
    return done(info ? futimens(info->fh, times) : utimensat(root, path, times, AT_SYMLINK_NOFOLLOW));
}

static int slow_truncate(const char *path, off_t size, struct fuse_file_info *info) {
    path = at(path);
    if (info) return done(ftruncate(info->fh, size));
    int fd = openat(root, path, O_WRONLY);
    if (fd == -1) return -errno;
    int result = done(ftruncate(fd, size));
    close(fd);
    return result;
}

static int slow_chmod(const char *path, mode_t mode, struct fuse_file_info *info) {
    path = at(path);
    return done(info ? fchmod(info->fh, mode) : fchmodat(root, path, mode, 0));
}

static int slow_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info) {
    path = at(path);
    return done(info ? fchown(info->fh, user, group) : fchownat(root, path, user, group, AT_SYMLINK_NOFOLLOW));
}

static int slow_statfs(const char *path, struct statvfs *facts) {
    at(path);
    return done(fstatvfs(root, facts));
}

static void *slow_init(struct fuse_conn_info *connection, struct fuse_config *config) {
    (void)connection;
    config->use_ino = 1;
    config->attr_timeout = config->entry_timeout = 1;
    config->negative_timeout = 0;
    return NULL;
}

static const struct fuse_operations OPERATIONS = {
    .init = slow_init, .getattr = slow_getattr, .readdir = slow_readdir, .open = slow_open, .create = slow_create,
    .read = slow_read, .write = slow_write, .flush = slow_flush, .release = slow_release, .fsync = slow_fsync,
    .unlink = slow_unlink, .rmdir = slow_rmdir, .mkdir = slow_mkdir, .symlink = slow_symlink,
    .readlink = slow_readlink, .rename = slow_rename, .utimens = slow_utimens, .truncate = slow_truncate,
    .chmod = slow_chmod, .chown = slow_chown, .statfs = slow_statfs,
};

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s FOLDER MOUNTPOINT MICROSECONDS\n", argv[0]);
        return 2;
    }
    root = open(argv[1], O_RDONLY | O_DIRECTORY);
    if (root == -1) {
        perror(argv[1]);
        return 1;
    }
    long microseconds = atol(argv[3]);
    wait.tv_sec = microseconds / 1000000;
    wait.tv_nsec = microseconds % 1000000 * 1000;
    umask(0);
    char *arguments[] = {argv[0], argv[2], "-f", "-o", "default_permissions,max_threads=128,fsname=slowshare", NULL};
    return fuse_main(5, arguments, &OPERATIONS, NULL);
}
