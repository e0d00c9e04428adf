/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* forbid io_uring|bpf COMMAND [ARG]...: the command, for which a seccomp filter refuses these system calls (EPERM). */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/work.h"

static int forbid(unsigned int first, unsigned int last)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	/* the other way to be allowed to is CAP_SYS_ADMIN, which containers do not have */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	int err = -1;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "io_uring"))
		err = forbid(SYS_io_uring_setup, SYS_io_uring_register); /* the three are neighbours */
	else if (!strcmp(argv[1], "bpf"))
		err = forbid(SYS_bpf, SYS_bpf);
	if (err)
		work_die("%s", argv[1]);
	execvp(argv[2], argv + 2);
	work_die("%s", argv[2]);
}
