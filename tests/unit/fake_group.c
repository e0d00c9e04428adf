/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary root with a control group of each version: folders and files that a test fills. */
#include "tests/unit/fake_group.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/file.h"

static void make_group(const struct fake *fake, bool v2, struct sys_cgroup *ret)
{
	*ret = (struct sys_cgroup){ .v2 = v2 };
	snprintf(ret->directory, sizeof(ret->directory), "%s/%s/app", fake->root, v2 ? "v2" : "v1");
	ret->mount_len = strlen(ret->directory) - strlen("/app");
}

static void make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(path, 0700) || errno == EEXIST);
		*slash = '/';
	}
}

int fake_make(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	if (!fake)
		return -1;
	strcpy(fake->root, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(fake->root))
		return -1;
	make_group(fake, false, &fake->v1);
	make_group(fake, true, &fake->v2);
	fake_put(fake, "/v1/app/cgroup.procs", "\n");
	fake_put(fake, "/v2/app/cgroup.procs", "\n");
	fake_put(fake, "/v2/app/cgroup.type", "domain\n");
	*state = fake;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

int fake_remove(void **state)
{
	struct fake *fake = *state;
	int err = nftw(fake->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(fake);
	return err;
}

void fake_put(const struct fake *fake, const char *path, const char *text)
{
	char full[512];
	int fd;

	snprintf(full, sizeof(full), "%s%s", fake->root, path);
	make_folders(full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void fake_assert(const struct fake *fake, const char *path, const char *text)
{
	char full[512], found[4096];
	size_t len;

	snprintf(full, sizeof(full), "%s%s", fake->root, path);
	assert_int_equal(read_file_start_at(AT_FDCWD, full, found, sizeof(found) - 1, &len), 0);
	found[len] = '\0';
	assert_non_null(strchr(found, '\n'));
	*strchr(found, '\n') = '\0';
	assert_string_equal(found, text);
}
