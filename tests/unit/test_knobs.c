/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Knobs: the table, files of a group, and the knobs of the CPU. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/knob.h"
#include "options.h"
#include "sys/machine.h"
#include "tests/unit/fake_group.h"

static void assert_format(const struct knob *knob, const struct sys_cgroup *group, uint64_t value, const char *text)
{
	char got[KNOB_TEXT];

	assert_int_equal(knob->format(group, value, got), 0);
	assert_string_equal(got, text);
}

static void assert_parse(const struct knob *knob, const struct sys_cgroup *group, const char *text, uint64_t value)
{
	uint64_t got;

	assert_int_equal(knob->parse(group, text, &got), 0);
	assert_int_equal(got, value);
}

/* Every knob has a name of its own, a controller, an action and all functions; knobs of text have no numbers. */
static void table_is_complete(void **state)
{
	size_t i, count = 0;

	(void)state;
	for (i = 0; knobs[i]; i++) {
		const struct knob *k = knobs[i];

		assert_ptr_equal(knob_find(k->name), k);
		assert_non_null(k->controller);
		assert_true(k->action == ACTION_CPU || k->action == ACTION_MEMORY || k->action == ACTION_IO);
		assert_true(k->file && k->probe && k->read && k->write);
		assert_int_equal(k->text, !k->format);
		assert_int_equal(k->text, !k->parse);
		count++;
	}
	assert_int_equal(count, 8);
	assert_null(knob_find("cpu.max"));
	assert_null(knob_find("cpu"));
}

/* The first line counts, the newline does not; a value that would not fit is refused rather than cut. */
static void first_line_is_read(void **state)
{
	const struct fake *fake = *state;
	char text[KNOB_TEXT] = "untouched", line[KNOB_TEXT + 2];

	fake_put(fake, "/v2/app/x", "default 100\n8:0 200\n");
	assert_int_equal(knob_read_line(&fake->v2, "x", text), 0);
	assert_string_equal(text, "default 100");
	fake_put(fake, "/v2/app/x", "\n");
	assert_int_equal(knob_read_line(&fake->v2, "x", text), 0);
	assert_string_equal(text, "");
	fake_put(fake, "/v2/app/x", "7");
	assert_int_equal(knob_read_line(&fake->v2, "x", text), 0);
	assert_string_equal(text, "7");
	memset(line, '1', KNOB_TEXT);
	strcpy(line + KNOB_TEXT, "\n");
	fake_put(fake, "/v2/app/x", line);
	assert_int_equal(knob_read_line(&fake->v2, "x", text), -EFBIG);
	fake_put(fake, "/v2/app/x", line + 1);
	assert_int_equal(knob_read_line(&fake->v2, "x", text), 0);
	assert_int_equal(strlen(text), KNOB_TEXT - 1);
	assert_int_equal(knob_read_line(&fake->v2, "y", text), -ENOENT);
}

/* One line is written, also an empty one; no file is made, and nothing but a regular file is written. */
static void one_line_is_written(void **state)
{
	const struct fake *fake = *state;
	char path[PATH_MAX];

	fake_put(fake, "/v2/app/x", "0-3\n");
	assert_int_equal(knob_write_line(&fake->v2, "x", ""), 0);
	fake_assert(fake, "/v2/app/x", "");
	assert_int_equal(knob_write_line(&fake->v2, "x", "8"), 0);
	fake_assert(fake, "/v2/app/x", "8");
	assert_int_equal(knob_write_line(&fake->v2, "x", "1\n2"), -EINVAL);
	fake_assert(fake, "/v2/app/x", "8");
	assert_int_equal(knob_write_line(&fake->v2, "y", "8"), -ENOENT);
	assert_false(knob_has_file(&fake->v2, "y"));
	snprintf(path, sizeof(path), "%s/link", fake->v2.directory);
	assert_int_equal(symlink("x", path), 0);
	assert_int_equal(knob_write_line(&fake->v2, "link", "9"), -ELOOP);
	fake_assert(fake, "/v2/app/x", "8");
	snprintf(path, sizeof(path), "%s/fifo", fake->v2.directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(knob_write_line(&fake->v2, "fifo", "9"), -ENXIO);
	assert_int_equal(knob_read_line(&fake->v2, "fifo", path), -EINVAL);
}

/* A group that was made anew under the same name is another group: neither read nor written. */
static void other_group_is_left_alone(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup group = fake->v2;
	char text[KNOB_TEXT], why[KNOB_WHY];

	fake_put(fake, "/v2/app/cpu.weight", "100\n");
	assert_int_equal(sys_cgroup_id(group.directory, &group.id), 0);
	assert_int_equal(knob_write_line(&group, "cpu.weight", "200"), 0);
	assert_int_equal(knob_cpu_weight.probe("", &group, why), 0);
	group.id++;
	assert_int_equal(knob_write_line(&group, "cpu.weight", "300"), -ESTALE);
	assert_int_equal(knob_read_line(&group, "cpu.weight", text), -ESTALE);
	fake_assert(fake, "/v2/app/cpu.weight", "200");
	assert_int_equal(knob_cpu_weight.probe("", &group, why), -ENOENT);
	assert_string_equal(why, "the control group is gone");
}

/* The name of a group may be a link only where somebody means harm. */
static void linked_group_is_refused(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup group = fake->v2;

	fake_put(fake, "/v2/app/cpu.weight", "100\n");
	snprintf(group.directory, sizeof(group.directory), "%s/v2/link", fake->root);
	assert_int_equal(symlink("app", group.directory), 0);
	assert_int_equal(knob_write_line(&group, "cpu.weight", "300"), -ENOTDIR);
	fake_assert(fake, "/v2/app/cpu.weight", "100");
}

/* What keeps a file from being written is said in words, and sorted into few answers. */
static void refusals_are_explained(void **state)
{
	char why[KNOB_WHY];

	(void)state;
	assert_int_equal(knob_refusal(-EROFS, "cpu.weight", why), -EROFS);
	assert_string_equal(why, "cpu.weight cannot be changed: cgroupfs is mounted read-only here");
	assert_int_equal(knob_refusal(-EPERM, "cpu.weight", why), -EACCES);
	assert_string_equal(why, "no permission to change cpu.weight");
	assert_int_equal(knob_refusal(-EACCES, "cpu.weight", why), -EACCES);
	assert_int_equal(knob_refusal(-ENOENT, "cpu.idle", why), -ENOENT);
	assert_string_equal(why, "this kernel has no cpu.idle here");
	assert_int_equal(knob_refusal(-EIO, "cpu.idle", why), -EIO);
	assert_string_equal(why, "cpu.idle cannot be changed: Input/output error");
}

/* A file that is missing: the kernel has none, the controller is not enabled, or the group is gone. */
static void missing_files_are_explained(void **state)
{
	const struct fake *fake = *state;
	struct sys_cgroup gone = fake->v2;
	char why[KNOB_WHY];
	size_t i;

	for (i = 0; knobs[i]; i++) {
		assert_int_equal(knobs[i]->probe(fake->root, &fake->v1, why), -ENOENT);
		assert_non_null(strstr(why, knobs[i]->only_v2 ? "cgroup v1 has no " : "this kernel has no "));
		assert_non_null(strstr(why, knobs[i]->file(&fake->v1)));
	}
	fake_put(fake, "/v2/app/cgroup.controllers", "cpuset cpu io\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v2, why), -ENOENT);
	assert_string_equal(why, "this kernel has no cpu.idle here");
	assert_int_equal(knob_memory_low.probe("", &fake->v2, why), -EOPNOTSUPP);
	assert_string_equal(why, "the controller memory is not enabled for this control group");
	strcat(gone.directory, "-gone");
	assert_int_equal(knob_cpu_idle.probe("", &gone, why), -ENOENT);
	assert_string_equal(why, "the control group is gone");
}

/* v1 shows the files of a group in the root as well, which is not ours to change. */
static void v1_root_is_left_alone(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v1/app/cpu.shares", "1024\n");
	assert_int_equal(knob_cpu_weight.probe("", &fake->v1, why), 0);
	fake_put(fake, "/v1/app/release_agent", "\n");
	assert_int_equal(knob_cpu_weight.probe("", &fake->v1, why), -EACCES);
	assert_string_equal(why, "cpu.shares is not changed in the root of a hierarchy");
}

/* v2 shows some there, which a group has as well; what it does not show tells nothing but of those. */
static void v2_root_is_left_alone(void **state)
{
	struct fake *fake = *state;
	char why[KNOB_WHY], type[128];

	snprintf(type, sizeof(type), "%s/v2/app/cgroup.type", fake->root);
	assert_int_equal(unlink(type), 0);
	assert_int_equal(knob_cpu_weight.probe("", &fake->v2, why), -EACCES);
	assert_string_equal(why, "cpu.weight is not changed in the root of a hierarchy");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v2, why), -EACCES);
	assert_int_equal(knob_memory_reclaim.probe("", &fake->v2, why), -ENOENT);
	fake_put(fake, "/v2/app/memory.reclaim", "");
	assert_int_equal(knob_memory_reclaim.probe("", &fake->v2, why), -EACCES);
	assert_int_equal(knob_memory_soft_limit.probe("", &fake->v2, why), -ENOENT);
	assert_string_equal(why, "cgroup v2 has no memory.soft_limit_in_bytes");
}

/* Thousandths of the default become the kernel's numbers, kept within its bounds however large the demand. */
static void cpu_weight_has_bounds(void **state)
{
	const struct fake *fake = *state;
	const struct knob *k = &knob_cpu_weight;
	uint64_t value;

	assert_string_equal(k->file(&fake->v1), "cpu.shares");
	assert_string_equal(k->file(&fake->v2), "cpu.weight");
	assert_format(k, &fake->v1, KNOB_WEIGHT_DEFAULT, "1024");
	assert_format(k, &fake->v2, KNOB_WEIGHT_DEFAULT, "100");
	assert_format(k, &fake->v1, 10000, "10240");
	assert_format(k, &fake->v2, 10000, "1000");
	assert_format(k, &fake->v2, 1005, "101");
	assert_format(k, &fake->v2, 1004, "100");
	assert_format(k, &fake->v1, 0, "2");
	assert_format(k, &fake->v2, 0, "1");
	assert_format(k, &fake->v1, 1000000000, "262144");
	assert_format(k, &fake->v2, 1000000000, "10000");
	assert_format(k, &fake->v1, UINT64_MAX, "262144");
	assert_format(k, &fake->v1, 1ULL << 62, "262144"); /* times 1024 it is 0 in 64 bits */
	assert_format(k, &fake->v2, UINT64_MAX, "10000");
	assert_parse(k, &fake->v1, "1024", KNOB_WEIGHT_DEFAULT);
	assert_parse(k, &fake->v1, "1025", 1001);
	assert_parse(k, &fake->v1, "262144", 256000);
	assert_parse(k, &fake->v2, "1", 10);
	assert_int_equal(k->parse(&fake->v2, "0", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v2, "10001", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v1, "262145", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v1, "", &value), -EINVAL);
}

/* Every weight of v2 survives the way to thousandths and back. */
static void cpu_weight_round_trip(void **state)
{
	const struct fake *fake = *state;
	char text[KNOB_TEXT], back[KNOB_TEXT];
	unsigned int weight;
	uint64_t value;

	for (weight = 1; weight <= 10000; weight++) {
		snprintf(text, sizeof(text), "%u", weight);
		assert_int_equal(knob_cpu_weight.parse(&fake->v2, text, &value), 0);
		assert_int_equal(knob_cpu_weight.format(&fake->v2, value, back), 0);
		assert_string_equal(back, text);
	}
}

/* What was read is put back as it was, number for number; what is out of bounds is not written. */
static void cpu_weight_is_restored(void **state)
{
	const struct fake *fake = *state;
	char old[KNOB_TEXT], ours[KNOB_TEXT];

	fake_put(fake, "/v1/app/cpu.shares", "1025\n");
	assert_int_equal(knob_cpu_weight.read(&fake->v1, old), 0);
	assert_int_equal(knob_cpu_weight.format(&fake->v1, 9000, ours), 0);
	assert_int_equal(knob_cpu_weight.write(&fake->v1, ours), 0);
	fake_assert(fake, "/v1/app/cpu.shares", "9216");
	assert_int_equal(knob_cpu_weight.write(&fake->v1, "0"), -EINVAL);
	fake_assert(fake, "/v1/app/cpu.shares", "9216");
	assert_int_equal(knob_cpu_weight.write(&fake->v1, old), 0);
	fake_assert(fake, "/v1/app/cpu.shares", "1025");
}

/* An idle group takes no weight, and shows one that could not be written back. */
static void cpu_weight_of_idle_group_is_refused(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v2/app/cpu.weight", "100\n");
	fake_put(fake, "/v2/app/cpu.idle", "0\n");
	assert_int_equal(knob_cpu_weight.probe("", &fake->v2, why), 0);
	fake_put(fake, "/v2/app/cpu.idle", "1\n");
	assert_int_equal(knob_cpu_weight.probe("", &fake->v2, why), -EBUSY);
	assert_string_equal(why, "the control group is marked idle (cpu.idle), and so takes no weight");
}

/* A switch is 0 or 1, and is put back. */
static void cpu_idle_is_a_switch(void **state)
{
	const struct fake *fake = *state;
	char old[KNOB_TEXT], text[KNOB_TEXT];
	uint64_t value;

	assert_string_equal(knob_cpu_idle.file(&fake->v1), "cpu.idle");
	assert_string_equal(knob_cpu_idle.file(&fake->v2), "cpu.idle");
	assert_format(&knob_cpu_idle, &fake->v2, 0, "0");
	assert_format(&knob_cpu_idle, &fake->v2, 1, "1");
	assert_int_equal(knob_cpu_idle.format(&fake->v2, 2, text), -ERANGE);
	assert_parse(&knob_cpu_idle, &fake->v2, "1", 1);
	assert_int_equal(knob_cpu_idle.parse(&fake->v2, "2", &value), -EINVAL);
	fake_put(fake, "/v1/app/cpu.idle", "0\n");
	assert_int_equal(knob_cpu_idle.read(&fake->v1, old), 0);
	assert_int_equal(knob_cpu_idle.write(&fake->v1, "1"), 0);
	fake_assert(fake, "/v1/app/cpu.idle", "1");
	assert_int_equal(knob_cpu_idle.write(&fake->v1, old), 0);
	fake_assert(fake, "/v1/app/cpu.idle", "0");
}

/* cpu.idle makes the kernel forget the weight: a weight that somebody set is not given up for it. */
static void cpu_idle_keeps_weights(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v1/app/cpu.idle", "0\n");
	fake_put(fake, "/v1/app/cpu.shares", "1024\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v1, why), 0);
	fake_put(fake, "/v1/app/cpu.shares", "1025\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v1, why), -EBUSY);
	assert_string_equal(why, "its cpu.shares of 1025 would be lost: the kernel forgets it with cpu.idle");
	fake_put(fake, "/v1/app/cpu.idle", "1\n");
	fake_put(fake, "/v1/app/cpu.shares", "3\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v1, why), 0);
	fake_put(fake, "/v2/app/cpu.idle", "0\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v2, why), -EBUSY);
	fake_put(fake, "/v2/app/cpu.weight", "100\n");
	assert_int_equal(knob_cpu_idle.probe("", &fake->v2, why), 0);
}

/* Lists of CPUs are written and put back, also the empty one that every group of v2 starts with. */
static void cpuset_cpus_is_restored(void **state)
{
	const struct fake *fake = *state;
	char old[KNOB_TEXT];

	fake_put(fake, "/v2/app/cpuset.cpus", "\n");
	assert_int_equal(knob_cpuset_cpus.read(&fake->v2, old), 0);
	assert_int_equal(knob_cpuset_cpus.write(&fake->v2, "0-3,8"), 0);
	fake_assert(fake, "/v2/app/cpuset.cpus", "0-3,8");
	assert_int_equal(knob_cpuset_cpus.write(&fake->v2, "all"), -EINVAL);
	fake_assert(fake, "/v2/app/cpuset.cpus", "0-3,8");
	assert_int_equal(knob_cpuset_cpus.write(&fake->v2, old), 0);
	fake_assert(fake, "/v2/app/cpuset.cpus", "");
}

/* v1 wants memory nodes as well; v2 does not. */
static void cpuset_cpus_needs_mems_in_v1(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v2/app/cpuset.cpus", "\n");
	assert_int_equal(knob_cpuset_cpus.probe("", &fake->v2, why), 0);
	fake_put(fake, "/v1/app/cpuset.cpus", "0-1\n");
	fake_put(fake, "/v1/app/cpuset.mems", "\n");
	assert_int_equal(knob_cpuset_cpus.probe("", &fake->v1, why), -EBUSY);
	assert_string_equal(why, "no process can be in this control group: its cpuset.mems is empty");
	fake_put(fake, "/v1/app/cpuset.mems", "0\n");
	assert_int_equal(knob_cpuset_cpus.probe("", &fake->v1, why), 0);
}

/* The CPUs that are left to a group stand in a file that v1 and v2 name differently. */
static void cpuset_effective_is_read(void **state)
{
	const struct fake *fake = *state;
	struct sys_cpu_set set;

	fake_put(fake, "/v2/app/cpuset.cpus.effective", "0-5\n");
	fake_put(fake, "/v1/app/cpuset.effective_cpus", "1,3\n");
	assert_int_equal(knob_cpuset_effective(&fake->v2, &set), 0);
	assert_int_equal(set.bits[0], 0x3f);
	assert_int_equal(knob_cpuset_effective(&fake->v1, &set), 0);
	assert_int_equal(set.bits[0], 0xa);
}

#define ON_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_make, fake_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_complete),
		ON_FAKE(first_line_is_read),
		ON_FAKE(one_line_is_written),
		ON_FAKE(other_group_is_left_alone),
		ON_FAKE(linked_group_is_refused),
		cmocka_unit_test(refusals_are_explained),
		ON_FAKE(missing_files_are_explained),
		ON_FAKE(v1_root_is_left_alone),
		ON_FAKE(v2_root_is_left_alone),
		ON_FAKE(cpu_weight_has_bounds),
		ON_FAKE(cpu_weight_round_trip),
		ON_FAKE(cpu_weight_is_restored),
		ON_FAKE(cpu_weight_of_idle_group_is_refused),
		ON_FAKE(cpu_idle_is_a_switch),
		ON_FAKE(cpu_idle_keeps_weights),
		ON_FAKE(cpuset_cpus_is_restored),
		ON_FAKE(cpuset_cpus_needs_mems_in_v1),
		ON_FAKE(cpuset_effective_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
