/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The table of knobs, and what knob files share: the files of a control group, units, I/O schedulers. */
#include "act/knob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/cgroup_tree.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

const struct knob *const knobs[] = {
	&knob_cpu_weight, &knob_cpu_idle,          &knob_cpuset_cpus,
	&knob_memory_low, &knob_memory_soft_limit, &knob_memory_reclaim,
	&knob_io_weight,  &knob_io_prio,           NULL,
};

const struct knob *knob_find(const char *name)
{
	size_t i;

	for (i = 0; knobs[i]; i++) {
		if (!strcmp(knobs[i]->name, name))
			return knobs[i];
	}
	return NULL;
}

/* Opens the group, and makes sure that it is the one that was meant. Returns a descriptor or -errno. */
static int open_group(const struct sys_cgroup *group)
{
	cleanup_close int fd = open(group->directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char self[64];
	uint64_t id;
	int err, ret;

	if (fd < 0)
		return -errno;
	if (group->id) {
		/* the descriptor's own directory: the name may belong to another group a moment later */
		snprintf(self, sizeof(self), "/proc/self/fd/%d/.", fd);
		err = sys_cgroup_id(self, &id);
		if (err)
			return err;
		if (id != group->id)
			return -ESTALE;
	}
	ret = fd;
	fd = -1;
	return ret;
}

/* Files of a cgroup are regular files: whatever else bears the name is not opened for long. */
static int open_file(int dirfd, const char *file, int flags)
{
	cleanup_close int fd = openat(dirfd, file, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	ret = fd;
	fd = -1;
	return ret;
}

static int open_group_file(const struct sys_cgroup *group, const char *file, int flags)
{
	cleanup_close int dirfd = open_group(group);

	return dirfd < 0 ? dirfd : open_file(dirfd, file, flags);
}

int knob_read_line(const struct sys_cgroup *group, const char *file, char ret[KNOB_TEXT])
{
	cleanup_close int fd = open_group_file(group, file, O_RDONLY);
	char text[KNOB_TEXT];
	size_t used = 0, len;
	const char *end;

	if (fd < 0)
		return fd;
	/* a file of many lines need not fit: all that counts is the end of the first */
	do {
		ssize_t n = read(fd, text + used, sizeof(text) - used);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		end = memchr(text, '\n', used);
	} while (!end && used < sizeof(text));
	end = memchr(text, '\n', used);
	len = end ? (size_t)(end - text) : used;
	if (len >= KNOB_TEXT)
		return -EFBIG;
	if (memchr(text, '\0', len))
		return -EINVAL;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return 0;
}

int knob_write_line(const struct sys_cgroup *group, const char *file, const char *text)
{
	cleanup_close int fd = -1;
	char line[KNOB_TEXT + 1];
	ssize_t written;
	int len;

	len = snprintf(line, sizeof(line), "%s\n", text);
	if (len < 0 || (size_t)len >= sizeof(line))
		return -EFBIG;
	if (strchr(text, '\n'))
		return -EINVAL;
	fd = open_group_file(group, file, O_WRONLY);
	if (fd < 0)
		return fd;
	/* one write: the kernel takes each for a value of its own */
	written = write(fd, line, (size_t)len);
	if (written < 0)
		return -errno;
	return written == len ? 0 : -EIO;
}

bool knob_has_file(const struct sys_cgroup *group, const char *file)
{
	cleanup_close int dirfd = open_group(group);

	return dirfd >= 0 && !faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW);
}

int knob_refusal(int err, const char *file, char why[KNOB_WHY])
{
	switch (err) {
	case -ENOENT:
		snprintf(why, KNOB_WHY, "this kernel has no %s here", file);
		return -ENOENT;
	case -EROFS:
		snprintf(why, KNOB_WHY, "%s cannot be changed: cgroupfs is mounted read-only here", file);
		return -EROFS;
	case -EACCES:
	case -EPERM:
		snprintf(why, KNOB_WHY, "no permission to change %s", file);
		return -EACCES;
	default:
		snprintf(why, KNOB_WHY, "%s cannot be changed: %s", file, strerror(-err));
		return err;
	}
}

/* Whether the group has the files of the controller that file belongs to. Where it cannot be told, it has. */
static bool has_controller(int dirfd, struct span controller)
{
	char text[4096];
	struct span line, word, rest = { text, 0 };

	if (read_file_start_at(dirfd, "cgroup.controllers", text, sizeof(text), &rest.len))
		return true;
	if (!span_next(&rest, '\n', &line))
		return false;
	while (span_next_word(&line, &word)) {
		if (word.len == controller.len && !memcmp(word.text, controller.text, word.len))
			return true;
	}
	return false;
}

/* Why a file is not there: v2 takes the files away where the group above does not hand the controller down. */
static int explain_missing(const struct sys_cgroup *group, int dirfd, const char *file, char why[KNOB_WHY])
{
	struct span rest = { file, strlen(file) }, controller;

	if (group->v2 && span_next(&rest, '.', &controller) && !has_controller(dirfd, controller)) {
		snprintf(why, KNOB_WHY, "the controller %.*s is not enabled for this control group",
			 (int)controller.len, controller.text);
		return -EOPNOTSUPP;
	}
	return knob_refusal(-ENOENT, file, why);
}

int knob_probe_file(const struct sys_cgroup *group, const char *file, char why[KNOB_WHY])
{
	cleanup_close int dirfd = open_group(group), fd = -1;
	bool root;

	if (dirfd == -ENOENT || dirfd == -ESTALE) {
		snprintf(why, KNOB_WHY, "the control group is gone");
		return -ENOENT;
	}
	if (dirfd < 0)
		return knob_refusal(dirfd, file, why);
	/* v1 shows most files in the root as well, v2 some: they cannot be written, or change the whole machine */
	if (!sys_cgroup_is_root(dirfd, group->v2, &root) && root) {
		snprintf(why, KNOB_WHY, "%s is not changed in the root of a hierarchy", file);
		return -EACCES;
	}
	fd = open_file(dirfd, file, O_WRONLY);
	if (fd == -ENOENT)
		return explain_missing(group, dirfd, file, why);
	return fd < 0 ? knob_refusal(fd, file, why) : 0;
}

int knob_root_tells(const struct sys_cgroup *group, const char *file, int err, char why[KNOB_WHY])
{
	if (err != -EACCES || knob_has_file(group, file))
		return err;
	return knob_refusal(-ENOENT, file, why);
}

int knob_other_version(const struct sys_cgroup *group, const char *file, char why[KNOB_WHY])
{
	snprintf(why, KNOB_WHY, "cgroup %s has no %s", group->v2 ? "v2" : "v1", file);
	return -ENOENT;
}

int knob_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (parse_u64((struct span){ text, strlen(text) }, max, &value) || value < min)
		return -EINVAL;
	*ret = value;
	return 0;
}

uint64_t knob_weight_to_kernel(uint64_t thousandths, uint64_t normal, uint64_t min, uint64_t max)
{
	uint64_t weight;

	if (__builtin_mul_overflow(thousandths, normal, &weight) || weight / KNOB_WEIGHT_DEFAULT >= max)
		return max;
	weight = (weight + KNOB_WEIGHT_DEFAULT / 2) / KNOB_WEIGHT_DEFAULT;
	return weight < min ? min : weight;
}

uint64_t knob_weight_from_kernel(uint64_t weight, uint64_t normal)
{
	return (weight * KNOB_WEIGHT_DEFAULT + normal / 2) / normal;
}

uint64_t knob_page_floor(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t most = LONG_MAX / page; /* PAGE_COUNTER_MAX */

	return (bytes / page < most ? bytes / page : most) * page;
}

#define SCHEDULER_NAME 32
#define SCHEDULERS_MAX 16

struct scheduler {
	char name[SCHEDULER_NAME];
};

/* "none [mq-deadline] bfq" says that mq-deadline is in use; a device without a choice says "none". */
static int read_scheduler(int dirfd, const char *disk, struct scheduler *ret)
{
	char path[NAME_MAX + sizeof("/queue/scheduler")], text[1024];
	struct span rest = { text, 0 }, line, word;

	snprintf(path, sizeof(path), "%s/queue/scheduler", disk);
	if (read_file_start_at(dirfd, path, text, sizeof(text), &rest.len) || !span_next(&rest, '\n', &line))
		return -ENOENT;
	rest = line;
	while (span_next_word(&rest, &word)) {
		if (word.len > 2 && word.text[0] == '[' && word.text[word.len - 1] == ']') {
			line = (struct span){ word.text + 1, word.len - 2 };
			break;
		}
	}
	if (!line.len || line.len >= SCHEDULER_NAME || memchr(line.text, ' ', line.len))
		return -EINVAL;
	memcpy(ret->name, line.text, line.len);
	ret->name[line.len] = '\0';
	return 0;
}

static int compare_schedulers(const void *a, const void *b)
{
	return strcmp(((const struct scheduler *)a)->name, ((const struct scheduler *)b)->name);
}

int knob_schedulers(const char *root, char ret[KNOB_TEXT])
{
	struct scheduler found[SCHEDULERS_MAX];
	size_t count = 0, used = 0, i;
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];
	int err;

	err = sys_path(path, sizeof(path), root, "/sys/block");
	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (count < SCHEDULERS_MAX && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || read_scheduler(dirfd(dir), entry->d_name, &found[count]))
			continue;
		for (i = 0; strcmp(found[i].name, found[count].name); i++)
			;
		count += i == count;
	}
	qsort(found, count, sizeof(found[0]), compare_schedulers);
	ret[0] = '\0';
	for (i = 0; i < count && used + SCHEDULER_NAME + 2 < KNOB_TEXT; i++)
		used += (size_t)snprintf(ret + used, KNOB_TEXT - used, "%s%s", i ? ", " : "", found[i].name);
	return 0;
}

bool knob_schedulers_have(const char *list, const char *name)
{
	struct span rest = { list, strlen(list) }, piece, word;

	while (span_next(&rest, ',', &piece)) {
		if (span_next_word(&piece, &word) && span_equals(word, name))
			return true;
	}
	return false;
}
