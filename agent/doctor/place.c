// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Where we run: container, files of our own, disks, and the fast way to read from them. */
#include "doctor/checks.h"

#include <errno.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"

#define FIRST_PID_NAMESPACE 0xeffffffcUL /* its inode number is part of the kernel's interface */
#define DISKS_MAX 24

static void check_namespace(struct findings *f, const char *root)
{
	char path[PATH_MAX];
	struct stat st;

	if (sys_path(path, sizeof(path), root, "/proc/self/ns/pid") || stat(path, &st))
		findings_unknown(f, "container", "/proc/self/ns/pid cannot be read");
	else if (st.st_ino == FIRST_PID_NAMESPACE)
		findings_ok(f, "container", "none: the machine's own pid namespace");
	else
		findings_ok(
			f, "container",
			"a pid namespace of its own: processes outside are followed by name, but their command lines "
			"and limits stay unknown, and pids differ from those that the host sees");
}

static void check_settings(struct findings *f, const char *settings)
{
	if (!access(settings, F_OK))
		findings_ok(f, "settings", "%s was read", settings);
	else
		findings_ok(f, "settings", "defaults: there is no %s", settings);
}

void check_place(struct findings *f, const char *root, const char *settings)
{
	findings_group(f, "Place");
	check_namespace(f, root);
	check_settings(f, settings);
}

static bool disabled_by_sysctl(const char *root)
{
	cleanup_free char *text = NULL;
	size_t len;

	return !sys_read(root, "/proc/sys/kernel/io_uring_disabled", 64, &text, &len) && text[0] != '0';
}

void check_io_uring(struct findings *f, const char *root)
{
	struct io_uring_params params = { 0 };
	cleanup_close int fd = (int)syscall(SYS_io_uring_setup, 1, &params);
	int err = errno;

	if (fd >= 0)
		findings_ok(f, "io_uring",
			    "allowed: accel-agent warm and prefetch read by it, where it is faster than threads");
	else if (err == ENOSYS)
		findings_missing(
			f, FINDING_PART, "io_uring",
			"for reading ahead, which threads do instead: needs Linux 5.1 or later with CONFIG_IO_URING=y, "
			"and a container's seccomp profile that knows it");
	else if (err == EPERM && disabled_by_sysctl(root))
		findings_missing(
			f, FINDING_PART, "io_uring",
			"for reading ahead, which threads do instead: needs sysctl kernel.io_uring_disabled=0");
	else if (err == EPERM)
		findings_missing(
			f, FINDING_PART, "io_uring",
			"for reading ahead, which threads do instead: needs a container's seccomp profile that allows "
			"io_uring_setup(2)");
	else
		findings_unknown(f, "io_uring", "io_uring_setup(2): %s", strerror(err));
}

/* The nearest folder that is there: what is missing would be made in it. */
void check_state_folders(struct findings *f, const char *root)
{
	static const char *const folders[][3] = {
		{ "/run/accel-agent", "/run", "for what was there before each change" },
		{ "/var/lib/accel-agent", "/var/lib", "for the profiles of what commands read" },
	};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const char *folder = folders[i][0];

		if (sys_path(path, sizeof(path), root, "%s", folder))
			continue;
		if (access(path, F_OK)) {
			folder = folders[i][1];
			if (sys_path(path, sizeof(path), root, "%s", folder))
				continue;
		}
		if (access(path, W_OK))
			findings_missing(f, FINDING_PART, folders[i][1],
					 "%s (%s), %s: needs root, and a mount that may be written", folder,
					 strerror(errno), folders[i][2]);
		else
			findings_ok(f, folders[i][1], "%s is writable, %s", folder, folders[i][2]);
	}
}

/* Loop and RAM disks that nothing is in have no size. */
static bool is_empty(const char *root, const char *disk)
{
	cleanup_free char *text = NULL;
	char path[PATH_MAX];
	size_t len;

	if (sys_path(path, sizeof(path), "", "/sys/block/%s/size", disk))
		return true;
	return !sys_read(root, path, 64, &text, &len) && (!len || text[0] == '0');
}

static void check_disk(struct findings *f, const char *root, const char *disk)
{
	cleanup_free char *text = NULL;
	char path[PATH_MAX], scheduler[64];
	size_t len;

	if (sys_path(path, sizeof(path), "", "/sys/block/%s/queue/scheduler", disk))
		return;
	if (sys_read(root, path, 4096, &text, &len))
		findings_ok(f, disk, "requests are not scheduled here: it stands for other devices, or for memory");
	else if (check_choice(text, len, scheduler, sizeof(scheduler)))
		findings_ok(f, disk, "I/O scheduler %.*s", (int)strcspn(text, "\n"), text);
	else
		findings_ok(f, disk, "I/O scheduler %s", scheduler);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void check_disks(struct findings *f, const char *root)
{
	char path[PATH_MAX], (*names)[NAME_MAX + 1] = calloc(DISKS_MAX, sizeof(*names));
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	size_t n = 0, more = 0, i;

	findings_group(f, "Disks");
	if (!sys_path(path, sizeof(path), root, "/sys/block"))
		dir = opendir(path);
	while (dir && names && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || is_empty(root, entry->d_name))
			continue;
		if (n < DISKS_MAX)
			snprintf(names[n++], sizeof(*names), "%s", entry->d_name);
		else
			more++;
	}
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++)
		check_disk(f, root, names[i]);
	if (more)
		findings_ok(f, "more", "%zu disks are not shown", more);
	if (!dir)
		findings_unknown(f, "disks", "/sys/block cannot be read: sysfs may not be mounted");
	else if (!n)
		findings_ok(f, "disks", "this machine has none");
	free(names);
}
