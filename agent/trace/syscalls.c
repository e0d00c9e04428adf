// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * System calls by what a thread waits for in them. sendfile and copy_file_range may wait for reads as well: a write is
 * the more common case. Those not listed are "other".
 */
#include "trace/syscalls.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

static const struct {
	unsigned short number;
	__u8 class;
} rows[] = {
#ifdef SYS_wait4
	{ SYS_wait4, AA_SYS_CHILD },
#endif
#ifdef SYS_waitid
	{ SYS_waitid, AA_SYS_CHILD },
#endif
#ifdef SYS_futex
	{ SYS_futex, AA_SYS_FUTEX },
#endif
#ifdef SYS_futex_waitv
	{ SYS_futex_waitv, AA_SYS_FUTEX },
#endif
#ifdef SYS_nanosleep
	{ SYS_nanosleep, AA_SYS_TIMER },
#endif
#ifdef SYS_clock_nanosleep
	{ SYS_clock_nanosleep, AA_SYS_TIMER },
#endif
#ifdef SYS_accept
	{ SYS_accept, AA_SYS_SOCKET },
#endif
#ifdef SYS_accept4
	{ SYS_accept4, AA_SYS_SOCKET },
#endif
#ifdef SYS_connect
	{ SYS_connect, AA_SYS_SOCKET },
#endif
#ifdef SYS_recvfrom
	{ SYS_recvfrom, AA_SYS_SOCKET },
#endif
#ifdef SYS_recvmsg
	{ SYS_recvmsg, AA_SYS_SOCKET },
#endif
#ifdef SYS_recvmmsg
	{ SYS_recvmmsg, AA_SYS_SOCKET },
#endif
#ifdef SYS_sendto
	{ SYS_sendto, AA_SYS_SOCKET },
#endif
#ifdef SYS_sendmsg
	{ SYS_sendmsg, AA_SYS_SOCKET },
#endif
#ifdef SYS_sendmmsg
	{ SYS_sendmmsg, AA_SYS_SOCKET },
#endif
#ifdef SYS_read
	{ SYS_read, AA_SYS_READ_FD },
#endif
#ifdef SYS_readv
	{ SYS_readv, AA_SYS_READ_FD },
#endif
#ifdef SYS_pread64
	{ SYS_pread64, AA_SYS_READ_FD },
#endif
#ifdef SYS_preadv
	{ SYS_preadv, AA_SYS_READ_FD },
#endif
#ifdef SYS_preadv2
	{ SYS_preadv2, AA_SYS_READ_FD },
#endif
#ifdef SYS_splice
	{ SYS_splice, AA_SYS_READ_FD },
#endif
#ifdef SYS_tee
	{ SYS_tee, AA_SYS_READ_FD },
#endif
#ifdef SYS_write
	{ SYS_write, AA_SYS_WRITE_FD },
#endif
#ifdef SYS_writev
	{ SYS_writev, AA_SYS_WRITE_FD },
#endif
#ifdef SYS_pwrite64
	{ SYS_pwrite64, AA_SYS_WRITE_FD },
#endif
#ifdef SYS_pwritev
	{ SYS_pwritev, AA_SYS_WRITE_FD },
#endif
#ifdef SYS_pwritev2
	{ SYS_pwritev2, AA_SYS_WRITE_FD },
#endif
#ifdef SYS_poll
	{ SYS_poll, AA_SYS_POLL },
#endif
#ifdef SYS_ppoll
	{ SYS_ppoll, AA_SYS_POLL },
#endif
#ifdef SYS_fsync
	{ SYS_fsync, AA_SYS_SYNC },
#endif
#ifdef SYS_fdatasync
	{ SYS_fdatasync, AA_SYS_SYNC },
#endif
#ifdef SYS_sync
	{ SYS_sync, AA_SYS_SYNC },
#endif
#ifdef SYS_syncfs
	{ SYS_syncfs, AA_SYS_SYNC },
#endif
#ifdef SYS_msync
	{ SYS_msync, AA_SYS_SYNC },
#endif
#ifdef SYS_sync_file_range
	{ SYS_sync_file_range, AA_SYS_SYNC },
#endif
#ifdef SYS_truncate
	{ SYS_truncate, AA_SYS_WRITE },
#endif
#ifdef SYS_ftruncate
	{ SYS_ftruncate, AA_SYS_WRITE },
#endif
#ifdef SYS_fallocate
	{ SYS_fallocate, AA_SYS_WRITE },
#endif
#ifdef SYS_copy_file_range
	{ SYS_copy_file_range, AA_SYS_WRITE },
#endif
#ifdef SYS_sendfile
	{ SYS_sendfile, AA_SYS_WRITE },
#endif
#ifdef SYS_rename
	{ SYS_rename, AA_SYS_WRITE },
#endif
#ifdef SYS_renameat
	{ SYS_renameat, AA_SYS_WRITE },
#endif
#ifdef SYS_renameat2
	{ SYS_renameat2, AA_SYS_WRITE },
#endif
#ifdef SYS_unlink
	{ SYS_unlink, AA_SYS_WRITE },
#endif
#ifdef SYS_unlinkat
	{ SYS_unlinkat, AA_SYS_WRITE },
#endif
#ifdef SYS_mkdir
	{ SYS_mkdir, AA_SYS_WRITE },
#endif
#ifdef SYS_mkdirat
	{ SYS_mkdirat, AA_SYS_WRITE },
#endif
#ifdef SYS_rmdir
	{ SYS_rmdir, AA_SYS_WRITE },
#endif
#ifdef SYS_link
	{ SYS_link, AA_SYS_WRITE },
#endif
#ifdef SYS_linkat
	{ SYS_linkat, AA_SYS_WRITE },
#endif
#ifdef SYS_symlink
	{ SYS_symlink, AA_SYS_WRITE },
#endif
#ifdef SYS_symlinkat
	{ SYS_symlinkat, AA_SYS_WRITE },
#endif
#ifdef SYS_creat
	{ SYS_creat, AA_SYS_WRITE },
#endif
#ifdef SYS_io_uring_enter
	{ SYS_io_uring_enter, AA_SYS_RING },
#endif
#ifdef SYS_io_getevents
	{ SYS_io_getevents, AA_SYS_RING },
#endif
#ifdef SYS_io_pgetevents
	{ SYS_io_pgetevents, AA_SYS_RING },
#endif
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

void syscalls_classify(__u8 table[AA_SYSCALLS])
{
	size_t i;

	memset(table, AA_SYS_OTHER, AA_SYSCALLS);
	for (i = 0; i < ROWS; i++)
		if (rows[i].number < AA_SYSCALLS)
			table[rows[i].number] = rows[i].class;
}
