/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Making a group for an app, in a folder of our own that stands for cgroupfs. */
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
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place.h"

/* One test's tree, and what it saw. */
static char root[64];
static char journalled[8192]; /* a line for each entry */
static int journal_err;
static bool appears; /* somebody makes the group as soon as the journal is written */

static void record(const char *line)
{
	struct stat st;

	/* what is announced must not have been done yet */
	assert_int_equal(stat(line + strcspn(line, "/"), &st), -1);
	strcat(journalled, line);
	strcat(journalled, "\n");
}

int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	char line[3 * PATH_MAX];

	assert_ptr_equal(journal, root);
	assert_true(home_id != 0);
	assert_string_equal(home + strlen(home) - 4, "home");
	if (journal_err)
		return journal_err;
	snprintf(line, sizeof(line), "group %s", directory);
	record(line);
	if (appears)
		assert_int_equal(mkdir(directory, 0755), 0);
	appears = false;
	return 0;
}

static bool fills; /* new groups have files, as the kernel's have */

/* In the place of the C library's: a folder starts empty, a control group does not. */
int mkdirat(int dirfd, const char *path, mode_t mode)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	int fd, err = (int)syscall(SYS_mkdirat, dirfd, path, mode);
	char file[NAME_MAX];
	size_t i;

	for (i = 0; !err && fills && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_EXCL, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
	return err;
}

static void read_text(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, ret, size - 1);

	assert_true(n >= 0);
	ret[n] = '\0';
	close(fd);
}

int journal_scope(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal, (void)directory, (void)home, (void)home_id;
	fail();
	return -EIO;
}

int journal_unit(struct journal *journal, const char *directory, const char *file, const char *old, const char *ours)
{
	(void)journal, (void)directory, (void)file, (void)old, (void)ours;
	fail();
	return -EIO;
}

int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller)
{
	char path[PATH_MAX + 64], text[64];

	assert_ptr_equal(journal, root);
	assert_true(id != 0);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", directory);
	read_text(path, text, sizeof(text));
	assert_null(strchr(text, '+'));
	if (journal_err)
		return journal_err;
	strcat(journalled, "controller ");
	strcat(journalled, controller);
	strcat(journalled, "\n");
	return 0;
}

static const char *at(const char *path)
{
	static char full[4][PATH_MAX];
	static unsigned int next;
	char *ret = full[next++ % 4];

	snprintf(ret, sizeof(full[0]), "%s%s", root, path);
	return ret;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(at(path), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_text(const char *path, const char *expected)
{
	char text[4096];

	read_text(at(path), text, sizeof(text));
	assert_string_equal(text, expected);
}

static int tree_make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/accel-agent-test-XXXXXX");
	journalled[0] = '\0';
	appears = false;
	journal_err = 0;
	fills = false;
	if (!mkdtemp(root) || mkdir(at("/top"), 0755) || mkdir(at("/top/home"), 0755))
		return -1;
	return 0;
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
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The place that place_find() would give for /top/home. */
static struct place *place_of(bool v2, bool ours, const char *group)
{
	static struct place place;

	memset(&place, 0, sizeof(place));
	place.ours = ours;
	place.home.v2 = v2;
	place.home.mount_len = strlen(at("/top"));
	strcpy(place.home.directory, at("/top/home"));
	assert_int_equal(sys_cgroup_id(place.home.directory, &place.home.id), 0);
	place.group = place.home;
	if (ours) {
		place.group.id = 0;
		strcpy(place.group.directory, at(group));
	}
	return &place;
}

static struct journal *journal(void)
{
	return (struct journal *)(void *)root; /* nobody looks into it */
}

static char why[PLACE_WHY];

/* v1: the group is made below home after the journal knows of it, and its id is known. */
static void make_v1(void **state)
{
	struct place *place = place_of(false, true, "/top/home/accel-agent.1.a");
	char expected[PATH_MAX];
	uint64_t id;

	(void)state;
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	assert_int_equal(sys_cgroup_id(at("/top/home/accel-agent.1.a"), &id), 0);
	assert_int_equal(place->group.id, id);
	assert_true(place->prepared);
	snprintf(expected, sizeof(expected), "group %s/top/home/accel-agent.1.a\n", root);
	assert_string_equal(journalled, expected);
}

/* A group of that name is not ours, also if it comes between the journal and us: another name is taken. */
static void make_takes_a_free_name(void **state)
{
	struct place *place = place_of(false, true, "/top/home/accel-agent.1.a");
	char expected[PATH_MAX];

	(void)state;
	assert_int_equal(mkdir(at("/top/home/accel-agent.1.a"), 0755), 0);
	appears = true;
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	assert_string_equal(place->group.directory, at("/top/home/accel-agent.1.a.3"));
	snprintf(expected, sizeof(expected), "%s/top/home/accel-agent.1.a\n", root);
	assert_null(strstr(journalled, expected)); /* nobody may remove that one */
}

/* Without a journal nothing is changed. */
static void make_needs_the_journal(void **state)
{
	struct place *v1 = place_of(false, true, "/top/home/accel-agent.1.a"), before = *v1;

	(void)state;
	journal_err = -ENOSPC;
	assert_int_equal(place_make(v1, "cpu", journal(), why), -ENOSPC);
	assert_non_null(strstr(why, "journal"));
	assert_memory_equal(v1, &before, sizeof(before));
	assert_int_equal(access(at("/top/home/accel-agent.1.a"), F_OK), -1);
	put("/top/cgroup.subtree_control", "memory\n");
	assert_int_equal(place_make(place_of(true, true, "/top/accel-agent.1.a"), "cpu", journal(), why), -ENOSPC);
	assert_text("/top/cgroup.subtree_control", "memory\n");
	assert_int_equal(access(at("/top/accel-agent.1.a"), F_OK), -1);
}

/* v2: the controller is enabled first, and only if it is not: other tools' settings stay theirs. */
static void make_v2_enables_the_controller(void **state)
{
	char expected[PATH_MAX];

	(void)state;
	put("/top/cgroup.subtree_control", "");
	assert_int_equal(place_make(place_of(true, true, "/top/accel-agent.1.a"), "cpu", journal(), why), 0);
	assert_text("/top/cgroup.subtree_control", "+cpu");
	snprintf(expected, sizeof(expected), "controller cpu\ngroup %s/top/accel-agent.1.a\n", root);
	assert_string_equal(journalled, expected);

	journalled[0] = '\0';
	put("/top/cgroup.subtree_control", "cpuset cpu io\n");
	assert_int_equal(place_make(place_of(true, true, "/top/accel-agent.2.a"), "cpu", journal(), why), 0);
	assert_text("/top/cgroup.subtree_control", "cpuset cpu io\n");
	assert_null(strstr(journalled, "controller"));
}

/* A group that the app has for itself is not made; v2's is given the controller if it was not. */
static void make_uses_the_apps_own(void **state)
{
	struct place *place = place_of(false, false, NULL);

	(void)state;
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	place = place_of(true, false, NULL);
	put("/top/home/cgroup.controllers", "cpu\n");
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	assert_string_equal(journalled, "");
	assert_false(place->prepared);
	put("/top/cgroup.subtree_control", "");
	assert_int_equal(place_make(place, "memory", journal(), why), 0);
	assert_text("/top/cgroup.subtree_control", "+memory");
}

/* v2: one more controller for a group of ours; v1 has a group each. */
static void enable_adds_a_controller(void **state)
{
	struct place *place = place_of(true, true, "/top/accel-agent.1.a");

	(void)state;
	put("/top/cgroup.subtree_control", "cpu\n");
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	put("/top/accel-agent.1.a/cgroup.controllers", "cpu\n");
	journalled[0] = '\0';
	assert_int_equal(place_enable(place, "cpu", journal(), why), 0);
	assert_string_equal(journalled, "");
	put("/top/cgroup.subtree_control", "");
	assert_int_equal(place_enable(place, "io", journal(), why), 0);
	assert_string_equal(journalled, "controller io\n");
	assert_text("/top/cgroup.subtree_control", "+io");
	place->group.v2 = false;
	journalled[0] = '\0';
	assert_int_equal(place_enable(place, "memory", journal(), why), 0);
	assert_string_equal(journalled, "");
}

/* v1's cpuset takes no process until it has CPUs and memory: it starts with its parent's. */
static void make_fills_a_cpuset(void **state)
{
	(void)state;
	put("/top/home/cpuset.cpus", "0-1,4\n");
	put("/top/home/cpuset.mems", "0\n");
	fills = true;
	assert_int_equal(place_make(place_of(false, true, "/top/home/accel-agent.1.a"), "cpuset", journal(), why), 0);
	assert_text("/top/home/accel-agent.1.a/cpuset.cpus", "0-1,4");
	assert_text("/top/home/accel-agent.1.a/cpuset.mems", "0");
}

/* A group that turns out to be of no use goes away again. */
static void make_removes_what_is_useless(void **state)
{
	struct place *place = place_of(false, true, "/top/home/accel-agent.1.a");

	(void)state;
	put("/top/home/cpuset.cpus", "0-1,4\n");
	assert_int_equal(place_make(place, "cpuset", journal(), why), -ENOENT);
	assert_non_null(strstr(why, "cannot be used"));
	assert_int_equal(access(at("/top/home/accel-agent.1.a"), F_OK), -1);
	assert_false(place->prepared);
	assert_int_equal(place->group.id, 0);
}

/* Home was removed, or is another group under the same name: the journal would send processes to a stranger. */
static void make_knows_home_again(void **state)
{
	struct place *below = place_of(false, true, "/top/home/accel-agent.1.a"), v1 = *below;
	struct place *beside = place_of(true, true, "/top/accel-agent.1.a");

	(void)state;
	put("/top/cgroup.subtree_control", "cpu\n");
	assert_int_equal(rename(at("/top/home"), at("/top/moved")), 0);
	assert_int_equal(place_make(&v1, "cpu", journal(), why), -ENOENT);
	assert_int_equal(mkdir(at("/top/home"), 0755), 0);
	assert_int_equal(place_make(&v1, "cpu", journal(), why), -ENOENT);
	assert_int_equal(place_make(beside, "cpu", journal(), why), -ENOENT);
	assert_string_equal(journalled, "");
	assert_int_equal(rmdir(at("/top/home")), 0);
	assert_int_equal(symlink("moved", at("/top/home")), 0);
	assert_true(place_make(&v1, "cpu", journal(), why) < 0);
	assert_string_equal(journalled, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(make_v1, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_takes_a_free_name, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_needs_the_journal, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_v2_enables_the_controller, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_uses_the_apps_own, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(enable_adds_a_controller, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_fills_a_cpuset, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_removes_what_is_useless, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(make_knows_home_again, tree_make, tree_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
