/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes whose threads are in several groups: v1 allows it, and virtual machines' CPUs have quotas that way. */
#include "act/place_threads.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/cgroup.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"

#define ONE_THREAD 3 /* links of a folder with one folder in it: procfs counts threads that way */
#define CGROUP_MAX_BYTES (64U << 10)

/* Finds the path of a thread. Returns 0, -ENOENT (it ended, or is in no such hierarchy) or -errno. */
static int thread_path(int tasks, const char *thread, const char *controller, char ret[PATH_MAX])
{
	cleanup_free char *text = NULL;
	char file[NAME_MAX + sizeof("/cgroup")];
	size_t len;
	bool v2;
	int err;

	snprintf(file, sizeof(file), "%s/cgroup", thread);
	err = read_file_at(tasks, file, CGROUP_MAX_BYTES, &text, &len);
	if (err)
		return err == -ESRCH ? -ENOENT : err;
	return sys_cgroup_parse(text, len, controller, ret, &v2);
}

static int compare(DIR *tasks, const char *controller, bool *ret_apart)
{
	char first[PATH_MAX] = "", path[PATH_MAX];
	const struct dirent *entry;
	bool apart = false;
	int err;

	while (!apart && (entry = readdir(tasks))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		err = thread_path(dirfd(tasks), entry->d_name, controller, path);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		if (!*first)
			strcpy(first, path);
		apart = strcmp(first, path) != 0;
	}
	*ret_apart = apart;
	return 0;
}

int place_threads(const char *root, pid_t pid, const char *controller, bool *ret_apart)
{
	cleanup_dir DIR *tasks = NULL;
	char path[PATH_MAX];
	struct stat st;
	int err;

	err = sys_path(path, sizeof(path), root, "/proc/%d/task", pid);
	if (err)
		return err;
	if (!stat(path, &st) && st.st_nlink == ONE_THREAD) {
		*ret_apart = false;
		return 0;
	}
	tasks = opendir(path);
	if (tasks)
		return compare(tasks, controller, ret_apart);
	if (errno != ENOENT && errno != ESRCH)
		return -errno;
	*ret_apart = false;
	return 0;
}
