/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where an app's group is, or could be made, in the layouts that systems have; nothing is written here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place.h"
#include "act/systemd.h"

#define FIXTURES "tests/fixtures/place-"

static bool read_only;
static int access_errno; /* 0: the file may be written */

/* In the place of the C library's: no test can mount anything read-only. */
int fstatvfs(int fd, struct statvfs *ret)
{
	(void)fd;
	memset(ret, 0, sizeof(*ret));
	ret->f_flag = read_only ? ST_RDONLY : 0;
	return 0;
}

int faccessat(int dirfd, const char *path, int mode, int flags)
{
	(void)flags;
	if (mode == W_OK && access_errno) {
		errno = access_errno;
		return -1;
	}
	return (int)syscall(SYS_faccessat, dirfd, path, mode);
}

/* Journals are for those who change something. */
int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal;
	(void)directory;
	(void)home;
	(void)home_id;
	fail();
	return -EIO;
}

int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller)
{
	(void)journal;
	(void)directory;
	(void)id;
	(void)controller;
	fail();
	return -EIO;
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

/* systemd itself is asked nothing but whether it is there: see test_systemd_place.c. */
int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	strcpy(ret, "252");
	return 0;
}

int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT])
{
	(void)unit, (void)file, (void)ret;
	fail();
	return -EIO;
}

int systemd_write(const char *unit, const char *file, const char *text)
{
	(void)unit, (void)file, (void)text;
	fail();
	return -EIO;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	(void)name, (void)slice, (void)pid, (void)tasks, (void)ret_group;
	fail();
	return -EIO;
}

/* The app has the pids from 100 on. */
static bool is_member(void *context, pid_t pid)
{
	(void)context;
	assert_true(pid > 0); /* 0 is no process */
	return pid >= 100;
}

static int find(const struct place_rules *rules, const char *controller, pid_t pid, struct place *ret,
		char why[PLACE_WHY])
{
	return place_find(rules, controller, pid, "0-1f", is_member, NULL, ret, why);
}

static void assert_found(const char *root, const char *controller, pid_t pid, const char *home, bool ours,
			 const char *above)
{
	const struct place_rules rules = { .root = root };
	char why[PLACE_WHY] = "", expected[PATH_MAX];
	struct place place;

	assert_int_equal(find(&rules, controller, pid, &place, why), 0);
	snprintf(expected, sizeof(expected), "%s/sys/fs/cgroup%s", root, home);
	assert_string_equal(place.home.directory, expected);
	assert_true(place.home.id != 0);
	assert_int_equal(place.ours, ours);
	assert_false(place.prepared);
	if (ours)
		snprintf(expected, sizeof(expected), "%s/sys/fs/cgroup%s/accel-agent.%d.0-1f", root, above, getpid());
	assert_string_equal(place.group.directory, expected);
	assert_int_equal(place.group.id, ours ? 0 : place.home.id);
	assert_int_equal(place.group.mount_len, place.home.mount_len);
	assert_int_equal(place.group.v2, place.home.v2);
}

static void assert_refused(const char *root, const char *controller, pid_t pid, int err, const char *word)
{
	const struct place_rules rules = { .root = root };
	struct place place = { .home.id = 7 };
	char why[PLACE_WHY] = "";

	assert_int_equal(find(&rules, controller, pid, &place, why), err);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
	assert_int_equal(place.home.id, 7);
}

/* v1: an app that shares its group gets one below it, in each hierarchy below where it is there. */
static void v1_is_below_home(void **state)
{
	(void)state;
	assert_found(FIXTURES "v1", "cpu", 110, "/cpu,cpuacct/build", true, "/cpu,cpuacct/build");
	assert_found(FIXTURES "v1", "cpuset", 110, "/cpuset", true, "/cpuset");
	assert_found(FIXTURES "v1", "cpu", 130, "/cpu,cpuacct/visited", true, "/cpu,cpuacct/visited");
}

/* v1: an app whose processes alone are in its group, and in the groups below it, has that group. */
static void v1_alone_uses_home(void **state)
{
	(void)state;
	assert_found(FIXTURES "v1", "cpu", 120, "/cpu,cpuacct/alone", false, NULL);
}

/* Nobody is alone in the root, not even where no other process is to be seen: its knobs are nobody's. */
static void root_is_never_alone(void **state)
{
	(void)state;
	assert_found(FIXTURES "hybrid", "cpu", 401, "/cpu", true, "/cpu");
	assert_found(FIXTURES "v1", "cpuset", 120, "/cpuset", true, "/cpuset");
	assert_found(FIXTURES "v2-root", "cpu", 300, "", true, "");
}

/* Hybrid: each controller has a home of its own; v2's io is called blkio; v2 without controllers is no hierarchy. */
static void hybrid_has_a_home_each(void **state)
{
	(void)state;
	assert_found(FIXTURES "hybrid", "cpu", 400, "/cpu/ci", true, "/cpu/ci");
	assert_found(FIXTURES "hybrid", "io", 400, "/blkio/disk", true, "/blkio/disk");
	assert_refused(FIXTURES "hybrid", "memory", 400, -ENOENT, "\"memory\"");
}

/* v2: from the root, an app goes below it, although the controller still has to be enabled there. */
static void v2_root_is_above(void **state)
{
	(void)state;
	assert_found(FIXTURES "v2-root", "cpu", 300, "", true, "");
	assert_found(FIXTURES "v2-root", "memory", 300, "", true, "");
	assert_refused(FIXTURES "v2-root", "hugetlb", 300, -ENOENT, "\"hugetlb\"");
}

/* v2: a group with processes has no groups with controllers below it, so that ours is beside it. */
static void v2_is_beside_home(void **state)
{
	(void)state;
	assert_found(FIXTURES "v2-shared", "cpu", 310, "/user/my app:1", true, "/user");
	/* enabling one more controller is possible in /user, which has no processes */
	assert_found(FIXTURES "v2-shared", "memory", 310, "/user/my app:1", true, "/user");
	/* one that this namespace does not show is a stranger */
	assert_found(FIXTURES "v2-shared", "cpu", 316, "/hidden", true, "");
}

/* v2: what the kernel would refuse is refused here, before anything is changed. */
static void v2_refuses_what_the_kernel_would(void **state)
{
	(void)state;
	assert_refused(FIXTURES "v2-shared", "cpu", 311, -EBUSY, "/busy has processes itself");
	assert_refused(FIXTURES "v2-shared", "cpu", 312, -EBUSY, "/alien was not given");
	assert_refused(FIXTURES "v2-shared", "cpu", 313, -EBUSY, "/threads is a threaded group");
	assert_refused(FIXTURES "v2-shared", "cpu", 314, -EBUSY, "/threads/a is a threaded group");
	assert_refused(FIXTURES "v2-shared", "cpu", 315, -EBUSY, "/threads/b is a threaded group");
}

/* v2: alone in its group, limits of its own do not matter; systemd is asked for a new one, not for a group of others. */
static void v2_alone_and_systemd(void **state)
{
	const struct place_rules rules = { .root = FIXTURES "v2-alone" }, without = { .root = FIXTURES "v2-shared" };
	char why[PLACE_WHY] = "";
	struct place place;

	(void)state;
	assert_found(FIXTURES "v2-alone", "cpu", 330, "/build", false, NULL);
	assert_found(FIXTURES "v2-shared", "cpu", 319, "/pool", false, NULL); /* threads stay in its threaded groups */
	assert_int_equal(find(&rules, "cpu", 330, &place, why), 0);
	assert_false(place.systemd);
	assert_int_equal(find(&rules, "cpu", 332, &place, why), 0);
	assert_true(place.ours && place.systemd);
	assert_int_equal(find(&without, "cpu", 310, &place, why), 0);
	assert_false(place.systemd);
}

/* v2: an app must not get rid of its limits by being moved out of the group that has them. */
static void v2_limits_are_not_escaped(void **state)
{
	static const char *const files[] = { "cpu.max",    "cpuset.cpus",     "cpuset.mems", "memory.high",
					     "memory.max", "memory.swap.max", "pids.max",    "io.max" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_refused(FIXTURES "v2-limits", "cpu", 340 + (pid_t)i, -EBUSY, files[i]);
}

/* Kubernetes counts what its groups use: they are touched only if the settings say so. */
static void kubernetes_is_left_alone(void **state)
{
	const struct place_rules rules = { .root = FIXTURES "kubernetes", .kubepods = true };
	char why[PLACE_WHY] = "";
	struct place place;

	(void)state;
	assert_refused(FIXTURES "kubernetes", "cpu", 350, -EPERM, "Kubernetes");
	assert_int_equal(find(&rules, "cpu", 350, &place, why), 0);
	assert_true(place.ours);
}

/* A container's own group: the group above is hidden, and cgroupfs is often read-only. */
static void docker_is_read_only(void **state)
{
	(void)state;
	assert_refused(FIXTURES "docker", "cpu", 360, -EBUSY, "out of reach");
	read_only = true;
	assert_refused(FIXTURES "docker", "cpu", 360, -EROFS, "read-only");
	assert_refused(FIXTURES "v1", "cpu", 120, -EROFS, "read-only");
	read_only = false;
	access_errno = EROFS;
	assert_refused(FIXTURES "v1", "cpu", 110, -EROFS, "read-only");
	access_errno = EACCES;
	assert_refused(FIXTURES "v1", "cpu", 110, -EACCES, "this user");
	access_errno = 0;
}

static void assert_host(const char *cgroup_root, pid_t pid, const char *home)
{
	const struct place_rules rules = { .root = FIXTURES "host", .cgroup_root = cgroup_root };
	char why[PLACE_WHY] = "", *tail;
	struct place place;

	assert_int_equal(find(&rules, "cpu", pid, &place, why), 0);
	tail = strstr(place.home.directory, "/host/v");
	assert_non_null(tail);
	assert_string_equal(tail, home);
	assert_string_equal(place.home.directory + place.home.mount_len, pid == 372 ? "" : "/docker/4f3a");
}

/* With the settings' cgroup root, paths are below it, v1's in the folder of their controller. */
static void cgroup_root_replaces_mounts(void **state)
{
	const struct place_rules rules = { .root = FIXTURES "host", .cgroup_root = "/host/v1" };
	char why[PLACE_WHY] = "";
	struct place place;

	(void)state;
	assert_host("/host/v1", 370, "/host/v1/cpu,cpuacct/docker/4f3a");
	assert_host("/host/v1", 372, "/host/v1/cpu,cpuacct");
	assert_host("/host/v2", 371, "/host/v2/docker/4f3a");
	assert_refused(FIXTURES "host", "cpu", 370, -ENOENT, "not mounted");
	assert_int_equal(find(&rules, "cpuset", 370, &place, why), -ENOENT);
	assert_int_equal(find(&rules, "cpu", 371, &place, why), -ENOENT);
}

/* A process, or its group, that is gone or outside of what can be seen; and a name that is none. */
static void what_is_not_there_is_said(void **state)
{
	static const char *const bad[] = { "", "a/b", "..", "a b", "a\n" };
	const struct place_rules rules = { .root = FIXTURES "v1" };
	char why[PLACE_WHY] = "", longer[80];
	struct place place;
	size_t i;

	(void)state;
	assert_refused(FIXTURES "v1", "cpu", 999, -ESRCH, "999 is gone");
	assert_refused(FIXTURES "v1", "cpu", 140, -ENOENT, "gone");
	assert_refused(FIXTURES "v2-shared", "cpu", 318, -ENOENT, "gone");
	assert_refused(FIXTURES "v2-shared", "cpu", 317, -EINVAL, "outside");
	memset(longer, 'a', sizeof(longer));
	longer[65] = '\0';
	assert_int_equal(place_find(&rules, "cpu", 110, longer, is_member, NULL, &place, why), -EINVAL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(place_find(&rules, "cpu", 110, bad[i], is_member, NULL, &place, why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_is_below_home),
		cmocka_unit_test(v1_alone_uses_home),
		cmocka_unit_test(root_is_never_alone),
		cmocka_unit_test(hybrid_has_a_home_each),
		cmocka_unit_test(v2_root_is_above),
		cmocka_unit_test(v2_is_beside_home),
		cmocka_unit_test(v2_refuses_what_the_kernel_would),
		cmocka_unit_test(v2_alone_and_systemd),
		cmocka_unit_test(v2_limits_are_not_escaped),
		cmocka_unit_test(kubernetes_is_left_alone),
		cmocka_unit_test(docker_is_read_only),
		cmocka_unit_test(cgroup_root_replaces_mounts),
		cmocka_unit_test(what_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
