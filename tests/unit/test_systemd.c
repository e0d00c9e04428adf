/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which groups are systemd's, and which property stands for which file: nobody is asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "act/systemd_unit.h"

static const char *marked; /* the group that is marked as delegated */
static const char *mark; /* the attribute's name */

/* In the place of the C library's: a fixture has no extended attributes. */
ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	if (!marked || strcmp(path, marked) || strcmp(name, mark) || !size) {
		errno = ENODATA;
		return -1;
	}
	*(char *)value = '1';
	return 1;
}

static void assert_unit(const char *directory, const char *expected)
{
	char unit[SYSTEMD_UNIT_MAX] = "untouched";

	assert_int_equal(systemd_unit_name(directory, unit), expected ? 0 : -EINVAL);
	assert_string_equal(unit, expected ? expected : "untouched");
}

/* The last part of the path is the unit, for every kind that has a control group. */
static void units_are_named(void **state)
{
	(void)state;
	assert_unit("/sys/fs/cgroup/system.slice/web.service", "web.service");
	assert_unit("/sys/fs/cgroup/system.slice", "system.slice");
	assert_unit("/c/user.slice/session-3.scope", "session-3.scope");
	assert_unit("/c/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service");
	assert_unit("/c/system.slice/a.socket", "a.socket");
	assert_unit("/c/system.slice/dev-sda\\x2d1.swap", "dev-sda\\x2d1.swap");
	assert_unit("/c/system.slice/srv-data.mount", "srv-data.mount");
}

/* What systemd puts before names that would look like the kernel's files is taken off again, once. */
static void escapes_are_undone(void **state)
{
	(void)state;
	assert_unit("/c/system.slice/_cpu.service", "cpu.service");
	assert_unit("/c/system.slice/__x.service", "_x.service");
	assert_unit("/c/system.slice/_.service", NULL);
}

/* No unit can have these names. */
static void other_groups_are_none(void **state)
{
	char longer[SYSTEMD_UNIT_MAX + 16] = "/c/";

	(void)state;
	assert_unit("/c/docker", NULL);
	assert_unit("/c/.service", NULL);
	assert_unit("/c/a b.service", NULL);
	assert_unit("/c/a\n.service", NULL);
	assert_unit("/c/a\xc3\xa4.service", NULL);
	assert_unit("/c/web.service/own", NULL);
	assert_unit("/c/web.services", NULL);
	assert_unit("/c/web.timer", NULL);
	assert_unit("", NULL);
	memset(longer + 3, 'a', SYSTEMD_UNIT_MAX - 8);
	strcpy(longer + 3 + SYSTEMD_UNIT_MAX - 8, ".service");
	assert_unit(longer, NULL); /* of 256 characters */
	strcpy(longer + 3 + SYSTEMD_UNIT_MAX - 9, ".service");
	assert_unit(longer, longer + 3);
}

static struct sys_cgroup at(const char *path)
{
	struct sys_cgroup group = { .mount_len = strlen("/sys/fs/cgroup"), .v2 = true };

	snprintf(group.directory, sizeof(group.directory), "/sys/fs/cgroup%s", path);
	return group;
}

/* Scopes are started in slices: the root is one. */
static void slices_are_named(void **state)
{
	struct sys_cgroup root = at(""), user = at("/user.slice/user-0.slice"), service = at("/system.slice/a.service");
	char slice[SYSTEMD_UNIT_MAX];

	(void)state;
	assert_int_equal(systemd_slice_name(&root, slice), 0);
	assert_string_equal(slice, "-.slice");
	assert_int_equal(systemd_slice_name(&user, slice), 0);
	assert_string_equal(slice, "user-0.slice");
	assert_int_equal(systemd_slice_name(&service, slice), -EINVAL);
}

static void assert_above(const char *path, enum systemd_above expected)
{
	struct sys_cgroup group = at(path);

	assert_int_equal(systemd_above(&group), expected);
}

/* Units are in slices, and what else is there is nobody's but its maker's; a unit keeps what is below it. */
static void above_by_names(void **state)
{
	(void)state;
	marked = NULL;
	assert_above("/system.slice/web.service", SYSTEMD_ABOVE_SLICE);
	assert_above("/init.scope", SYSTEMD_ABOVE_SLICE);
	assert_above("/docker", SYSTEMD_ABOVE_SLICE);
	assert_above("/user.slice/user-0.slice/session-1.scope", SYSTEMD_ABOVE_SLICE);
	assert_above("/system.slice/web.service/own", SYSTEMD_ABOVE_UNIT);
	assert_above("/system.slice/web.service/own/deeper", SYSTEMD_ABOVE_UNIT);
	assert_above("/docker/0123", SYSTEMD_ABOVE_STRANGER);
	assert_above("/docker/a.slice/b.service", SYSTEMD_ABOVE_STRANGER);
}

/* Below what was delegated, names say nothing: also not those of another systemd in a container. */
static void above_by_mark(void **state)
{
	(void)state;
	marked = "/sys/fs/cgroup/system.slice/box.service";
	mark = "trusted.delegate";
	assert_above("/system.slice/box.service", SYSTEMD_ABOVE_SLICE);
	assert_above("/system.slice/box.service/own", SYSTEMD_ABOVE_DELEGATED);
	assert_above("/system.slice/box.service/system.slice/web.service/own", SYSTEMD_ABOVE_DELEGATED);
	assert_above("/system.slice/web.service/own", SYSTEMD_ABOVE_UNIT);
	mark = "user.delegate";
	assert_above("/system.slice/box.service/own", SYSTEMD_ABOVE_DELEGATED);
	/* the mount's own mark was made by whoever runs around it */
	marked = "/sys/fs/cgroup";
	assert_above("/system.slice/web.service", SYSTEMD_ABOVE_SLICE);
}

static void assert_text(const char *file, const char *text, const char *name, const char *expected)
{
	const struct systemd_property *p = systemd_property(file);
	char value[SYSTEMD_TEXT] = "untouched";

	assert_non_null(p);
	assert_string_equal(p->name, name);
	assert_int_equal(systemd_from_file(p, text, value), expected ? 0 : -EINVAL);
	assert_string_equal(value, expected ? expected : "untouched");
}

/* What knobs write, in systemd's words. */
static void values_are_translated(void **state)
{
	(void)state;
	assert_text("cpu.weight", "4900", "CPUWeight", "4900");
	assert_text("cpu.idle", "1", "CPUWeight", "idle");
	assert_text("cpu.idle", "0", "CPUWeight", "100");
	assert_text("memory.low", "20971520", "MemoryLow", "20971520");
	assert_text("memory.low", "0", "MemoryLow", "0");
	assert_text("memory.low", "max", "MemoryLow", "infinity");
	assert_text("io.weight", "default 1000", "IOWeight", "1000");
	assert_text("io.weight", "200", "IOWeight", "200");
	assert_text("cpuset.cpus", "0-3,8", "AllowedCPUs", "0-3,8");
	assert_text("cpuset.cpus", "", "AllowedCPUs", "");
	assert_null(systemd_property("io.prio.class"));
	assert_null(systemd_property("memory.reclaim"));
}

/* systemd scales IOWeight down for BFQ: what is asked for is what arrives there. */
static void bfq_weights_are_scaled(void **state)
{
	(void)state;
	assert_text("io.bfq.weight", "default 50", "IOWeight", "50");
	assert_text("io.bfq.weight", "default 100", "IOWeight", "100");
	assert_text("io.bfq.weight", "default 500", "IOWeight", "4500");
	assert_text("io.bfq.weight", "default 1000", "IOWeight", "10000");
}

/* What the file cannot hold is not said to systemd either. */
static void other_values_are_refused(void **state)
{
	(void)state;
	assert_text("cpu.weight", "0", "CPUWeight", NULL); /* which would mean idle */
	assert_text("cpu.weight", "10001", "CPUWeight", NULL);
	assert_text("cpu.weight", "idle", "CPUWeight", NULL);
	assert_text("cpu.idle", "2", "CPUWeight", NULL);
	assert_text("io.bfq.weight", "default 1001", "IOWeight", NULL);
	assert_text("io.weight", "default", "IOWeight", NULL);
	assert_text("memory.low", "-1", "MemoryLow", NULL);
	assert_text("cpuset.cpus", "0-99999", "AllowedCPUs", NULL);
	assert_text("cpuset.cpus", "x", "AllowedCPUs", NULL);
}

static void assert_number(const char *file, uint64_t number, const char *text)
{
	const struct systemd_property *p = systemd_property(file);
	char printed[SYSTEMD_TEXT];
	uint64_t again;

	assert_int_equal(systemd_number_print(p, number, printed), 0);
	assert_string_equal(printed, text);
	assert_int_equal(systemd_number_parse(p, text, &again), 0);
	assert_true(again == number);
}

/* What the bus says, as text, and back: "not set" is a value like others. */
static void numbers_come_back(void **state)
{
	(void)state;
	assert_number("cpu.weight", UINT64_MAX, "[not set]");
	assert_number("cpu.weight", 0, "idle");
	assert_number("cpu.weight", 10000, "10000");
	assert_number("io.weight", UINT64_MAX, "[not set]");
	assert_number("memory.low", UINT64_MAX, "infinity");
	assert_number("memory.low", 0, "0");
	assert_number("memory.low", UINT64_MAX - 1, "18446744073709551614");
}

/* A journal's text is not trusted: nothing but what was printed is read. */
static void other_numbers_are_refused(void **state)
{
	static const char *const texts[] = { "",   "0",     "10001",    "-1",  " 100",
					     "1 ", "unset", "infinity", "0x1", "18446744073709551615" };
	const struct systemd_property *weight = systemd_property("cpu.weight");
	char text[SYSTEMD_TEXT];
	uint64_t number;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(systemd_number_parse(weight, texts[i], &number), -EINVAL);
	assert_int_equal(systemd_number_parse(systemd_property("io.weight"), "idle", &number), -EINVAL);
	assert_int_equal(systemd_number_parse(systemd_property("memory.low"), "18446744073709551615", &number),
			 -EINVAL);
	assert_int_equal(systemd_number_print(weight, 10001, text), -EINVAL);
	assert_int_equal(systemd_number_print(systemd_property("io.weight"), 0, text), -EINVAL);
}

/* A set of CPUs is bytes of bits, the lowest first, and no more of them than it takes. */
static void cpus_are_bits(void **state)
{
	static const uint8_t expected[] = { 0x0f, 0x01 }, one[] = { 0x02, 0x00 };
	uint8_t bytes[SYSTEMD_CPUS_BYTES], all[SYSTEMD_CPUS_BYTES + 1] = { 0 };
	char text[SYSTEMD_TEXT];
	size_t len;

	(void)state;
	assert_int_equal(systemd_cpus_parse("0-3,8", bytes, &len), 0);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
	assert_int_equal(systemd_cpus_parse("", bytes, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(systemd_cpus_print(expected, sizeof(expected), text), 0);
	assert_string_equal(text, "0-3,8");
	assert_int_equal(systemd_cpus_print(one, sizeof(one), text), 0);
	assert_string_equal(text, "1");
	assert_int_equal(systemd_cpus_print(NULL, 0, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(systemd_cpus_print(all, sizeof(all), text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_named),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(other_groups_are_none),
		cmocka_unit_test(slices_are_named),
		cmocka_unit_test(above_by_names),
		cmocka_unit_test(above_by_mark),
		cmocka_unit_test(values_are_translated),
		cmocka_unit_test(bfq_weights_are_scaled),
		cmocka_unit_test(other_values_are_refused),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(other_numbers_are_refused),
		cmocka_unit_test(cpus_are_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
