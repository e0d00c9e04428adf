/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary folder in place of the system's root, for tests of what writes to /sys. Failures end the test. */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/cgroup.h"

int sandbox_make(void **state)
{
	struct sandbox *s = calloc(1, sizeof(*s));

	strcpy(s->root, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(s->root))
		return -1;
	strcat(strcpy(s->state, s->root), "/state");
	*state = s;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int sandbox_remove(void **state)
{
	struct sandbox *s = *state;
	int err = nftw(s->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(s);
	return err;
}

const char *sandbox_path(struct sandbox *s, const char *below)
{
	char *path = s->paths[s->next++ % 4];

	assert_true(strlen(s->root) + strlen(below) < PATH_MAX);
	return strcat(strcpy(path, s->root), below);
}

static void make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

uint64_t sandbox_group(struct sandbox *s, const char *below)
{
	char path[PATH_MAX];
	uint64_t id = 0;

	snprintf(path, sizeof(path), "%s%s/", s->root, below);
	make_folders(path);
	assert_int_equal(sys_cgroup_id(path, &id), 0);
	return id;
}

void sandbox_write(struct sandbox *s, const char *below, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", s->root, below);
	make_folders(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void sandbox_assert(struct sandbox *s, const char *below, const char *text)
{
	FILE *file = fopen(sandbox_path(s, below), "r");
	char found[256] = "";

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

unsigned int sandbox_journals(struct sandbox *s, const char *prefix, char ret[PATH_MAX])
{
	DIR *dir = opendir(s->state);
	const struct dirent *entry;
	unsigned int n = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(ret, PATH_MAX, "%s/%s", s->state, entry->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

void sandbox_need_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	if (fd < 0) {
		print_message("skip: no openat2() here: %s\n", strerror(errno));
		skip();
	}
	close(fd);
}
