/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is beside a control group, and what its memory does, read from folders and files. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "act/facts.h"
#include "tests/unit/fake_group.h"

#define GIB (1ULL << 30)
#define MANY 1000 /* threads that are ready */

static const struct facts_machine machine = { .memory_bytes = 8 * GIB, .fast_cpus = 2, .fast_list = "0-1" };

static struct rule_facts read_facts(const struct sys_cgroup *group)
{
	struct facts_before before = { 0 };
	struct rule_facts f;

	facts_read(&machine, group, group, MANY, &before, &f);
	return f;
}

/* A group of v1 beside the app's, with a process and a weight. */
static void put_v1(const struct fake *fake, const char *name, const char *procs, const char *shares)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/%s/cgroup.procs", name);
	fake_put(fake, path, procs);
	snprintf(path, sizeof(path), "/v1/%s/cpu.shares", name);
	fake_put(fake, path, shares);
}

static void put_v2(const struct fake *fake, const char *name, const char *events, const char *weight)
{
	char path[128];

	snprintf(path, sizeof(path), "/v2/%s/cgroup.events", name);
	fake_put(fake, path, events);
	snprintf(path, sizeof(path), "/v2/%s/cpu.weight", name);
	fake_put(fake, path, weight);
}

/* The group above, up to what is mounted and no further. */
static void test_parent(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup group = fake->v1, parent;

	strcat(group.directory, "/deep");
	group.id = 7;
	assert_int_equal(facts_parent(&group, &parent), 0);
	assert_string_equal(parent.directory, fake->v1.directory);
	assert_int_equal(parent.id, 0);
	group = parent;
	assert_int_equal(facts_parent(&group, &parent), 0);
	assert_int_equal(strlen(parent.directory), fake->v1.mount_len);
	group = parent;
	assert_int_equal(facts_parent(&group, &parent), -ENOENT);
	assert_int_equal(strlen(parent.directory), fake->v1.mount_len);
}

/*
 * The weights of those beside it that hold processes, in defaults.
 */
static void test_siblings_v1(void **state)
{
	const struct fake *fake = *state;

	put_v1(fake, "app", "1\n", "262144\n");
	put_v1(fake, "one", "2\n", "1024000\n"); /* more than the kernel allows: not a weight, counts as 1 */
	put_v1(fake, "two", "3\n4\n", "204800\n");
	put_v1(fake, "three", "5\n", "102912\n");
	put_v1(fake, "empty", "", "262144\n");
	fake_put(fake, "/v1/file", "x");
	assert_true(read_facts(&fake->v1).siblings == 1 + 200 + 100.5);
}

/* No more groups compete than threads are ready: of all that might be, the heaviest. Somebody does in any case. */
static void test_sleepers_do_not_count(void **state)
{
	static const struct {
		double ready, siblings;
	} rows[] = { { 0, 200 }, { 1, 200 }, { 2, 300 }, { 3, 301 }, { 100, 301 }, { NAN, 301 } };
	const struct fake *fake = *state;
	struct facts_before before = { 0 };
	struct rule_facts f;
	size_t i;

	put_v1(fake, "one", "2\n", "1024\n");
	put_v1(fake, "two", "3\n4\n", "204800\n");
	put_v1(fake, "three", "5\n", "102400\n");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		facts_read(&machine, &fake->v1, NULL, rows[i].ready, &before, &f);
		assert_true(f.siblings == rows[i].siblings);
	}
}

/* What agents made has a weight that was made of ours: they would drive each other up. It is a neighbour all the same. */
static void test_agents_groups_do_not_count(void **state)
{
	const struct fake *fake = *state;

	put_v1(fake, "one", "2\n", "2048\n");
	put_v1(fake, "accel-agent.7.0eff5974-0", "3\n", "19455\n");
	put_v1(fake, "accel-agent-7-0eff5974.scope", "4\n", "19455\n");
	assert_true(read_facts(&fake->v1).siblings == 2);
	put_v1(fake, "accel-agent.service", "5\n", "1024\n");
	assert_true(read_facts(&fake->v1).siblings == 3);
	put_v1(fake, "one", "", "2048\n");
	put_v1(fake, "accel-agent.service", "", "1024\n");
	assert_true(read_facts(&fake->v1).siblings == 0);
	assert_true(facts_has_neighbours(&fake->v1));
}

/* In v2 a group counts if there is a process in it or below. */
static void test_siblings_v2(void **state)
{
	const struct fake *fake = *state;

	put_v2(fake, "app", "populated 1\nfrozen 0\n", "100\n");
	put_v2(fake, "one", "populated 1\nfrozen 0\n", "10000\n");
	put_v2(fake, "two", "frozen 0\npopulated 1\n", "9950\n");
	put_v2(fake, "empty", "populated 0\nfrozen 0\n", "10000\n");
	assert_true(read_facts(&fake->v2).siblings == 100 + 99.5);
}

/* A group without the controller competes like a thread: with the default. */
static void test_sibling_without_weight(void **state)
{
	const struct fake *fake = *state;
	char path[64];
	int i;

	for (i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "/v1/group%d/cgroup.procs", i);
		fake_put(fake, path, "2\n");
	}
	assert_true(read_facts(&fake->v1).siblings == 60);
}

/* Thousands of groups are not all read: the app waits meanwhile. */
static void test_siblings_are_bounded(void **state)
{
	const struct fake *fake = *state;
	char name[64];
	int i;

	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "group%d", i);
		put_v1(fake, name, "2\n", "1024\n");
	}
	assert_true(read_facts(&fake->v1).siblings == 64);
}

/* A name that leads elsewhere is not a group. */
static void test_sibling_is_no_link(void **state)
{
	const struct fake *fake = *state;
	char target[128], link[128];

	put_v1(fake, "../other/heavy", "2\n", "262144\n");
	snprintf(target, sizeof(target), "%s/other/heavy", fake->root);
	snprintf(link, sizeof(link), "%s/v1/link", fake->root);
	assert_int_equal(symlink(target, link), 0);
	assert_false(facts_has_neighbours(&fake->v1));
	assert_true(read_facts(&fake->v1).siblings == 0);
}

/* Alone: neither a process of the group above nor a populated group. */
static void test_no_neighbours(void **state)
{
	const struct fake *fake = *state;

	put_v1(fake, "app", "1\n", "1024\n");
	put_v1(fake, "empty", "", "1024\n");
	fake_put(fake, "/v1/cgroup.procs", "");
	assert_false(facts_has_neighbours(&fake->v1));
	put_v2(fake, "app", "populated 1\n", "100\n");
	put_v2(fake, "empty", "populated 0\n", "100\n");
	assert_false(facts_has_neighbours(&fake->v2));
}

static void test_neighbour_group(void **state)
{
	const struct fake *fake = *state;

	put_v1(fake, "empty", "", "1024\n");
	put_v1(fake, "other", "2\n", "1024\n");
	assert_true(facts_has_neighbours(&fake->v1));
	put_v2(fake, "other", "populated 1\n", "100\n");
	assert_true(facts_has_neighbours(&fake->v2));
}

/* Processes that are in the group above itself compete with it as well. */
static void test_neighbour_processes(void **state)
{
	const struct fake *fake = *state;

	fake_put(fake, "/v1/cgroup.procs", "2\n");
	assert_true(facts_has_neighbours(&fake->v1));
}

/* Nobody is beside the top. */
static void test_top_has_no_neighbours(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup top;

	put_v1(fake, "other", "2\n", "1024\n");
	assert_int_equal(facts_parent(&fake->v1, &top), 0);
	assert_false(facts_has_neighbours(&top));
}

/* What the group has now, and what it had to read again since the first look. */
static void test_memory(void **state)
{
	const struct fake *fake = *state;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct facts_before before = { 0 };
	struct rule_facts f;

	fake_put(fake, "/v2/app/memory.current", "1073741824\n");
	fake_put(fake, "/v2/app/memory.stat", "anon 5\nworkingset_refault_anon 10\nworkingset_refault_file 100\n");
	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.group_bytes, GIB);
	assert_int_equal(f.refaulted_bytes, 0);
	assert_int_equal(f.machine_bytes, 8 * GIB);
	fake_put(fake, "/v2/app/memory.stat", "anon 5\nworkingset_refault_anon 13\nworkingset_refault_file 104\n");
	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.refaulted_bytes, 7 * page);
}

/* Before Linux 5.8 there is one count for all kinds of pages. */
static void test_memory_of_old_kernels(void **state)
{
	const struct fake *fake = *state;
	struct facts_before before = { .refaults = 40, .known = true };
	struct rule_facts f;

	fake_put(fake, "/v2/app/memory.stat", "workingset_refault 42\nworkingset_activate 9\n");
	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.refaulted_bytes, 2 * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* A group that is still to be made has no memory, and files that are not there say nothing. */
static void test_memory_unknown(void **state)
{
	const struct fake *fake = *state;
	struct facts_before before = { 0 };
	struct rule_facts f;

	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.group_bytes, 0);
	assert_false(before.known);
	fake_put(fake, "/v2/app/memory.current", "1073741824\n");
	facts_read(&machine, &fake->v2, NULL, MANY, &before, &f);
	assert_int_equal(f.group_bytes, 0);
	fake_put(fake, "/v2/app/memory.current", "");
	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.group_bytes, 0);
}

/* The memory is the app's, also for a knob of a group above it, which holds the neighbours as well. */
static void test_memory_of_the_app(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup above = fake->v2;
	struct facts_before before = { 0 };
	struct rule_facts f;

	*strrchr(above.directory, '/') = '\0';
	fake_put(fake, "/v2/memory.current", "8589934592\n");
	fake_put(fake, "/v2/app/memory.current", "104857600\n");
	fake_put(fake, "/v2/app/memory.stat", "workingset_refault_file 10\n");
	facts_read(&machine, &above, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.group_bytes, 104857600);
}

/* A counter that goes back (another group of that name) is no refault at all. */
static void test_refaults_never_negative(void **state)
{
	const struct fake *fake = *state;
	struct facts_before before = { .refaults = 500, .known = true };
	struct rule_facts f;

	fake_put(fake, "/v2/app/memory.current", "104857600\n");
	fake_put(fake, "/v2/app/memory.stat", "workingset_refault_file 10\n");
	facts_read(&machine, &fake->v2, &fake->v2, MANY, &before, &f);
	assert_int_equal(f.refaulted_bytes, 0);
}

static double sessions(void *context)
{
	return *(double *)context;
}

/* In the root of the hierarchy, with autogroup, sessions compete, and threads without it. Somebody does in any case. */
static void test_sessions(void **state)
{
	double weight = 2.5;
	struct facts_machine parted = { .autogroup = true, .sessions = sessions, .context = &weight };
	const struct fake *fake = *state;
	struct facts_before before = { 0 };
	struct sys_cgroup deep = fake->v1;
	struct rule_facts f;

	put_v1(fake, "other", "2\n", "2048\n");
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2); /* there is nobody in the root */
	fake_put(fake, "/v1/cgroup.procs", "3\n");
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 2.5);
	weight = 9; /* it stays when they are gone: so much would starve the next one */
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 4);
	weight = 0;
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 1);
	weight = NAN;
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 1);
	parted.sessions = NULL;
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 1);
	parted.autogroup = false;
	facts_read(&parted, &fake->v1, NULL, 7, &before, &f);
	assert_true(f.siblings == 2 + 7);

	parted.autogroup = true; /* below the root, threads do */
	fake_put(fake, "/v1/app/cgroup.procs", "4\n");
	strcat(deep.directory, "/deep");
	facts_read(&parted, &deep, NULL, 7, &before, &f);
	assert_true(f.siblings == 7);
}

/* The fast CPUs only for a group that has them, and others as well. */
static void test_fast_cpus(void **state)
{
	const struct facts_machine hybrid = { .fast_cpus = 4, .fast_list = "0-3" };
	const struct fake *fake = *state;
	struct facts_before before = { 0 };
	struct rule_facts f;

	fake_put(fake, "/v2/app/cpuset.cpus.effective", "0-7\n");
	facts_read(&hybrid, &fake->v2, NULL, MANY, &before, &f);
	assert_int_equal(f.fast_cpus, 4);
	assert_string_equal(f.fast_list, "0-3");
	fake_put(fake, "/v2/app/cpuset.cpus.effective", "2-7\n");
	facts_read(&hybrid, &fake->v2, NULL, MANY, &before, &f);
	assert_int_equal(f.fast_cpus, 0);
	fake_put(fake, "/v2/app/cpuset.cpus.effective", "0-3\n");
	facts_read(&hybrid, &fake->v2, NULL, MANY, &before, &f);
	assert_int_equal(f.fast_cpus, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_parent),
		TEST(test_siblings_v1),
		TEST(test_sleepers_do_not_count),
		TEST(test_agents_groups_do_not_count),
		TEST(test_siblings_v2),
		TEST(test_sibling_without_weight),
		TEST(test_siblings_are_bounded),
		TEST(test_sibling_is_no_link),
		TEST(test_no_neighbours),
		TEST(test_neighbour_group),
		TEST(test_neighbour_processes),
		TEST(test_top_has_no_neighbours),
		TEST(test_memory),
		TEST(test_memory_of_old_kernels),
		TEST(test_memory_unknown),
		TEST(test_sessions),
		TEST(test_fast_cpus),
		TEST(test_memory_of_the_app),
		TEST(test_refaults_never_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
