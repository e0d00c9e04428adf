/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Control groups as folders: what their files say, and the walk through those below. */
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

#include "sys/cgroup_tree.h"

static char root[64];
static int fd; /* of root */

static int tree_make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	fd = open(root, O_PATH | O_DIRECTORY);
	return fd < 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int tree_remove(void **state)
{
	(void)state;
	close(fd);
	return nftw(root, remove_one, 64, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text, size_t len)
{
	int file = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, len), len);
	close(file);
}

static void assert_pids(const char *text, size_t len, const pid_t *expected, size_t n)
{
	pid_t *pids = NULL;
	size_t count = 0;

	put("cgroup.procs", text, len);
	assert_int_equal(sys_cgroup_pids(fd, &pids, &count), 0);
	assert_int_equal(count, n);
	assert_memory_equal(pids, expected, n * sizeof(*pids));
	free(pids);
}

/* Pids are lines; a process that the pid namespace hides is 0. */
static void pids_are_lines(void **state)
{
	(void)state;
	assert_pids("1\n0\n4194304\n", 12, (pid_t[]){ 1, 0, 4194304 }, 3);
	assert_pids("7", 1, (pid_t[]){ 7 }, 1);
	assert_pids("", 0, (pid_t[]){ 0 }, 0);
}

/* What is no list of pids is refused, and nothing is handed out. */
static void pids_are_strict(void **state)
{
	static const char *const bad[] = { "x\n", "-1\n", "1\n\n2\n", "1 2\n", "2147483648\n" };
	pid_t *pids = NULL;
	size_t n = 77, i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("cgroup.procs", bad[i], strlen(bad[i]));
		assert_int_equal(sys_cgroup_pids(fd, &pids, &n), -EINVAL);
	}
	assert_int_equal(unlinkat(fd, "cgroup.procs", 0), 0);
	assert_int_equal(sys_cgroup_pids(fd, &pids, &n), -ENOENT);
	assert_int_equal(n, 77);
	assert_null(pids);
}

/* A file's first line, whole or not at all. */
static void lines_are_whole(void **state)
{
	char line[8];

	(void)state;
	put("a", "max 10\nmore", 6);
	assert_int_equal(sys_cgroup_line(fd, "a", line, sizeof(line)), 0);
	assert_string_equal(line, "max 10");
	put("a", "\n", 1);
	assert_int_equal(sys_cgroup_line(fd, "a", line, sizeof(line)), 0);
	assert_string_equal(line, "");
	put("a", "12345678", 8);
	assert_int_equal(sys_cgroup_line(fd, "a", line, sizeof(line)), -EFBIG);
	assert_int_equal(sys_cgroup_line(fd, "b", line, sizeof(line)), -ENOENT);
}

/* Controllers are words: "cpu" is not in "cpuset". */
static void controllers_are_words(void **state)
{
	bool listed = true;

	(void)state;
	put("cgroup.controllers", "cpuset io memory\n", 17);
	assert_int_equal(sys_cgroup_lists(fd, "cgroup.controllers", "cpu", &listed), 0);
	assert_false(listed);
	assert_int_equal(sys_cgroup_lists(fd, "cgroup.controllers", "cpuset", &listed), 0);
	assert_true(listed);
	assert_int_equal(sys_cgroup_lists(fd, "cgroup.controllers", "memory", &listed), 0);
	assert_true(listed);
}

/* The kernel's root has no cgroup.type in v2, and alone has a release_agent in v1; what has neither is gone. */
static void root_is_known_by_its_files(void **state)
{
	bool is_root = false;

	(void)state;
	assert_int_equal(sys_cgroup_is_root(fd, true, &is_root), -ENOENT);
	put("cgroup.procs", "", 0);
	assert_int_equal(sys_cgroup_is_root(fd, true, &is_root), 0);
	assert_true(is_root);
	assert_int_equal(sys_cgroup_is_root(fd, false, &is_root), 0);
	assert_false(is_root);
	put("release_agent", "", 0);
	assert_int_equal(sys_cgroup_is_root(fd, false, &is_root), 0);
	assert_true(is_root);
	put("cgroup.type", "domain\n", 7);
	assert_int_equal(sys_cgroup_is_root(fd, true, &is_root), 0);
	assert_false(is_root);
}

/* A group that was removed, and one that took its name, are not the one that was meant; links are not followed. */
static void open_knows_the_group_again(void **state)
{
	struct sys_cgroup group = { .id = 0 };
	int opened;

	(void)state;
	snprintf(group.directory, sizeof(group.directory), "%s/a", root);
	assert_int_equal(mkdirat(fd, "a", 0755), 0);
	assert_int_equal(sys_cgroup_id(group.directory, &group.id), 0);
	opened = sys_cgroup_open(&group);
	assert_true(opened >= 0);
	close(opened);
	assert_int_equal(renameat(fd, "a", fd, "b"), 0);
	assert_int_equal(sys_cgroup_open(&group), -ENOENT);
	assert_int_equal(mkdirat(fd, "a", 0755), 0);
	assert_int_equal(sys_cgroup_open(&group), -ENOENT);
	assert_int_equal(unlinkat(fd, "a", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("b", fd, "a"), 0);
	assert_true(sys_cgroup_open(&group) < 0);
}

struct seen {
	size_t groups;
	bool below, link;
};

static int see(void *context, int dirfd, const char *name)
{
	struct seen *seen = context;

	(void)dirfd;
	seen->groups++;
	seen->below |= !strcmp(name, "below");
	seen->link |= !strcmp(name, "link");
	if (!strcmp(name, "skipped"))
		return SYS_CGROUP_SKIP;
	return strcmp(name, "end") ? 0 : -ECANCELED;
}

/* Folders only, each with those below it unless it is to be skipped; links lead nowhere; an error ends the walk. */
static void walk_visits_groups(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	put("cgroup.procs", "", 0);
	assert_int_equal(mkdirat(fd, "a b", 0755), 0);
	assert_int_equal(mkdirat(fd, "a b/\xff", 0755), 0);
	assert_int_equal(mkdirat(fd, "skipped", 0755), 0);
	assert_int_equal(mkdirat(fd, "skipped/below", 0755), 0);
	assert_int_equal(symlinkat("/", fd, "link"), 0);
	assert_int_equal(sys_cgroup_walk(fd, see, &seen), 0);
	assert_int_equal(seen.groups, 4);
	assert_false(seen.below || seen.link);
	assert_int_equal(mkdirat(fd, "skipped/../end", 0755), 0);
	assert_int_equal(sys_cgroup_walk(fd, see, &seen), -ECANCELED);
}

/* A tree that is too deep is seen as far as the bound goes, and the caller told. */
static void walk_is_bounded(void **state)
{
	char path[4 * SYS_CGROUP_DEPTH_MAX] = "";
	struct seen seen = { 0 };
	int depth;

	(void)state;
	for (depth = 2; depth <= SYS_CGROUP_DEPTH_MAX; depth++) {
		strcat(path, depth > 2 ? "/d" : "d");
		assert_int_equal(mkdirat(fd, path, 0755), 0);
	}
	assert_int_equal(sys_cgroup_walk(fd, see, &seen), 0);
	assert_int_equal(seen.groups, SYS_CGROUP_DEPTH_MAX);
	strcat(path, "/d");
	assert_int_equal(mkdirat(fd, path, 0755), 0);
	seen.groups = 0;
	assert_int_equal(sys_cgroup_walk(fd, see, &seen), -E2BIG);
	assert_int_equal(seen.groups, SYS_CGROUP_DEPTH_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pids_are_lines, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(pids_are_strict, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(lines_are_whole, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(controllers_are_words, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(root_is_known_by_its_files, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(open_knows_the_group_again, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(walk_visits_groups, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(walk_is_bounded, tree_make, tree_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
