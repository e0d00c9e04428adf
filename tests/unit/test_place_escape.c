/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the processes of a v2 group would leave behind, in a folder that stands for it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place_escape.h"
#include "tests/unit/fake_group.h"

#define NO_TYPE ((enum bpf_attach_type) - 1)

static enum bpf_attach_type attached; /* the group has a program of this type */

/* In the place of the C library's, and libbpf's: the folder is on cgroupfs. */
int fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	memset(fs, 0, sizeof(*fs));
	fs->f_type = CGROUP2_SUPER_MAGIC;
	return 0;
}

int bpf_prog_query(int fd, enum bpf_attach_type type, __u32 flags, __u32 *ret_flags, __u32 *ids, __u32 *ret_count)
{
	(void)fd, (void)flags, (void)ret_flags, (void)ids;
	if (type == BPF_CGROUP_INET_EGRESS && attached != type)
		return -EINVAL; /* this kernel does not know it */
	*ret_count = type == attached;
	return 0;
}

static const char *escape(const struct fake *fake, const char *kept)
{
	int fd = open(fake->v2.directory, O_PATH | O_DIRECTORY);
	const char *name = "untouched";

	assert_true(fd >= 0);
	assert_int_equal(place_escape(fd, kept, &name), 0);
	close(fd);
	return name;
}

static void put(const struct fake *fake, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/v2/app/%s", file);
	fake_put(fake, path, text);
}

static int make(void **state)
{
	attached = NO_TYPE;
	return fake_make(state);
}

/* As the kernel has them in a new group, and set. */
static const struct {
	const char *file, *fresh, *set;
} files[] = {
	{ "cpu.max", "max 100000\n", "50000 100000\n" },
	{ "cpu.weight", "100\n", "20\n" },
	{ "cpu.weight.nice", "0\n", "7\n" },
	{ "cpu.idle", "0\n", "1\n" },
	{ "cpu.uclamp.min", "0.00\n", "20.00\n" },
	{ "cpu.uclamp.max", "max\n", "50.00\n" },
	{ "cpuset.cpus", "\n", "0-1\n" },
	{ "cpuset.mems", "\n", "0\n" },
	{ "memory.min", "0\n", "4096\n" },
	{ "memory.low", "0\n", "max\n" },
	{ "memory.high", "max\n", "4096\n" },
	{ "memory.max", "max\n", "4096\n" },
	{ "memory.swap.high", "max\n", "0\n" },
	{ "memory.swap.max", "max\n", "0\n" },
	{ "memory.zswap.max", "max\n", "0\n" },
	{ "io.max", "", "8:16 rbps=2097152 wbps=max riops=max wiops=max\n" },
	{ "io.latency", "", "8:16 target=2000\n" },
	{ "io.weight", "default 100\n", "default 100\n8:16 200\n" },
	{ "io.bfq.weight", "default 100\n", "default 10\n" },
	{ "pids.max", "max\n", "100\n" },
	{ "misc.max", "sev max\nsev_es max\n", "sev max\nsev_es 4\n" },
	{ "rdma.max", "mlx4_0 hca_handle=max hca_object=max\n", "mlx4_0 hca_handle=max hca_object=2000\n" },
	{ "cgroup.freeze", "0\n", "1\n" },
};

/* What no one has set holds nobody; each setting alone does, under the name of its file. */
static void each_setting_holds(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(*state, files[i].file, files[i].fresh);
	assert_null(escape(*state, NULL));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put(*state, files[i].file, files[i].set);
		assert_string_equal(escape(*state, NULL), files[i].file);
		assert_null(escape(*state, files[i].file)); /* which they will find again */
		put(*state, files[i].file, files[i].fresh);
	}
}

/* Older kernels know no devices there. */
static void bfq_has_two_defaults(void **state)
{
	put(*state, "io.bfq.weight", "100\n");
	assert_null(escape(*state, NULL));
	put(*state, "io.bfq.weight", "default 100\n8:0 10\n");
	assert_string_equal(escape(*state, NULL), "io.bfq.weight");
}

/* Of huge pages, each size has a limit, and so has what is reserved of it; what else is there is no limit. */
static void huge_pages_are_limited(void **state)
{
	put(*state, "hugetlb.2MB.max", "max\n");
	put(*state, "hugetlb.1GB.rsvd.max", "9223372036854771712\n"); /* as 6.18 has it */
	put(*state, "hugetlb.2MB.current", "8\n");
	assert_null(escape(*state, NULL));
	put(*state, "hugetlb.1GB.rsvd.max", "0\n");
	assert_string_equal(escape(*state, NULL), "hugetlb.*.max");
}

/* What does not fit into the buffer may be a limit. */
static void long_files_hold(void **state)
{
	char text[8192] = "";

	while (strlen(text) < sizeof(text) - 16)
		strcat(text, "res max\n"); /* divides any size that a buffer has */
	put(*state, "misc.max", text);
	assert_string_equal(escape(*state, NULL), "misc.max");
}

/* Each kind of program that refuses or changes what they do. */
static void programs_hold(void **state)
{
	static const enum bpf_attach_type types[] = {
		BPF_CGROUP_DEVICE,           BPF_CGROUP_INET_INGRESS,    BPF_CGROUP_INET_EGRESS,
		BPF_CGROUP_INET_SOCK_CREATE, BPF_CGROUP_INET4_BIND,      BPF_CGROUP_INET6_BIND,
		BPF_CGROUP_INET4_POST_BIND,  BPF_CGROUP_INET6_POST_BIND, BPF_CGROUP_INET4_CONNECT,
		BPF_CGROUP_INET6_CONNECT,    BPF_CGROUP_UDP4_SENDMSG,    BPF_CGROUP_UDP6_SENDMSG,
		BPF_CGROUP_UDP4_RECVMSG,     BPF_CGROUP_UDP6_RECVMSG,    BPF_CGROUP_SOCK_OPS,
		BPF_CGROUP_GETSOCKOPT,       BPF_CGROUP_SETSOCKOPT,      BPF_CGROUP_SYSCTL,
	};
	size_t i;

	assert_null(escape(*state, NULL));
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		attached = types[i];
		assert_non_null(escape(*state, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, fake_remove)
		TEST(each_setting_holds), TEST(bfq_has_two_defaults), TEST(huge_pages_are_limited),
		TEST(long_files_hold),    TEST(programs_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
