/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where systemd manages the groups: what goes through it, and how; systemd itself is a stand-in. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place.h"
#include "act/systemd.h"

#define FIXTURE "tests/fixtures/place-systemd"

static char root[64]; /* one test's tree */
static char said[4096]; /* to the journal and to systemd, in this order */
static int reach_err, start_err, journal_err;
static unsigned int taken; /* names of scopes that are there already */
static bool delegated; /* box.service is */
static pid_t sleeper;
static char property[SYSTEMD_TEXT];

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	if (!delegated || !strstr(path, "/box.service") || strcmp(name, "trusted.delegate") || !size) {
		errno = ENODATA;
		return -1;
	}
	*(char *)value = '1';
	return 1;
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	size_t used = strlen(said);
	va_list args;

	va_start(args, format);
	vsnprintf(said + used, sizeof(said) - used, format, args);
	va_end(args);
}

int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	strcpy(ret, "252");
	return reach_err;
}

int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT])
{
	assert_string_equal(unit, "web.service");
	assert_string_equal(file, "cpu.weight");
	strcpy(ret, property);
	return reach_err;
}

/* As systemd: what is set there makes it hand the controller down. */
int systemd_write(const char *unit, const char *file, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	say("set %s %s %s\n", unit, file, text);
	snprintf(path, sizeof(path), "%s/system.slice/web.service/cgroup.controllers", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("cpu memory\n", f);
	fclose(f);
	return 0;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	char path[PATH_MAX];

	say("start %s in %s", name, slice);
	if (tasks != UINT64_MAX)
		say(" with %u tasks", (unsigned int)tasks);
	say("\n");
	sleeper = pid;
	assert_int_equal(kill(pid, 0), 0);
	if (start_err)
		return start_err;
	if (taken) {
		taken--;
		return -EEXIST;
	}
	snprintf(ret_group, PATH_MAX, "/system.slice/%s", name);
	snprintf(path, sizeof(path), "%s%s", root, ret_group);
	return mkdir(path, 0755) ? -errno : 0;
}

int journal_scope(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal;
	assert_true(home_id != 0);
	assert_int_equal(access(directory, F_OK), -1);
	say("scope %s from %s\n", strrchr(directory, '/') + 1, strrchr(home, '/') + 1);
	return journal_err;
}

int journal_unit(struct journal *journal, const char *directory, const char *file, const char *old, const char *ours)
{
	(void)journal;
	assert_string_equal(file, "cpu.weight");
	say("unit %s %s %s\n", strrchr(directory, '/') + 1, old, ours);
	return journal_err;
}

/* Nothing here is changed directly. */
int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal, (void)directory, (void)home, (void)home_id;
	fail();
	return -EIO;
}

int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller)
{
	(void)journal, (void)directory, (void)id, (void)controller;
	fail();
	return -EIO;
}

/* In the place of the C library's: systemd does nothing while we wait for it. */
int nanosleep(const struct timespec *length, struct timespec *rest)
{
	(void)length, (void)rest;
	return 0;
}

/* The app has the pids from 100 on. */
static bool is_member(void *context, pid_t pid)
{
	(void)context;
	return pid >= 100;
}

static char why[PLACE_WHY];

static int find(pid_t pid, struct place *ret)
{
	const struct place_rules rules = { .root = FIXTURE };

	why[0] = '\0';
	return place_find(&rules, "cpu", pid, "0", is_member, NULL, ret, why);
}

/* group: the app's own, or, if one of ours is to be made, what that would be in. */
static void assert_found(pid_t pid, const char *group, bool ours, bool systemd)
{
	char expected[PATH_MAX];
	struct place place;

	assert_int_equal(find(pid, &place), 0);
	if (!ours)
		snprintf(expected, sizeof(expected), "%s", group);
	else if (systemd)
		snprintf(expected, sizeof(expected), "%s/accel-agent-%d-0.scope", group, getpid());
	else
		snprintf(expected, sizeof(expected), "%s/accel-agent.%d.0", group, getpid());
	assert_string_equal(place.group.directory + place.group.mount_len, expected);
	assert_int_equal(place.ours, ours);
	assert_int_equal(place.systemd, systemd);
}

/* A unit, and what is put beside one, is systemd's; it gives the controllers, so that none need be there. */
static void units_are_systemds(void **state)
{
	(void)state;
	assert_found(400, "/system.slice/web.service", false, true);
	assert_found(402, "/system.slice", true, true);
	assert_found(407, "", true, true);
	assert_found(408, "", true, true);
}

/* What was delegated, and what others made beside systemd's, is not: all is done directly there. */
static void delegated_groups_are_not(void **state)
{
	(void)state;
	delegated = true;
	assert_found(403, "/system.slice/box.service/own", false, false);
	assert_found(404, "/system.slice/box.service", true, false);
	assert_found(405, "/docker/0123", false, false);
	assert_found(406, "/docker", true, false);
}

/* Inside a unit that was not delegated nothing is done. */
static void units_keep_what_is_below(void **state)
{
	struct place place;

	(void)state;
	assert_int_equal(find(403, &place), -EBUSY);
	assert_non_null(strstr(why, "was not delegated"));
	assert_int_equal(find(404, &place), -EBUSY);
}

/* A limit on tasks is no obstacle, as every unit has one; others are. */
static void other_limits_are_not_escaped(void **state)
{
	struct place place;

	(void)state;
	assert_int_equal(find(410, &place), -EBUSY);
	assert_non_null(strstr(why, "memory.max"));
}

/* If systemd cannot be asked, its units are left alone, and the others are as ever. */
static void without_systemd_units_are_left_alone(void **state)
{
	struct place place;

	(void)state;
	reach_err = -ENOSYS;
	assert_int_equal(find(400, &place), -ENOSYS);
	assert_string_equal(why, "systemd manages this control group, and cannot be talked to without libsystemd");
	assert_int_equal(find(402, &place), -ENOSYS);
	reach_err = -ECONNREFUSED;
	assert_int_equal(find(402, &place), -ECONNREFUSED);
	assert_non_null(strstr(why, "cannot be asked: Connection refused"));
	assert_found(405, "/docker/0123", false, false);
}

static int tree_make(void **state)
{
	char path[PATH_MAX];
	(void)state;

	said[0] = '\0';
	reach_err = start_err = journal_err = 0;
	taken = 0;
	delegated = false;
	sleeper = 0;
	strcpy(property, "[not set]");
	strcpy(root, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/system.slice", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/system.slice/web.service", root);
	return mkdir(path, 0755);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int tree_remove(void **state)
{
	(void)state;
	if (sleeper > 0 && !kill(sleeper, SIGKILL))
		waitpid(sleeper, NULL, 0);
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What place_find() would give for web.service. */
static struct place *place_of(bool ours)
{
	static struct place place;

	memset(&place, 0, sizeof(place));
	place.ours = ours;
	place.systemd = true;
	place.home.v2 = true;
	place.home.mount_len = strlen(root);
	snprintf(place.home.directory, sizeof(place.home.directory), "%s/system.slice/web.service", root);
	assert_int_equal(sys_cgroup_id(place.home.directory, &place.home.id), 0);
	place.group = place.home;
	if (ours) {
		place.group.id = 0;
		snprintf(place.group.directory, sizeof(place.group.directory), "%s/system.slice/accel-agent-1-0.scope",
			 root);
	}
	return &place;
}

static struct journal *journal(void)
{
	return (struct journal *)(void *)root; /* nobody looks into it */
}

static bool sleeper_is_gone(void)
{
	return sleeper > 0 && waitpid(sleeper, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* A scope is in the journal before it is started, and there is somebody in it who keeps it. */
static void scope_is_made(void **state)
{
	struct place *place = place_of(true);
	uint64_t id;

	(void)state;
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	assert_string_equal(said, "scope accel-agent-1-0.scope from web.service\n"
				  "start accel-agent-1-0.scope in system.slice\n");
	assert_int_equal(sys_cgroup_id(place->group.directory, &id), 0);
	assert_int_equal(place->group.id, id);
	assert_true(place->prepared);
	assert_int_equal(waitpid(sleeper, NULL, WNOHANG), 0);
}

/* The limit on tasks goes with the app; no other one does. */
static void scope_has_the_limit_of_home(void **state)
{
	char path[PATH_MAX];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/system.slice/web.service/pids.max", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("4711\n", f);
	fclose(f);
	assert_int_equal(place_make(place_of(true), "cpu", journal(), why), 0);
	assert_non_null(strstr(said, "in system.slice with 4711 tasks"));
}

/* A unit, or a group, of that name is somebody else's. */
static void scope_takes_a_free_name(void **state)
{
	struct place *place = place_of(true);
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/system.slice/accel-agent-1-0.scope", root);
	assert_int_equal(mkdir(path, 0755), 0);
	taken = 1;
	assert_int_equal(place_make(place, "cpu", journal(), why), 0);
	assert_string_equal(strrchr(place->group.directory, '/'), "/accel-agent-1-0-3.scope");
	assert_string_equal(said, "scope accel-agent-1-0-2.scope from web.service\n"
				  "start accel-agent-1-0-2.scope in system.slice\n"
				  "scope accel-agent-1-0-3.scope from web.service\n"
				  "start accel-agent-1-0-3.scope in system.slice\n");
}

/* If it does not come to a scope, nobody sleeps for it, and the place is as it was. */
static void scope_that_fails_leaves_nobody(void **state)
{
	struct place *place = place_of(true), before = *place;

	(void)state;
	start_err = -EIO;
	assert_int_equal(place_make(place, "cpu", journal(), why), -EIO);
	assert_string_equal(why, "systemd could not start a scope in system.slice: Input/output error");
	assert_memory_equal(place, &before, sizeof(before));
	assert_true(sleeper_is_gone());
}

/* Without a journal nothing is started. */
static void scope_needs_the_journal(void **state)
{
	(void)state;
	journal_err = -ENOSPC;
	assert_int_equal(place_make(place_of(true), "cpu", journal(), why), -ENOSPC);
	assert_non_null(strstr(why, "journal"));
	assert_string_equal(said, "scope accel-agent-1-0.scope from web.service\n");
}

static void put_controllers(const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/system.slice/web.service/cgroup.controllers", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A unit gets a controller by a value that changes nothing else; the journal has it first. */
static void unit_is_given_a_controller(void **state)
{
	(void)state;
	put_controllers("memory\n");
	assert_int_equal(place_make(place_of(false), "cpu", journal(), why), 0);
	assert_string_equal(said, "unit web.service [not set] 100\n"
				  "set web.service cpu.weight 100\n");
	said[0] = '\0';
	assert_int_equal(place_make(place_of(false), "cpu", journal(), why), 0); /* it has it now */
	assert_string_equal(said, "");
}

/* Without a journal nothing is set, and what others have set needs no more. */
static void unit_is_not_changed_without_need(void **state)
{
	(void)state;
	put_controllers("memory\n");
	journal_err = -ENOSPC;
	assert_int_equal(place_enable(place_of(false), "cpu", journal(), why), -ENOSPC);
	assert_string_equal(said, "unit web.service [not set] 100\n");
	said[0] = '\0';
	journal_err = 0;
	strcpy(property, "200");
	assert_int_equal(place_enable(place_of(false), "cpu", journal(), why), -EBUSY);
	assert_string_equal(said, "");
}

/* systemd gives none for which nothing can be set that is the same as nothing. */
static void other_controllers_are_not_given(void **state)
{
	(void)state;
	put_controllers("memory\n");
	assert_int_equal(place_enable(place_of(false), "cpuset", journal(), why), -EBUSY);
	assert_string_equal(why, "systemd did not give web.service the controller \"cpuset\"");
	assert_string_equal(said, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(units_are_systemds),
		TEST(delegated_groups_are_not),
		TEST(units_keep_what_is_below),
		TEST(other_limits_are_not_escaped),
		TEST(without_systemd_units_are_left_alone),
		TEST(scope_is_made),
		TEST(scope_has_the_limit_of_home),
		TEST(scope_takes_a_free_name),
		TEST(scope_that_fails_leaves_nobody),
		TEST(scope_needs_the_journal),
		TEST(unit_is_given_a_controller),
		TEST(unit_is_not_changed_without_need),
		TEST(other_controllers_are_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
