/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Disk and page-fault bottlenecks, and what holds for all: ranking, mixtures, lengths, runs without time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "detect/detect.h"

static const struct host host = { "6.18.0", 2, 16ULL << 30 };

static struct file_miss files[] = {
	{ (char *)"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus-with-a-long-name", 0, 30 << 20 },
	{ (char *)"/src/a.h", 0, 1 << 20 },
};

static struct device devices[] = {
	{ .name = "vda",
	  .own = { .writes = 900, .write_bytes = 9 << 20, .flushes = 300, .busy_seconds = 1 },
	  .p95_us = NAN },
	{ .name = "vdb",
	  .own = { .reads = 3400, .read_bytes = 120 << 20, .busy_seconds = 32 },
	  .others = { .busy_seconds = 50 },
	  .p95_us = 2100 },
};

static struct app ten_seconds(void)
{
	return (struct app){ .name = "app",
			     .seen = true,
			     .wall_seconds = 10,
			     .cpus = 2,
			     .steal = NAN,
			     .devices = devices,
			     .ndevices = 2 };
}

static const struct verdict *verdict_of(const struct app *app, const char *id)
{
	static struct verdict verdicts[DETECT_MAX];
	size_t i, count = detect_all(app, &host, verdicts);

	for (i = 0; i < count; i++)
		if (!strcmp(verdicts[i].id, id))
			return &verdicts[i];
	return NULL;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

#define assert_share(v, share) assert_true((v) && fabs((v)->impact - (share)) < 1e-9)

static void test_disk_read(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_DISK] = 8;
	app.times.wall_disk_read = 5;
	app.times.wall_disk_write = 3;
	app.missed_bytes = 120 << 20;
	app.files = files;
	app.nfiles = 2;
	v = verdict_of(&app, "disk-read");
	assert_share(v, 0.5);
	assert_says(v->evidence, "vdb: 3,400 reads, 120 MiB, p95 2.10 ms, mean queue 3.2 (others 5.0)");
	assert_says(v->evidence, "missed most: .../12/cc1plus-with-a-long-name 30 MiB, /src/a.h 1 MiB");
	assert_says(v->suggestion, "cold");

	/* read around the page cache: a warm one would be no help */
	app.missed_bytes = 0;
	assert_null(strstr(verdict_of(&app, "disk-read")->suggestion, "cold"));

	app.times.wall_disk_read = 0;
	assert_null(verdict_of(&app, "disk-read"));
}

static void test_disk_write(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_DISK] = 3;
	app.times.wall_disk_write = 3;
	v = verdict_of(&app, "disk-write");
	assert_share(v, 0.3);
	assert_says(v->evidence, "vda: 900 writes, 9 MiB, 300 flushes, mean queue 0.1");
	assert_null(strstr(v->evidence, "p95")); /* not known for this device */
	assert_says(v->suggestion, "fsync");
	assert_null(verdict_of(&app, "disk-read"));

	app.ndevices = 0;
	v = verdict_of(&app, "disk-write");
	assert_null(strstr(v->evidence, "vda"));
	assert_null(strstr(v->suggestion, "fsync"));

	app.times.wall_disk_write = 0;
	assert_null(verdict_of(&app, "disk-write"));
}

static void test_page_fault(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_FAULT] = 2.5;
	app.major_faults = 1234;
	v = verdict_of(&app, "page-fault");
	assert_share(v, 0.25);
	assert_says(v->evidence, "1,234 major faults");

	/* faults that cost no wall time */
	app.times.wall[STATE_FAULT] = 0;
	assert_null(verdict_of(&app, "page-fault"));
}

/* Two causes, half and half: both are named with their halves, and nothing else. */
static void test_half_and_half(void **state)
{
	struct verdict verdicts[DETECT_MAX];
	struct app app = ten_seconds();

	(void)state;
	app.times.wall[STATE_RUNQ] = 5.1;
	app.times.wall_neighbour = 5.1;
	app.times.wall[STATE_DISK] = 4.9;
	app.times.wall_disk_read = 4.9;
	assert_int_equal(detect_all(&app, &host, verdicts), 2);
	assert_string_equal(verdicts[0].id, "cpu-neighbour");
	assert_share(&verdicts[0], 0.51);
	assert_string_equal(verdicts[1].id, "disk-read");
	assert_share(&verdicts[1], 0.49);
	assert_non_null(verdicts[0].title);
}

/* A run that met everything: ranked, adding up to the whole, and no sentence longer than people read. */
static void test_everything(void **state)
{
	struct command commands[] = { { "commands-of-15b", 4000, { .wall_alone = 0 } },
				      { "another-of-15-b", 4000, { .wall_alone = 0 } } };
	struct verdict v[DETECT_MAX];
	struct app app = ten_seconds();
	double sum = 0;
	size_t i, j, count;

	(void)state;
	app.steal = 0.2;
	app.times.wall[STATE_RUN] = 3;
	app.times.wall_alone = 1;
	app.times.wall[STATE_RUNQ] = 2;
	app.times.wall_neighbour = 0.7;
	app.times.wall[STATE_THROTTLED] = 0.5;
	app.times.wall[STATE_DISK] = 1.5;
	app.times.wall_disk_read = 0.9;
	app.times.wall_disk_write = 0.6;
	app.times.wall[STATE_FAULT] = 0.8;
	app.times.wall[STATE_RECLAIM] = 0.4;
	app.times.wall[STATE_LOCK] = 0.3;
	app.wall_sleep[SLEEP_OTHER] = 1.5;
	app.missed_bytes = 1ULL << 40;
	app.files = files;
	app.nfiles = 2;
	for (j = 0; j < 2; j++)
		commands[j].times = app.times;
	app.commands = commands;
	app.ncommands = 2;

	count = detect_all(&app, &host, v);
	assert_int_equal(count, 12);
	for (i = 0; i < count; i++) {
		sum += v[i].impact;
		assert_true(i == 0 || v[i].impact <= v[i - 1].impact);
		assert_in_range(strlen(v[i].evidence), 10, 300);
		assert_in_range(strlen(v[i].suggestion), 10, 200);
	}
	assert_true(fabs(sum - 1) < 1e-9);
}

/* Less than 1 % is not worth a line; a run without time has no shares at all. */
static void test_too_little(void **state)
{
	struct verdict verdicts[DETECT_MAX];
	struct app app = ten_seconds();

	(void)state;
	app.times.wall[STATE_LOCK] = 0.09;
	assert_int_equal(detect_all(&app, &host, verdicts), 0);
	app.times.wall[STATE_LOCK] = 0.11;
	assert_int_equal(detect_all(&app, &host, verdicts), 1);
	app.wall_seconds = 0;
	assert_int_equal(detect_all(&app, &host, verdicts), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_read),  cmocka_unit_test(test_disk_write),
		cmocka_unit_test(test_page_fault), cmocka_unit_test(test_half_and_half),
		cmocka_unit_test(test_everything), cmocka_unit_test(test_too_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
