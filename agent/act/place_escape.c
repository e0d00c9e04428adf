/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What holds the processes of a v2 group only as long as they are in it. */
#include "act/place_escape.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/vfs.h>

#include "sys/cgroup_tree.h"
#include "util/cleanup.h"

/* "max", "max 100000" or nothing is no limit. */
static const char *const limits[] = { "cpu.max",  "cpuset.cpus", "cpuset.mems",     "memory.high",
				      "pids.max", "memory.max",  "memory.swap.max", "io.max" };

/* Programs that refuse what the processes of a group ask for: containers keep them from devices and addresses so. */
static const struct {
	enum bpf_attach_type type;
	const char *name;
} filters[] = {
	{ BPF_CGROUP_DEVICE, "device filter" },         { BPF_CGROUP_INET_INGRESS, "network filter" },
	{ BPF_CGROUP_INET_EGRESS, "network filter" },   { BPF_CGROUP_INET_SOCK_CREATE, "socket filter" },
	{ BPF_CGROUP_INET4_BIND, "address filter" },    { BPF_CGROUP_INET6_BIND, "address filter" },
	{ BPF_CGROUP_INET4_CONNECT, "address filter" }, { BPF_CGROUP_INET6_CONNECT, "address filter" },
	{ BPF_CGROUP_UDP4_SENDMSG, "address filter" },  { BPF_CGROUP_UDP6_SENDMSG, "address filter" },
	{ BPF_CGROUP_SYSCTL, "sysctl filter" },
};

static int find_limit(int dirfd, const char *kept, const char **ret_name)
{
	char line[4096];
	size_t i;
	int err;

	*ret_name = NULL;
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (kept && !strcmp(kept, limits[i]))
			continue;
		err = sys_cgroup_line(dirfd, limits[i], line, sizeof(line));
		if (err == -ENOENT) /* the controller is not handed down so far */
			continue;
		if (err && err != -EFBIG)
			return err;
		if (err || (*line && strcmp(line, "max") && strncmp(line, "max ", 4))) {
			*ret_name = limits[i];
			return 0;
		}
	}
	return 0;
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

	err = find_limit(dirfd, kept, &name);
	if (!err && !name && !fstatfs(dirfd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		err = find_filter(dirfd, &name);
	if (!err)
		*ret_name = name;
	return err;
}
