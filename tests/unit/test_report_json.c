/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for programs, read back: keys and their order, null for what is not known, names that are no text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static const struct host host = { "6.18.0", 4, 16ULL << 30 };
static const struct agent_cost cost = {
	.cpu_seconds = 0.25, .bpf_seconds = NAN, .events = 7, .lost_events = 3, .lost_by_kind = { [5] = 3 }
};

static struct app small_app(void)
{
	return (struct app){ .name = "make",
			     .seen = true,
			     .ending = ENDING_APP,
			     .wall_seconds = 12.345678,
			     .started = 1700000000.123456,
			     .processes = 3,
			     .steal = NAN,
			     .idle = 2.345678,
			     .times = { .wall = { [STATE_RUN] = 10 } } };
}

/* The report as text; the caller frees it. */
static char *render(const struct report *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(report_json(r, out), 0);
	fclose(out);
	assert_int_equal(strlen(text), len);
	return text;
}

static json_t *report_of(const struct app *app, const struct agent_cost *agent, const struct verdict *verdicts,
			 size_t n)
{
	const struct report r = { app, &host, agent, verdicts, n, false };
	char *text = render(&r);
	json_error_t error;
	json_t *ret = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!ret)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return ret;
}

/* What is at a path of keys. */
static json_t *at(json_t *object, const char *first, const char *second)
{
	json_t *ret = json_object_get(object, first);

	if (second)
		ret = json_object_get(ret, second);
	if (!ret)
		fail_msg("no %s.%s", first, second ? second : "");
	return ret;
}

/* The documented keys come first, in their order. */
static void test_keys(void **state)
{
	static const char *const keys[] = { "schema",      "app",         "host",     "wall_seconds", "thread_seconds",
					    "wall",        "concurrency", "commands", "devices",      "page_cache",
					    "bottlenecks", "actions",     "agent" };
	static const char *const app_keys[] = { "name",  "command", "processes", "threads_peak",
						"execs", "started", "ended" };
	struct app app = small_app();
	json_t *json = report_of(&app, &cost, NULL, 0);
	void *it = json_object_iter(json);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++, it = json_object_iter_next(json, it))
		assert_string_equal(json_object_iter_key(it), keys[i]);
	it = json_object_iter(at(json, "app", NULL));
	for (i = 0; i < sizeof(app_keys) / sizeof(app_keys[0]); i++) {
		assert_string_equal(json_object_iter_key(it), app_keys[i]);
		it = json_object_iter_next(at(json, "app", NULL), it);
	}
	assert_string_equal(json_string_value(at(json, "schema", NULL)), "accel-agent.report/1");
	assert_int_equal(json_array_size(at(json, "actions", NULL)), 0);
	assert_true(json_is_array(at(json, "actions", NULL)));
	assert_string_equal(json_string_value(at(json, "app", "ending")), "app");
	json_decref(json);
}

/* Seconds keep their microseconds, and the wall states with idle add up. */
static void test_numbers(void **state)
{
	struct app app = small_app();
	json_t *json = report_of(&app, &cost, NULL, 0), *value;
	const char *key;
	double sum = 0;

	(void)state;
	assert_true(fabs(json_real_value(at(json, "wall_seconds", NULL)) - 12.345678) < 1e-9);
	assert_true(fabs(json_real_value(at(json, "app", "started")) - 1700000000.123456) < 2e-7);
	json_object_foreach(at(json, "wall", NULL), key, value) sum += json_real_value(value);
	assert_true(fabs(sum - 12.345678) < 1e-5);
	assert_int_equal(json_integer_value(at(json, "agent", "lost_events")), 3);
	assert_int_equal(json_integer_value(json_object_get(at(json, "agent", "lost"), "block")), 3);
	json_decref(json);
}

/* What could not be measured is null, and a value that is truly zero is 0. */
static void test_unknown_is_null(void **state)
{
	struct device device = { .name = "vda",
				 .own = { .sequential = NAN },
				 .others = { .sequential = NAN },
				 .p50_us = NAN,
				 .p95_us = NAN,
				 .p99_us = NAN,
				 .max_us = NAN };
	struct app app = small_app();
	json_t *json, *read;

	(void)state;
	app.devices = &device;
	app.ndevices = 1;
	json = report_of(&app, &cost, NULL, 0);
	read = json_array_get(at(json, "devices", NULL), 0);
	assert_true(json_is_null(at(read, "latency_us", "p99")));
	assert_int_equal(json_integer_value(at(read, "reads", NULL)), 0);
	assert_true(json_is_integer(at(read, "reads", NULL)));
	assert_true(json_is_null(at(json, "agent", "bpf_seconds")));
	assert_true(json_is_null(at(json, "agent", "max_rss_kib")));
	assert_true(json_is_null(at(json, "app", "command")));
	assert_true(json_is_null(at(json, "app", "ended")));
	assert_true(json_is_null(at(json, "steal", NULL)));
	assert_true(json_is_null(at(json, "cpu_quota", NULL)));
	assert_true(json_is_null(at(json, "memory_limit", NULL)));
	assert_true(json_is_real(at(json, "wall", "disk")));
	json_decref(json);
}

/* Names are bytes: control characters are escaped, what is not UTF-8 becomes U+FFFD, 16 bytes need no NUL. */
static void test_hostile_names(void **state)
{
	struct command command = { .processes = 1 };
	struct file_miss file = { (char *)"/\xc3\xa9\xc0\xaf\xed\xa0\x80\"\n\x1b[31m\xf0\x9f\x98\x80\xf0\x9f", 0, 5 };
	struct verdict verdict = { .id = "lock", .impact = 0.5, .evidence = "cut \xe2\x82", .suggestion = "s" };
	struct long_wait wait = { .command = "\xff", .state = STATE_LOCK };
	struct app app = small_app();
	json_t *json;

	(void)state;
	memset(command.name, 'x', sizeof(command.name));
	app.command = (char *)"a\xff"
			      "b";
	app.commands = &command;
	app.ncommands = 1;
	app.files = &file;
	app.nfiles = 1;
	app.waits = &wait;
	app.nwaits = 1;
	json = report_of(&app, &cost, &verdict, 1);
	assert_string_equal(json_string_value(at(json, "app", "command")), "a\xef\xbf\xbd"
									   "b");
	assert_string_equal(json_string_value(at(json_array_get(at(json, "commands", NULL), 0), "name", NULL)),
			    "xxxxxxxxxxxxxxxx");
	assert_string_equal(json_string_value(at(json_array_get(at(json, "files", NULL), 0), "path", NULL)),
			    "/\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n\x1b[31m"
			    "\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(json_string_value(at(json_array_get(at(json, "bottlenecks", NULL), 0), "evidence", NULL)),
			    "cut \xef\xbf\xbd\xef\xbf\xbd");
	assert_true(json_is_null(at(json_array_get(at(json, "bottlenecks", NULL), 0), "action", NULL)));
	assert_true(json_is_null(at(json_array_get(at(json, "waits", NULL), 0), "waker", NULL)));
	json_decref(json);
}

/* One line of printable ASCII, whatever the names are; an interim report says that it is one. */
static void test_one_line(void **state)
{
	struct app app = small_app();
	const struct report r = { &app, &host, &cost, NULL, 0, true };
	json_t *json;
	size_t i;
	char *text;

	(void)state;
	app.command = (char *)"\x1b[2J\xc2\x9b\r\n\xe2\x80\xae";
	text = render(&r);
	for (i = 0; text[i + 1]; i++)
		assert_in_range((unsigned char)text[i], 0x20, 0x7e);
	assert_int_equal(text[i], '\n');
	json = json_loads(text, 0, NULL);
	assert_true(json_is_true(at(json, "interim", NULL)));
	assert_string_equal(json_string_value(at(json, "app", "ending")), "running");
	json_decref(json);
	free(text);
}

/* A limit is told from "no limit", and both from "not known". */
static void test_limits(void **state)
{
	struct app app = small_app();
	json_t *json;

	(void)state;
	app.quota = (struct quota){ true, "/a", 1.5, 7, 0.25 };
	app.memory_limit.known = true;
	json = report_of(&app, &cost, NULL, 0);
	assert_string_equal(json_string_value(at(json, "cpu_quota", "cgroup")), "/a");
	assert_true(json_real_value(at(json, "cpu_quota", "cpus")) == 1.5);
	assert_true(json_is_null(at(json, "memory_limit", "limit_bytes")));
	json_decref(json);
}

/* The concurrency list ends at the largest number of threads that ran at once. */
static void test_concurrency(void **state)
{
	struct app app = small_app();
	json_t *json, *list;

	(void)state;
	app.concurrency[0] = 1;
	app.concurrency[3] = 2;
	json = report_of(&app, &cost, NULL, 0);
	list = at(json, "concurrency", NULL);
	assert_int_equal(json_array_size(list), 4);
	assert_int_equal(json_integer_value(at(json_array_get(list, 3), "running", NULL)), 3);
	assert_true(json_real_value(at(json_array_get(list, 3), "seconds", NULL)) == 2);
	json_decref(json);
}

static ssize_t no_space(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	(void)text;
	(void)size;
	errno = ENOSPC;
	return 0;
}

/* A full disk is an error, not half a report and a success. */
static void test_full(void **state)
{
	struct app app = small_app();
	const struct report r = { &app, &host, &cost, NULL, 0, false };
	FILE *full = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = no_space });

	(void)state;
	assert_non_null(full);
	assert_int_equal(report_json(&r, full), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown_is_null),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_concurrency),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
