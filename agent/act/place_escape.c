/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What holds the processes of a v2 group only as long as they are in it. */
#include "act/place_escape.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

#define MAX "max" /* no limit, whatever has one: "max", "max 100000", "8:0 rbps=max wbps=max" */

/*
 * What a group may have set, and what its file says if it has not; empty files say so as well. Weights and protection
 * are among them: outside, a job that was made small is large, and one whose memory is protected is not.
 */
static const struct {
	const char *file;
	const char *unset, *also; /* also: what other kernels say; NULL */
} settings[] = {
	{ "cpu.max", MAX, NULL },
	{ "cpu.weight", "100", NULL },
	{ "cpu.weight.nice", "0", NULL },
	{ "cpu.idle", "0", NULL },
	{ "cpu.uclamp.min", "0.00", NULL },
	{ "cpu.uclamp.max", MAX, NULL },
	{ "cpuset.cpus", "", NULL },
	{ "cpuset.mems", "", NULL },
	{ "memory.min", "0", NULL },
	{ "memory.low", "0", NULL },
	{ "memory.high", MAX, NULL },
	{ "memory.max", MAX, NULL },
	{ "memory.swap.high", MAX, NULL },
	{ "memory.swap.max", MAX, NULL },
	{ "memory.zswap.max", MAX, NULL },
	{ "io.max", MAX, NULL },
	{ "io.latency", "", NULL },
	{ "io.weight", "default 100", NULL },
	{ "io.bfq.weight", "default 100", "100" }, /* since 5.4, for devices as well */
	{ "pids.max", MAX, NULL },
	{ "misc.max", MAX, NULL },
	{ "rdma.max", MAX, NULL },
	{ "cgroup.freeze", "0", NULL },
};

#define HUGETLB "hugetlb.*.max" /* one for each size of pages, and one more for what is reserved */
#define SETTING_MAX_BYTES 4096

/* Programs that refuse or change what the processes of a group ask for: containers are kept from devices so. */
static const struct {
	enum bpf_attach_type type;
	const char *name;
} filters[] = {
	{ BPF_CGROUP_DEVICE, "device filter" },
	{ BPF_CGROUP_INET_INGRESS, "network filter" },
	{ BPF_CGROUP_INET_EGRESS, "network filter" },
	{ BPF_CGROUP_INET_SOCK_CREATE, "socket filter" },
	{ BPF_CGROUP_INET4_BIND, "address filter" },
	{ BPF_CGROUP_INET6_BIND, "address filter" },
	{ BPF_CGROUP_INET4_POST_BIND, "address filter" },
	{ BPF_CGROUP_INET6_POST_BIND, "address filter" },
	{ BPF_CGROUP_INET4_CONNECT, "address filter" },
	{ BPF_CGROUP_INET6_CONNECT, "address filter" },
	{ BPF_CGROUP_UDP4_SENDMSG, "address filter" },
	{ BPF_CGROUP_UDP6_SENDMSG, "address filter" },
	{ BPF_CGROUP_UDP4_RECVMSG, "address filter" },
	{ BPF_CGROUP_UDP6_RECVMSG, "address filter" },
	{ BPF_CGROUP_SOCK_OPS, "socket program" },
	{ BPF_CGROUP_GETSOCKOPT, "socket option filter" },
	{ BPF_CGROUP_SETSOCKOPT, "socket option filter" },
	{ BPF_CGROUP_SYSCTL, "sysctl filter" },
};

static bool ends_in_max(struct span word)
{
	const size_t len = strlen(MAX);

	if (word.len < len || memcmp(word.text + word.len - len, MAX, len))
		return false;
	return word.len == len || word.text[word.len - len - 1] == '=';
}

#define BEYOND_ANY_MACHINE (1ULL << 62)

/* "max", or as some kernels say it for huge pages (6.18 does): the most bytes that fit into a counter of pages. */
static bool is_max(struct span word)
{
	uint64_t value;

	return span_equals(word, MAX) || (!parse_u64(word, UINT64_MAX, &value) && value >= BEYOND_ANY_MACHINE);
}

/* Whether a line has no limit: it begins with "max", or all that follows the name of a device is "max". */
static bool is_unlimited(struct span line)
{
	struct span word;
	bool all = true;

	if (!span_next_word(&line, &word) || is_max(word))
		return true;
	if (!span_next_word(&line, &word))
		return false;
	do
		all = ends_in_max(word);
	while (all && span_next_word(&line, &word));
	return all;
}

/* Whether a file says that nothing is set. Returns 0 or -errno. */
static int is_unset(int dirfd, const char *file, const char *unset, const char *also, bool *ret)
{
	char text[SETTING_MAX_BYTES];
	struct span rest, line;
	size_t len;
	bool is;
	int err;

	err = read_file_start_at(dirfd, file, text, sizeof(text), &len);
	if (err)
		return err;
	is = len < sizeof(text); /* what is cut off may be a limit */
	rest = (struct span){ text, len };
	if (len && text[len - 1] == '\n')
		rest.len--;
	if (rest.len && !strcmp(unset, MAX)) {
		while (is && span_next(&rest, '\n', &line))
			is = is_unlimited(line);
	} else if (rest.len) {
		is = is && (span_equals(rest, unset) || (also && span_equals(rest, also)));
	}
	*ret = is;
	return 0;
}

static int find_setting(int dirfd, const char *kept, const char **ret_name)
{
	size_t i;

	*ret_name = NULL;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]) && !*ret_name; i++) {
		bool unset = true;
		int err = 0;

		if (!kept || strcmp(kept, settings[i].file))
			err = is_unset(dirfd, settings[i].file, settings[i].unset, settings[i].also, &unset);
		/* the controller is not handed down so far */
		if (err && err != -ENOENT)
			return err;
		if (!unset)
			*ret_name = settings[i].file;
	}
	return 0;
}

static int find_hugetlb(int fd, const char **ret_name)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool unset = true;
	int err = 0;

	if (!dir) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	while (unset && !err && (entry = readdir(dir))) {
		if (!fnmatch(HUGETLB, entry->d_name, 0))
			err = is_unset(fd, entry->d_name, MAX, NULL, &unset);
	}
	if (!unset)
		*ret_name = HUGETLB;
	return err;
}

static int find_filter(int dirfd, const char **ret_name)
{
	/* bpf(2) takes no descriptor that was opened with O_PATH */
	cleanup_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		uint32_t programs = 0;
		int err = bpf_prog_query(fd, filters[i].type, 0, NULL, NULL, &programs);

		if (err == -EINVAL) /* a kernel without CONFIG_CGROUP_BPF, or without this kind */
			continue;
		if (err)
			return err;
		if (programs) {
			*ret_name = filters[i].name;
			return 0;
		}
	}
	return 0;
}

int place_escape(int dirfd, const char *kept, const char **ret_name)
{
	const char *name;
	struct statfs fs;
	int err;

	err = find_setting(dirfd, kept, &name);
	if (!err && !name)
		err = find_hugetlb(dirfd, &name);
	if (!err && !name && !fstatfs(dirfd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		err = find_filter(dirfd, &name);
	if (!err)
		*ret_name = name;
	return err;
}
