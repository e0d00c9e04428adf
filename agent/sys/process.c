/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes, as procfs shows them. Names and arguments are chosen by the processes: not safe to print as they are. */
#include "sys/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"
#include "util/text.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; part of the stat line's ABI since 2.6 */
#define STAT_MAX_BYTES 4096

/* Fields of the stat line, numbered as in proc(5). */
enum {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_GROUP = 5,
	FIELD_FLAGS = 9,
	FIELD_THREADS = 20,
	FIELD_START = 22,
	FIELD_CPU = 39
};

static int parse_pid(struct span text, pid_t *ret)
{
	uint64_t value;
	int err = parse_u64(text, INT_MAX, &value);

	if (!err)
		*ret = (pid_t)value;
	return err;
}

static int parse_stat_field(unsigned int field, struct span word, struct sys_process_stat *stat)
{
	uint64_t value = 0;
	int err = 0;

	switch (field) {
	case FIELD_STATE:
		if (word.len != 1)
			return -EINVAL;
		stat->state = word.text[0];
		break;
	case FIELD_PARENT:
		err = parse_pid(word, &stat->parent);
		break;
	case FIELD_GROUP:
		if (parse_pid(word, &stat->group)) /* -1 */
			stat->group = 0;
		break;
	case FIELD_FLAGS:
		err = parse_u64(word, UINT32_MAX, &value);
		stat->kernel_thread = value & PF_KTHREAD;
		break;
	case FIELD_THREADS:
		err = parse_u64(word, INT_MAX, &value);
		stat->threads = (uint32_t)value;
		break;
	case FIELD_START:
		err = parse_u64(word, UINT64_MAX, &stat->start_ticks);
		break;
	case FIELD_CPU:
		err = parse_u64(word, INT_MAX, &value);
		stat->cpu = (uint32_t)value;
		break;
	}
	return err;
}

int sys_process_stat_parse(const char *text, size_t len, struct sys_process_stat *ret)
{
	struct sys_process_stat stat = { 0 };
	const char *open, *close;
	struct span rest, word;
	unsigned int field;
	size_t n;

	if (len && text[len - 1] == '\n')
		len--;
	open = memchr(text, '(', len);
	close = memrchr(text, ')', len);
	if (!open || !close || close < open || open == text || open[-1] != ' ')
		return -EINVAL;
	if (parse_pid((struct span){ text, (size_t)(open - 1 - text) }, &stat.pid))
		return -EINVAL;
	n = (size_t)(close - open) - 1;
	memcpy(stat.comm, open + 1, n < sizeof(stat.comm) ? n : sizeof(stat.comm) - 1);

	rest = (struct span){ close + 1, len - (size_t)(close + 1 - text) };
	for (field = FIELD_STATE; field <= FIELD_CPU; field++) {
		if (!span_next_word(&rest, &word) || parse_stat_field(field, word, &stat))
			return -EINVAL;
	}
	*ret = stat;
	return 0;
}

static int open_process(const char *root, pid_t pid)
{
	char path[PATH_MAX];
	int fd, err;

	err = sys_path(path, sizeof(path), root, "/proc/%d", pid);
	if (err)
		return err;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_stat(int dirfd, const char *path, struct sys_process_stat *ret)
{
	char text[STAT_MAX_BYTES];
	size_t len;
	int err;

	err = read_file_start_at(dirfd, path, text, sizeof(text), &len);
	return err ? err : sys_process_stat_parse(text, len, ret);
}

/* The kernel appends this to the path of a program whose file is gone, as happens when a package is upgraded. */
static size_t length_without_deleted(const char *path, size_t len)
{
	static const char deleted[] = " (deleted)";
	size_t n = sizeof(deleted) - 1;

	return len > n && !memcmp(path + len - n, deleted, n) ? len - n : len;
}

static void read_exe(int dirfd, char *ret, size_t size)
{
	char path[PATH_MAX];
	ssize_t len = readlinkat(dirfd, "exe", path, sizeof(path) - 1);
	const char *slash, *name;

	*ret = '\0';
	if (len <= 0)
		return; /* a kernel thread, a zombie, or not ours to see */
	path[length_without_deleted(path, (size_t)len)] = '\0';
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	if (strlen(name) < size)
		strcpy(ret, name);
}

static int read_argv(int dirfd, struct sys_process *process)
{
	size_t len;
	int err;

	err = read_file_start_at(dirfd, "cmdline", process->argv, sizeof(process->argv), &len);
	if (err)
		return err;
	process->argv_cut = len > SYS_ARGV_MAX;
	if (process->argv_cut)
		len = SYS_ARGV_MAX;
	/* programs that rewrite their arguments as a title leave it unterminated, or pad it with NULs */
	while (len > 1 && !process->argv[len - 1] && !process->argv[len - 2])
		len--;
	if (len && process->argv[len - 1]) {
		if (len == SYS_ARGV_MAX)
			len--;
		process->argv[len++] = '\0';
	}
	process->argv[len] = '\0';
	process->argv_len = len;
	return 0;
}

int sys_process_read(const char *root, pid_t pid, struct sys_process *ret)
{
	cleanup_close int dirfd = open_process(root, pid);
	cleanup_free struct sys_process *process = NULL;
	int err;

	if (dirfd < 0)
		return dirfd;
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	err = read_stat(dirfd, "stat", &process->stat);
	if (err)
		return err;
	read_exe(dirfd, process->exe, sizeof(process->exe));
	err = read_argv(dirfd, process);
	if (err)
		return err;
	*ret = *process;
	return 0;
}

void sys_process_command_line(const struct sys_process *process, char *ret, size_t size)
{
	struct span rest = { process->argv, process->argv_len }, arg;
	bool cut = process->argv_cut;
	size_t used = 0, room = size - 3; /* for "..." */
	char piece[4 * SYS_ARGV_MAX + 1];

	if (!process->argv_len) {
		text_escape(process->stat.comm, strlen(process->stat.comm), piece, sizeof(piece));
		snprintf(ret, size, "[%s]", piece);
		return;
	}
	while (span_next(&rest, '\0', &arg)) {
		size_t len = text_escape(arg.text, arg.len, piece, sizeof(piece));
		size_t blank = arg.text != process->argv;

		if (used + blank + len >= room) {
			if (used + blank < room)
				used += (size_t)snprintf(ret + used, room - used, "%s", blank ? " " : "");
			used += text_escape(arg.text, arg.len, ret + used, room - used);
			cut = true;
			break;
		}
		used += (size_t)sprintf(ret + used, "%s%s", blank ? " " : "", piece);
	}
	memcpy(ret + used, cut ? "..." : "", cut ? 4 : 1);
}

int sys_process_list(const char *root, pid_t **ret_pids, size_t *ret_count)
{
	cleanup_free pid_t *pids = NULL;
	cleanup_dir DIR *dir = NULL;
	size_t count = 0, room = 0;
	struct dirent *entry;
	char path[PATH_MAX];
	pid_t pid;
	int err;

	err = sys_path(path, sizeof(path), root, "/proc");
	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return -errno;
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (parse_pid((struct span){ entry->d_name, strlen(entry->d_name) }, &pid))
			continue;
		if (count == room) {
			pid_t *larger;

			room = room ? room * 2 : 256;
			larger = realloc(pids, room * sizeof(*pids));
			if (!larger)
				return -ENOMEM;
			pids = larger;
		}
		pids[count++] = pid;
	}
	if (errno)
		return -errno;
	*ret_pids = pids;
	*ret_count = count;
	pids = NULL;
	return 0;
}

int sys_process_stat_read(const char *root, pid_t pid, struct sys_process_stat *ret)
{
	char path[PATH_MAX];
	int err = sys_path(path, sizeof(path), root, "/proc/%d/task/%d/stat", pid, pid);

	return err ? err : read_stat(AT_FDCWD, path, ret);
}

int sys_process_start_time(const char *root, pid_t pid, uint64_t *ret_ticks)
{
	struct sys_process_stat stat;
	int err = sys_process_stat_read(root, pid, &stat);

	if (!err)
		*ret_ticks = stat.start_ticks;
	return err;
}

int sys_process_of(const char *root, int pidfd, pid_t *ret)
{
	cleanup_free char *text = NULL;
	struct span rest, line, name;
	char path[64];
	pid_t pid;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	err = sys_read(root, path, STAT_MAX_BYTES, &text, &len);
	if (err)
		return err;
	rest = (struct span){ text, len };
	while (span_next(&rest, '\n', &line)) {
		if (!span_next(&line, '\t', &name) || !span_equals(name, "Pid:"))
			continue;
		if (span_equals(line, "-1") || span_equals(line, "0"))
			return -ESRCH;
		err = parse_pid(line, &pid);
		if (!err)
			*ret = pid;
		return err;
	}
	return -EINVAL;
}
