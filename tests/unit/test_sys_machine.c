/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* CPU lists, CPU time, memory size and block devices. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/model.h"
#include "sys/block.h"
#include "sys/machine.h"

#define MACHINE "tests/fixtures/machine"

/* Lists as the kernel prints them. */
static void cpu_lists_are_parsed(void **state)
{
	static const char list[] = "0-3,8,64-66,8191\n";
	struct sys_cpu_set set;

	(void)state;
	assert_int_equal(sys_cpu_list_parse(list, strlen(list), &set), 0);
	assert_int_equal(sys_cpu_set_count(&set), 9);
	assert_int_equal(set.bits[0], 0x10f);
	assert_int_equal(set.bits[1], 7);
	assert_int_equal(sys_cpu_list_parse("\n", 1, &set), 0);
	assert_int_equal(sys_cpu_set_count(&set), 0);
}

/* Lists that the kernel would not print. */
static void cpu_lists_are_strict(void **state)
{
	static const char *const bad[] = { "x", "3-1", "1-", "-1", "1,,2", "1\n2", "0 1", "1-2-3" };
	struct sys_cpu_set set = { .bits = { 7 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sys_cpu_list_parse(bad[i], strlen(bad[i]), &set), -EINVAL);
	assert_int_equal(sys_cpu_list_parse("0-8192", 6, &set), -ERANGE);
	assert_int_equal(set.bits[0], 7);
}

/* guest time is part of user time already and must not count twice; idle time is not wanted. */
static void cpu_time_is_summed(void **state)
{
	struct sys_cpu_time time;

	(void)state;
	assert_int_equal(sys_cpu_time_read(MACHINE, &time), 0);
	assert_int_equal(time.wanted, 180);
	assert_int_equal(time.steal, 10);
}

/* Texts without a whole first line give nothing. */
static void cpu_time_text_is_not_trusted(void **state)
{
	static const char *const bad[] = { "",
					   "\n",
					   "cpu",
					   "cpu0 1 2 3 4 5 6 7 8\n",
					   "cpu  1 2 3 4 5 6 7\n",
					   "cpu  1 2 3 4 5 6 7 -8\n",
					   "cpu  1 2 3 4 5 6 7 99999999999999999999\n" };
	struct sys_cpu_time time = { .wanted = 7 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sys_cpu_time_parse(bad[i], strlen(bad[i]), &time), -EINVAL);
	assert_int_equal(time.wanted, 7);
}

/* The share is what was stolen between two readings; no time between them gives no share. */
static void steal_share_is_a_difference(void **state)
{
	const struct sys_cpu_time a = { .wanted = 1000, .steal = 10 }, b = { .wanted = 1200, .steal = 60 };
	const struct sys_cpu_time back = { .wanted = 1200, .steal = 5 }, odd = { .wanted = 1001, .steal = 60 };

	(void)state;
	assert_true(fabs(sys_steal_share(&a, &b) - 0.25) < 1e-12);
	assert_true(isnan(sys_steal_share(&a, &a)));
	assert_true(isnan(sys_steal_share(&b, &a)));
	assert_true(sys_steal_share(&a, &back) == 0);
	assert_true(sys_steal_share(&a, &odd) == 1);
}

/* MemTotal has to be a number of kB. */
static void memory_total_text_is_not_trusted(void **state)
{
	static const char *const bad[] = { "",
					   "MemTotal:",
					   "MemTotal: x kB",
					   "MemTotal: 5",
					   "MemTotal: 5 MB",
					   "MemFree: 5 kB\n",
					   "MemTotal: 18446744073709551615 kB\n" };
	uint64_t bytes = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sys_memory_total_parse(bad[i], strlen(bad[i]), &bytes), -EINVAL);
	assert_int_equal(bytes, 7);
}

/* A host from its files, and the running one against what the C library says. */
static void host_is_read(void **state)
{
	struct utsname name;
	struct host host;

	(void)state;
	assert_int_equal(sys_host_read(MACHINE, &host), 0);
	assert_string_equal(host.kernel, "6.1.0-18-amd64");
	assert_int_equal(host.cpus, 7);
	assert_int_equal(host.memory_bytes, 16384 * 1024);

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sys_host_read("", &host), 0);
	assert_string_equal(host.kernel, name.release);
	assert_int_equal(host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(host.memory_bytes == (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(sys_host_read("/nonexistent", &host), -ENOENT);
}

static void assert_block(uint32_t major, uint32_t minor, const char *name, uint32_t disk, bool rotational)
{
	struct sys_block block;

	assert_int_equal(sys_block_read(MACHINE, major << 20 | minor, &block), 0);
	assert_string_equal(block.name, name);
	assert_int_equal(block.disk, disk);
	assert_int_equal(block.rotational, rotational);
}

/* Disks and partitions: a partition knows its disk and spins if that does. */
static void block_devices_are_read(void **state)
{
	struct sys_block block;

	(void)state;
	assert_block(254, 0, "vda", 254 << 20, false);
	assert_block(254, 1, "vda1", 254 << 20, false);
	assert_block(8, 0, "sda", 8 << 20, true);
	assert_block(8, 2, "sda2", 8 << 20, true);
	assert_block(104, 0, "cciss/c0d0", 104 << 20, false);
	assert_int_equal(sys_block_read(MACHINE, 9 << 20, &block), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_lists_are_parsed),
		cmocka_unit_test(cpu_lists_are_strict),
		cmocka_unit_test(cpu_time_is_summed),
		cmocka_unit_test(cpu_time_text_is_not_trusted),
		cmocka_unit_test(steal_share_is_a_difference),
		cmocka_unit_test(memory_total_text_is_not_trusted),
		cmocka_unit_test(host_is_read),
		cmocka_unit_test(block_devices_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
