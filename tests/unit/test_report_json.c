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

static json_t *parsed(const struct report *r)
{
	char *text = render(r);
	json_error_t error;
	json_t *ret = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!ret)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return ret;
}

static json_t *report_of(const struct app *app, const struct agent_cost *agent, const struct verdict *verdicts,
			 size_t n)
{
	const struct report r = { .app = app, .host = &host, .cost = agent, .verdicts = verdicts, .nverdicts = n };

	return parsed(&r);
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
	assert_int_equal(json_array_size(at(json, "operations", NULL)), 0);
	assert_true(json_is_array(at(json, "operations", NULL)));
	assert_string_equal(json_string_value(at(json, "app", "ending")), "app");
	json_decref(json);
}

/* What was recorded: null without recording; else its state by name, with an error only where there was one. */
static void test_recorded(void **state)
{
	struct app app = small_app();
	struct prefetch_recorded recorded = { .state = RECORDED_WRITTEN, .files = 3, .bytes = 8192, .outputs = 2 };
	struct report r = { .app = &app, .host = &host, .cost = &cost };
	json_t *json = parsed(&r), *at_recorded;

	(void)state;
	assert_true(json_is_null(at(json, "prefetch", NULL)));
	json_decref(json);
	r.recorded = &recorded;
	json = parsed(&r);
	at_recorded = at(json, "prefetch", "recorded");
	assert_string_equal(json_string_value(at(at_recorded, "state", NULL)), "written");
	assert_int_equal(json_integer_value(at(at_recorded, "files", NULL)), 3);
	assert_int_equal(json_integer_value(at(at_recorded, "bytes", NULL)), 8192);
	assert_int_equal(json_integer_value(at(at_recorded, "left_out", "outputs")), 2);
	assert_true(json_is_null(at(at_recorded, "error", NULL)));
	json_decref(json);
	recorded = (struct prefetch_recorded){ .state = RECORDED_FAILED, .error = ENOSPC };
	json = parsed(&r);
	at_recorded = at(json, "prefetch", "recorded");
	assert_string_equal(json_string_value(at(at_recorded, "state", NULL)), "failed");
	assert_string_equal(json_string_value(at(at_recorded, "error", NULL)), strerror(ENOSPC));
	json_decref(json);
}

/* What was brought: shares are null where they are not known, and the next command is where there was none. */
static void test_replayed(void **state)
{
	struct app app = small_app();
	struct replayed replayed = { .state = REPLAYED_DONE,
				     .files = 9,
				     .bytes = 8192,
				     .coverage = 0.75,
				     .accuracy = NAN,
				     .timely = 1,
				     .gain = 0.5,
				     .stopped = "done",
				     .engine = "threads" };
	struct report r = { .app = &app, .host = &host, .cost = &cost, .replayed = &replayed };
	json_t *json = parsed(&r), *found = at(json, "prefetch", "replayed");

	(void)state;
	assert_true(json_is_null(at(json, "prefetch", "recorded")));
	assert_string_equal(json_string_value(at(found, "state", NULL)), "done");
	assert_int_equal(json_integer_value(at(found, "files", NULL)), 9);
	assert_true(json_number_value(at(found, "coverage", NULL)) == 0.75);
	assert_true(json_is_null(at(found, "accuracy", NULL)));
	assert_true(json_number_value(at(found, "gain_percent", NULL)) == 50);
	assert_true(json_is_null(at(found, "next", NULL)));
	assert_true(json_is_null(at(found, "error", NULL)));
	json_decref(json);
	replayed = (struct replayed){
		.state = REPLAYED_FAILED, .error = "no memory", .gain = NAN, .next_command = "make", .next_bytes = 4096
	};
	json = parsed(&r);
	found = at(json, "prefetch", "replayed");
	assert_string_equal(json_string_value(at(found, "state", NULL)), "failed");
	assert_string_equal(json_string_value(at(found, "error", NULL)), "no memory");
	assert_true(json_is_null(at(found, "stopped", NULL)));
	assert_true(json_is_null(at(found, "gain_percent", NULL)));
	assert_string_equal(json_string_value(at(found, "next", "command")), "make");
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
	const struct report r = { .app = &app, .host = &host, .cost = &cost, .interim = true };
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

static const struct change changes[] = {
	{ .id = "a1",
	  .bottleneck = "memory-reclaim",
	  .knob = "memory.low",
	  .target = "/job",
	  .new = "512M",
	  .reason = "no such file",
	  .state = CHANGE_REFUSED },
	{ .id = "a2",
	  .bottleneck = "cpu-neighbour",
	  .knob = "cpu.weight",
	  .target = "/job",
	  .old = "100",
	  .new = "400",
	  .reason = "others ran",
	  .state = CHANGE_KEPT,
	  .restored = true,
	  .effect = { EFFECT_HELPS, "run_per_second", 0.52, 1.94, 273, 240, 300, 6 } },
	{ .id = "a3",
	  .knob = "cpu.idle",
	  .target = "/\xff\n",
	  .old = "0",
	  .new = "1",
	  .reason = "\x1b[2J",
	  .state = CHANGE_UNDONE,
	  .effect = { EFFECT_INCONCLUSIVE, "run_per_second", 1, 1.5, NAN, NAN, NAN, 2 } },
	{ .id = "a4",
	  .bottleneck = "cpu-neighbour",
	  .knob = "cpu.weight",
	  .target = "/job",
	  .new = "400",
	  .state = CHANGE_PLANNED },
};

/* Each change is listed as it was made, with its effect where that was measured; keys come in the documented order. */
static void test_actions(void **state)
{
	static const char *const keys[] = { "id", "target", "knob", "old", "new", "reason", "state", "effect" };
	static const char *const effect_keys[] = { "metric", "before", "after", "percent", "low", "high", "windows" };
	struct app app = small_app();
	const struct report r = { .app = &app, .host = &host, .cost = &cost, .changes = changes, .nchanges = 4 };
	json_t *json = parsed(&r), *kept = json_array_get(at(json, "actions", NULL), 1);
	void *it = json_object_iter(kept);
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(at(json, "actions", NULL)), 4);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++, it = json_object_iter_next(kept, it))
		assert_string_equal(json_object_iter_key(it), keys[i]);
	it = json_object_iter(at(kept, "effect", NULL));
	for (i = 0; i < sizeof(effect_keys) / sizeof(effect_keys[0]); i++) {
		assert_string_equal(json_object_iter_key(it), effect_keys[i]);
		it = json_object_iter_next(at(kept, "effect", NULL), it);
	}
	assert_string_equal(json_string_value(at(kept, "id", NULL)), "a2");
	assert_string_equal(json_string_value(at(kept, "target", NULL)), "/job");
	assert_string_equal(json_string_value(at(kept, "knob", NULL)), "cpu.weight");
	assert_string_equal(json_string_value(at(kept, "old", NULL)), "100");
	assert_string_equal(json_string_value(at(kept, "new", NULL)), "400");
	assert_string_equal(json_string_value(at(kept, "reason", NULL)), "others ran");
	assert_string_equal(json_string_value(at(kept, "state", NULL)), "kept");
	assert_string_equal(json_string_value(at(kept, "bottleneck", NULL)), "cpu-neighbour");
	assert_true(json_is_true(at(kept, "restored", NULL)));
	assert_string_equal(json_string_value(at(kept, "effect", "metric")), "run_per_second");
	assert_true(json_real_value(at(kept, "effect", "before")) == 0.52);
	assert_true(json_real_value(at(kept, "effect", "after")) == 1.94);
	assert_true(json_real_value(at(kept, "effect", "percent")) == 273);
	assert_true(json_real_value(at(kept, "effect", "low")) == 240);
	assert_true(json_real_value(at(kept, "effect", "high")) == 300);
	assert_int_equal(json_integer_value(at(kept, "effect", "windows")), 6);
	assert_string_equal(json_string_value(at(kept, "effect", "verdict")), "helps");
	json_decref(json);
}

/* What there was not, or what was not measured, is null; bytes that are no text are replaced. */
static void test_actions_unknown(void **state)
{
	struct app app = small_app();
	const struct report r = { .app = &app, .host = &host, .cost = &cost, .changes = changes, .nchanges = 4 };
	json_t *json = parsed(&r), *list = at(json, "actions", NULL);
	json_t *refused = json_array_get(list, 0), *undone = json_array_get(list, 2),
	       *planned = json_array_get(list, 3);

	(void)state;
	assert_string_equal(json_string_value(at(refused, "state", NULL)), "refused");
	assert_true(json_is_null(at(refused, "effect", NULL)));
	assert_true(json_is_null(at(refused, "old", NULL)));
	assert_string_equal(json_string_value(at(planned, "state", NULL)), "planned");
	assert_string_equal(json_string_value(at(undone, "state", NULL)), "undone");
	assert_true(json_is_false(at(undone, "restored", NULL)));
	assert_true(json_is_null(at(undone, "bottleneck", NULL)));
	assert_string_equal(json_string_value(at(undone, "target", NULL)), "/\xef\xbf\xbd\n");
	assert_string_equal(json_string_value(at(undone, "effect", "verdict")), "inconclusive");
	assert_true(json_is_null(at(undone, "effect", "percent")));
	assert_true(json_is_null(at(undone, "effect", "low")));
	assert_true(json_is_null(at(undone, "effect", "high")));
	json_decref(json);
}

/* A bottleneck names the first change that is about it, a refused one too, or none. */
static void test_bottleneck_action(void **state)
{
	static const struct verdict verdicts[] = {
		{ .id = "cpu-neighbour", .impact = 0.5 },
		{ .id = "memory-reclaim", .impact = 0.2 },
		{ .id = "lock", .impact = 0.1 },
	};
	struct app app = small_app();
	const struct report r = {
		.app = &app,
		.host = &host,
		.cost = &cost,
		.verdicts = verdicts,
		.nverdicts = 3,
		.changes = changes,
		.nchanges = 4,
	};
	json_t *json = parsed(&r), *list = at(json, "bottlenecks", NULL);

	(void)state;
	assert_string_equal(json_string_value(at(json_array_get(list, 0), "action", NULL)), "a2");
	assert_string_equal(json_string_value(at(json_array_get(list, 1), "action", NULL)), "a1");
	assert_true(json_is_null(at(json_array_get(list, 2), "action", NULL)));
	json_decref(json);
}

/* Times by kind of operation; the commands without a kind have null for it. */
static void test_operations(void **state)
{
	static const struct operation operations[] = {
		{ "compile", 34, 2, "cc1", { .thread = { [STATE_RUN] = 4.5 }, .wall = { [STATE_RUN] = 2.25 } } },
		{ .processes = 3, .commands = 3, .most = "0123456789abcdef" },
	};
	struct app app = small_app();
	const struct report r = {
		.app = &app, .host = &host, .cost = &cost, .operations = operations, .noperations = 2
	};
	json_t *json = parsed(&r), *list = at(json, "operations", NULL), *first = json_array_get(list, 0);

	(void)state;
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(at(first, "kind", NULL)), "compile");
	assert_int_equal(json_integer_value(at(first, "processes", NULL)), 34);
	assert_int_equal(json_integer_value(at(first, "commands", NULL)), 2);
	assert_string_equal(json_string_value(at(first, "most", NULL)), "cc1");
	assert_true(json_real_value(at(first, "thread_seconds", "run")) == 4.5);
	assert_true(json_real_value(at(first, "wall", "run")) == 2.25);
	assert_true(json_is_null(at(json_array_get(list, 1), "kind", NULL)));
	assert_string_equal(json_string_value(at(json_array_get(list, 1), "most", NULL)), "0123456789abcdef");
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
	const struct report r = { .app = &app, .host = &host, .cost = &cost };
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
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown_is_null),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_concurrency),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_actions_unknown),
		cmocka_unit_test(test_bottleneck_action),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
