/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fast and slow CPUs, of machines as they are sold and of some that are made up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sys/topology.h"
#include "tests/unit/fake_group.h"

#define FIXTURES "tests/fixtures/"

static void assert_topology(const char *root, bool hybrid, const char *fast, const char *slow)
{
	struct sys_topology topology;
	char text[256];

	assert_int_equal(sys_topology_read(root, &topology), 0);
	assert_int_equal(topology.hybrid, hybrid);
	assert_int_equal(sys_cpu_set_print(&topology.fast, text, sizeof(text)), 0);
	assert_string_equal(text, fast);
	assert_int_equal(sys_cpu_set_print(&topology.slow, text, sizeof(text)), 0);
	assert_string_equal(text, slow);
}

/* Cores of one kind, of which one is favoured by 200 MHz. */
static void uniform_is_not_hybrid(void **state)
{
	(void)state;
	assert_topology(FIXTURES "topology-uniform", false, "0-3", "");
}

/* Intel: P cores with both threads, E cores without the one that is offline. */
static void intel_kinds_are_told_apart(void **state)
{
	(void)state;
	assert_topology(FIXTURES "topology-intel-hybrid", true, "0-11", "12-14");
}

/* Arm: of three kinds of core, the gap between the two slowest is the widest, though not the only one. */
static void arm_little_cores_are_slow(void **state)
{
	(void)state;
	assert_topology(FIXTURES "topology-arm-biglittle", true, "4-7", "0-3");
}

/* AMD: ranks that look like frequencies, 40 % from first to last in small steps, are no kinds of core. */
static void amd_ranks_are_not_kinds(void **state)
{
	(void)state;
	assert_topology(FIXTURES "topology-amd-boost", false, "0-15", "");
}

static void put_cpu(const struct fake *fake, unsigned int cpu, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/%s", cpu, file);
	fake_put(fake, path, text);
}

/* Without the lists of Intel's driver, frequencies tell; threads of a fast core are fast, also one that is silent. */
static void frequencies_tell_and_siblings_follow(void **state)
{
	const struct fake *fake = *state;

	fake_put(fake, "/sys/devices/system/cpu/online", "0-3\n");
	put_cpu(fake, 0, "cpufreq/cpuinfo_max_freq", "5700000\n");
	put_cpu(fake, 2, "cpufreq/cpuinfo_max_freq", "4400000\n");
	put_cpu(fake, 3, "cpufreq/cpuinfo_max_freq", "4400000\n");
	assert_topology(fake->root, false, "0-3", ""); /* nobody knows CPU 1 */
	put_cpu(fake, 0, "topology/thread_siblings_list", "0-1\n");
	assert_topology(fake->root, true, "0-1", "2-3");
	fake_put(fake, "/sys/devices/system/cpu/online", "0-4\n");
	put_cpu(fake, 3, "topology/thread_siblings_list", "3-4\n");
	assert_topology(fake->root, true, "0-1", "2-4");
}

/* What is offline counts neither as CPU nor as speed. */
static void offline_cpus_do_not_count(void **state)
{
	const struct fake *fake = *state;

	fake_put(fake, "/sys/devices/system/cpu/online", "0-1\n");
	put_cpu(fake, 0, "cpu_capacity", "1024\n");
	put_cpu(fake, 1, "cpu_capacity", "1024\n");
	put_cpu(fake, 2, "cpu_capacity", "400\n");
	put_cpu(fake, 0, "topology/thread_siblings_list", "0,2\n");
	assert_topology(fake->root, false, "0-1", "");
	put_cpu(fake, 1, "cpu_capacity", "700\n"); /* the gap to CPU 2 would be the wider one */
	assert_topology(fake->root, true, "0", "1");
	fake_put(fake, "/sys/devices/system/cpu/online", "0-2\n");
	assert_topology(fake->root, false, "0-2", ""); /* no slow CPU is left beside the sibling of a fast one */
	put_cpu(fake, 0, "topology/thread_siblings_list", "0\n");
	assert_topology(fake->root, true, "0-1", "2");
}

/* Lists of kinds that leave a CPU out, or name one kind only, are passed over. */
static void partial_kinds_are_passed_over(void **state)
{
	const struct fake *fake = *state;

	fake_put(fake, "/sys/devices/system/cpu/online", "0-3\n");
	fake_put(fake, "/sys/devices/cpu_core/cpus", "0-1\n");
	assert_topology(fake->root, false, "0-3", "");
	fake_put(fake, "/sys/devices/cpu_atom/cpus", "2\n");
	assert_topology(fake->root, false, "0-3", "");
	fake_put(fake, "/sys/devices/cpu_atom/cpus", "2-3\n");
	assert_topology(fake->root, true, "0-1", "2-3");
	fake_put(fake, "/sys/devices/system/cpu/online", "1-3\n");
	assert_topology(fake->root, true, "1", "2-3");
	fake_put(fake, "/sys/devices/system/cpu/online", "0-1\n"); /* all E cores are offline */
	assert_topology(fake->root, false, "0-1", "");
}

/* Numbers that make no sense are no speeds. */
static void odd_speeds_are_ignored(void **state)
{
	const struct fake *fake = *state;

	fake_put(fake, "/sys/devices/system/cpu/online", "0-1\n");
	put_cpu(fake, 0, "cpu_capacity", "1024\n");
	put_cpu(fake, 1, "cpu_capacity", "0\n");
	assert_topology(fake->root, false, "0-1", "");
	put_cpu(fake, 1, "cpu_capacity", "fast\n");
	assert_topology(fake->root, false, "0-1", "");
	put_cpu(fake, 1, "cpu_capacity", "512\n7\n");
	assert_topology(fake->root, false, "0-1", "");
}

/* Without the list of CPUs that are online nothing can be said. */
static void unknown_machine_is_an_error(void **state)
{
	const struct fake *fake = *state;
	struct sys_topology topology = { .hybrid = true };

	assert_int_equal(sys_topology_read(fake->root, &topology), -ENOENT);
	assert_true(topology.hybrid);
}

/* Sets are printed as the kernel prints them, and read back as the same set. */
static void sets_are_printed(void **state)
{
	static const char *const lists[] = { "", "0", "0-1", "0-3,8", "5,7,9-11,8191", "63-64" };
	struct sys_cpu_set set;
	char text[32] = "same";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(sys_cpu_list_parse(lists[i], strlen(lists[i]), &set), 0);
		assert_int_equal(sys_cpu_set_print(&set, text, sizeof(text)), 0);
		assert_string_equal(text, lists[i]);
	}
	strcpy(text, "same");
	assert_int_equal(sys_cpu_set_print(&set, text, strlen("63-64")), -ENAMETOOLONG);
	assert_string_equal(text, "same");
	assert_int_equal(sys_cpu_set_print(&set, text, strlen("63-64") + 1), 0);
}

/* The longest list there can be is still printed whole. */
static void longest_set_is_printed(void **state)
{
	static char text[SYS_MAX_CPUS * 5];
	struct sys_cpu_set set, back;

	(void)state;
	memset(&set, 0xaa, sizeof(set));
	assert_int_equal(sys_cpu_set_print(&set, text, sizeof(text)), 0);
	assert_int_equal(sys_cpu_list_parse(text, strlen(text), &back), 0);
	assert_memory_equal(&back, &set, sizeof(set));
}

#define ON_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_make, fake_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uniform_is_not_hybrid),       cmocka_unit_test(intel_kinds_are_told_apart),
		cmocka_unit_test(arm_little_cores_are_slow),   cmocka_unit_test(amd_ranks_are_not_kinds),
		ON_FAKE(frequencies_tell_and_siblings_follow), ON_FAKE(offline_cpus_do_not_count),
		ON_FAKE(partial_kinds_are_passed_over),        ON_FAKE(odd_speeds_are_ignored),
		ON_FAKE(unknown_machine_is_an_error),          cmocka_unit_test(sets_are_printed),
		cmocka_unit_test(longest_set_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
