/* Loaded before libc: every sync fails with EIO while the file named by FENGHUO_TEST_SYNC_FAILS exists. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failing(void) {
    const char *flag = getenv("FENGHUO_TEST_SYNC_FAILS");
    return flag != NULL && access(flag, F_OK) == 0;
}

static int sync_by(long number, int fd) {
    if (failing()) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int fsync(int fd) { return sync_by(SYS_fsync, fd); }

int fdatasync(int fd) { return sync_by(SYS_fdatasync, fd); }
