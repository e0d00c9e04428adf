/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a warm run says: its progress line, its summary, its plan; and how much memory it may take. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "sandbox.h"
#include "sys/limits.h"
#include "warm/budget.h"
#include "warm/counts.h"
#include "warm/leftover.h"
#include "warm/progress.h"
#include "warm/rate.h"
#include "warm/scan.h"
#include "warm/summary.h"

#define MIB (1ULL << 20)

static char text[8192];

/* As long as the tree is not walked nobody knows the share; then files not looked at count like the others. */
static void test_share(void **state)
{
	struct progress p = { .found = 100, .examined = 50, .planned_bytes = 50 * MIB, .settled_bytes = 25 * MIB };

	(void)state;
	assert_true(isnan(progress_share(&p)));
	p.walked = true;
	assert_true(fabs(progress_share(&p) - 0.25) < 1e-9);
	p.examined = 100;
	assert_true(fabs(progress_share(&p) - 0.5) < 1e-9);
	p.settled_bytes = 51 * MIB;
	assert_true(progress_share(&p) == 1);
}

/* Nothing found, nothing looked at, nothing to read: no division by zero. */
static void test_share_of_nothing(void **state)
{
	struct progress p = { .walked = true };

	(void)state;
	assert_true(progress_share(&p) == 1);
	p.found = 10;
	assert_true(progress_share(&p) == 0);
	p.examined = 5;
	assert_true(fabs(progress_share(&p) - 0.5) < 1e-9);
}

/* Files, bytes, rate and time left are in the line. */
static void test_line(void **state)
{
	struct progress p = {
		.rate = 50 * MIB,
		.walked = true,
		.found = 20000,
		.examined = 20000,
		.planned_files = 15000,
		.read_files = 5000,
		.planned_bytes = 400 * MIB,
		.settled_bytes = 100 * MIB,
	};

	(void)state;
	progress_line(&p, 120, text);
	assert_non_null(strstr(text, " 25 % "));
	assert_non_null(strstr(text, "10,000 of 20,000 files"));
	assert_non_null(strstr(text, "100 MiB  50 MiB/s"));
	assert_non_null(strstr(text, "6.00 s left"));
	assert_non_null(strstr(text, "[##########.............................."));
}

/* While the tree is walked, there is no share; how much was found says that it goes on. */
static void test_line_while_walking(void **state)
{
	struct progress p = { .rate = NAN, .found = 12345, .examined = 2000, .planned_files = 2000, .read_files = 500 };

	(void)state;
	assert_string_equal(progress_line(&p, 120, text), "500 of 12,345 files found so far  0 B");
	p.rate = 5 * MIB;
	p.settled_bytes = 30 * MIB;
	assert_string_equal(progress_line(&p, 120, text), "500 of 12,345 files found so far  30 MiB  5 MiB/s");
}

/* A file is planned before it counts as looked at: that makes no file done, and no number below 0. */
static void test_line_at_start(void **state)
{
	struct progress p = { .rate = NAN, .found = 512, .examined = 2, .planned_files = 3 };

	(void)state;
	assert_string_equal(progress_line(&p, 120, text), "0 of 512 files found so far  0 B");
}

/* The rate is that of the last notes, not of all; one note is none. */
static void test_rate(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	assert_true(isnan(rate_per_second(&rate)));
	rate_note(&rate, 1, 0);
	assert_true(isnan(rate_per_second(&rate)));
	rate_note(&rate, 3, 1000);
	assert_true(fabs(rate_per_second(&rate) - 500) < 1e-6);
	for (unsigned int i = 1; i < 2 * RATE_SAMPLES; i++)
		rate_note(&rate, 3 + i, 1000 + 7 * i);
	assert_true(fabs(rate_per_second(&rate) - 7) < 1e-6);
}

/* The line never fills the terminal: it could not be taken back. Figures that do not fit are left out. */
static void test_line_is_narrow(void **state)
{
	struct progress p = { .rate = 512 << 10,
			      .walked = true,
			      .found = 20000,
			      .examined = 20000,
			      .planned_bytes = 2 * MIB,
			      .settled_bytes = MIB };
	const char *end = " left";

	(void)state;
	for (unsigned int columns = 1; columns < 200; columns++) {
		progress_line(&p, columns, text);
		assert_true(!*text || strlen(text) + 2 < columns); /* ^C */
		assert_true(!*text || strchr("%sBt", text[strlen(text) - 1])); /* no part of a word */
		if (columns >= 80) /* there is room for all of it: it is the bar that gives way */
			assert_string_equal(text + strlen(text) - strlen(end), end);
	}
}

static const char *print(bool json, struct summary *s)
{
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	if (json)
		assert_int_equal(summary_json(s, out), 0);
	else
		summary_text(s, out);
	fclose(out);
	return text;
}

static void set_counts(struct warm_counts *c)
{
	c->files = 12;
	c->bytes = 20 * MIB;
	c->hole_bytes = MIB;
	c->resident_files = 2;
	c->resident_bytes = 3 * MIB;
	c->known_files = 11;
	c->unknown_files = 1;
	c->planned_files = 9;
	c->planned_bytes = 16 * MIB;
	c->read_files = 8;
	c->read_bytes = 10 * MIB;
	c->after_files = 6;
	c->after_bytes = 9 * MIB;
	c->after_missing_bytes = 4 * MIB;
	c->left_bytes = 5 * MIB;
}

/* What was read, what was there, what was left out and why: names of others made safe to print. */
static void test_text(void **state)
{
	struct warm_counts counts = { 0 };
	struct leftovers left;
	struct summary s = { .counts = &counts,
			     .leftovers = &left,
			     .seconds = 2,
			     .backend = "io_uring",
			     .budget_bytes = 7 * MIB,
			     .signal = 2 };

	(void)state;
	set_counts(&counts);
	leftovers_init(&left);
	leftovers_add(&left, LEFTOVER_FIFO, "/a\nb");
	leftovers_add(&left, LEFTOVER_FIFO, "/c");
	leftovers_add(&left, LEFTOVER_DEVICE, "/dev/null");
	leftovers_add(&left, LEFTOVER_BUDGET, "/large");
	print(false, &s);
	assert_non_null(strstr(text, "read 8 files, 10 MiB, in 2.00 s (5 MiB/s) by io_uring\n"));
	assert_non_null(strstr(text, "in memory before: 2 files, 3 MiB; unknown of 1 file\n"));
	assert_non_null(strstr(text, "of 12 files, 20 MiB, 1 MiB of it holes\n"));
	assert_non_null(strstr(text, "no longer in memory: 4 MiB of 9 MiB that was read in the 6 files that were"));
	assert_non_null(strstr(text, "left out: 1 file, 5 MiB, that the budget of 7 MiB does not hold\n"));
	assert_non_null(strstr(text, "passed over: 2 FIFOs (/a\\x0ab, ...), 1 device (/dev/null)\n"));
	assert_non_null(strstr(text, "stopped by SIGINT"));
	leftovers_clear(&left);
}

/* The JSON object holds the same, and is valid whatever names there are. */
static void test_json(void **state)
{
	struct warm_counts counts = { 0 };
	struct leftovers left;
	struct summary s = { .counts = &counts, .leftovers = &left, .seconds = 2, .backend = "threads" };
	json_t *root;

	(void)state;
	set_counts(&counts);
	leftovers_init(&left);
	leftovers_add(&left, LEFTOVER_FIFO, "/a\nb\xff");
	root = json_loads(print(true, &s), 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "accel-agent.warm/1");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "read"), "files")), 8);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "resident"), "bytes")), 3 * MIB);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "after"), "missing_bytes")), 4 * MIB);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json_object_get(root, "skipped"), "fifos"), "first")),
		"/a\nb\xef\xbf\xbd");
	assert_true(json_is_null(json_object_get(root, "stopped")));
	json_decref(root);
	leftovers_clear(&left);
}

/* Where the kernel tells the user of no file what is in memory, no number stands for that. */
static void test_unknown(void **state)
{
	struct warm_counts counts = { .files = 3, .unknown_files = 2, .planned_files = 2, .read_files = 2 };
	struct leftovers left;
	struct summary s = { .counts = &counts, .leftovers = &left, .seconds = 2, .backend = "threads" };
	json_t *root, *resident;

	(void)state;
	leftovers_init(&left);
	assert_non_null(strstr(print(false, &s), "in memory before: unknown, "));
	assert_null(strstr(text, "no longer in memory"));
	root = json_loads(print(true, &s), 0, NULL);
	assert_true(json_is_null(json_object_get(json_object_get(root, "after"), "missing_bytes")));
	resident = json_object_get(root, "resident");
	assert_true(json_is_null(json_object_get(resident, "files")));
	assert_true(json_is_null(json_object_get(resident, "bytes")));
	assert_int_equal(json_integer_value(json_object_get(root, "resident_unknown_files")), 2);
	json_decref(root);
	leftovers_clear(&left);
}

/* A plan with its summary is one object. */
static void test_plan(void **state)
{
	struct warm_counts counts = { 0 };
	struct leftovers left;
	struct summary s = { .counts = &counts, .leftovers = &left, .dry_run = true };
	struct scan_file unknown = { .bytes = 10 },
			 known = { .bytes = 20, .data_bytes = 12, .resident_bytes = 4, .resident_known = true };
	FILE *out = fmemopen(text, sizeof(text), "w");
	json_t *root, *plan;

	(void)state;
	leftovers_init(&left);
	summary_plan_begin(true, out);
	assert_int_equal(summary_plan_file(true, "/a", &unknown, true, out), 0);
	assert_int_equal(summary_plan_file(true, "/b\"\\", &known, false, out), 0);
	assert_int_equal(summary_json(&s, out), 0);
	fclose(out);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	plan = json_object_get(root, "plan");
	assert_int_equal(json_array_size(plan), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(plan, 1), "path")), "/b\"\\");
	assert_true(json_is_null(json_object_get(json_array_get(plan, 0), "resident_bytes")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(plan, 1), "resident_bytes")), 4);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(plan, 1), "data_bytes")), 12);
	assert_true(json_is_null(json_object_get(root, "backend")));
	json_decref(root);
	leftovers_clear(&left);
}

/* More failures than are kept are still counted. */
static void test_many_failures(void **state)
{
	int null = open("/dev/null", O_WRONLY), saved = dup(STDERR_FILENO);
	struct leftovers left;

	(void)state;
	leftovers_init(&left);
	fflush(stderr);
	dup2(null, STDERR_FILENO);
	for (int i = 0; i < 3 * LEFTOVER_ERRORS_MAX; i++)
		leftovers_fail(&left, "/x", -EACCES);
	dup2(saved, STDERR_FILENO);
	close(null);
	close(saved);
	assert_int_equal(left.count[LEFTOVER_FAILED], 3 * LEFTOVER_ERRORS_MAX);
	leftovers_clear(&left);
}

#define MOUNT_V2 "30 1 0:25 / /cg rw - cgroup2 cgroup2 rw\n"
#define MOUNT_V1 "30 1 0:25 / /cg rw - cgroup cgroup rw,memory\n"

static void set_machine(struct sandbox *s, const char *mount, const char *cgroup)
{
	sandbox_write(s, "/proc/meminfo", "MemTotal: 1600 kB\nMemFree: 1 kB\nMemAvailable: 1000 kB\n");
	sandbox_write(s, "/proc/self/mountinfo", mount);
	sandbox_write(s, "/proc/7/cgroup", cgroup);
}

/* Without a limit it is what the machine has available, less a sixteenth of all. */
static void test_budget_of_machine(void **state)
{
	struct sandbox *s = *state;
	uint64_t bytes = 0;

	set_machine(s, MOUNT_V2, "0::/a\n");
	sandbox_write(s, "/cg/a/memory.max", "max\n");
	assert_int_equal(budget_read(s->root, 7, &bytes), 0);
	assert_int_equal(bytes, 900 * 1024);
	sandbox_write(s, "/proc/meminfo", "MemTotal: 1600 kB\nMemFree: 1 kB\nMemAvailable: 50 kB\n");
	assert_int_equal(budget_read(s->root, 7, &bytes), 0);
	assert_int_equal(bytes, 0);
	sandbox_write(s, "/proc/meminfo", "MemTotal: 1600 kB\n");
	assert_int_equal(budget_read(s->root, 7, &bytes), -EINVAL);
}

/* The tightest group on the path counts; files that it has and does not use are room. */
static void test_budget_of_group(void **state)
{
	struct sandbox *s = *state;
	uint64_t bytes = 0;

	set_machine(s, MOUNT_V2, "0::/a/b\n");
	sandbox_write(s, "/cg/a/memory.max", "409600\n");
	sandbox_write(s, "/cg/a/memory.current", "300000\n");
	sandbox_write(s, "/cg/a/memory.stat", "anon 5\ninactive_file 50400\nactive_file 7\n");
	sandbox_write(s, "/cg/a/b/memory.max", "max\n");
	assert_int_equal(budget_read(s->root, 7, &bytes), 0);
	assert_int_equal(bytes, 160000 - 160000 / 16);
}

/* The same in cgroup v1; a group that is full leaves nothing. */
static void test_budget_of_group_v1(void **state)
{
	struct sandbox *s = *state;
	uint64_t room = 0;

	set_machine(s, MOUNT_V1, "3:memory:/a\n");
	sandbox_write(s, "/cg/a/memory.limit_in_bytes", "409600\n");
	sandbox_write(s, "/cg/a/memory.usage_in_bytes", "400000\n");
	sandbox_write(s, "/cg/a/memory.stat", "inactive_file 1\ntotal_inactive_file 400\n");
	assert_int_equal(sys_memory_room_read(s->root, 7, &room), 0);
	assert_int_equal(room, 10000);
	sandbox_write(s, "/cg/a/memory.usage_in_bytes", "500000\n");
	assert_int_equal(sys_memory_room_read(s->root, 7, &room), 0);
	assert_int_equal(room, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_share_of_nothing),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_while_walking),
		cmocka_unit_test(test_line_at_start),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_line_is_narrow),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_many_failures),
		cmocka_unit_test_setup_teardown(test_budget_of_machine, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_budget_of_group, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_budget_of_group_v1, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
