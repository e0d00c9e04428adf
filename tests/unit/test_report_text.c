/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for people: its parts, its width, and that nothing from outside reaches the terminal raw. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static const struct host host = { "6.18.0", 4, 16ULL << 30 };
static const struct report_style plain = { .columns = 80 };

struct fixture {
	struct app app;
	struct agent_cost cost;
	struct command command;
	struct device device;
	struct verdict verdict;
	struct file_miss file;
	struct long_wait wait;
	struct report report;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->command = (struct command){ .name = "cc1",
				       .processes = 1200,
				       .times = { .thread = { [STATE_RUN] = 12 }, .wall = { [STATE_RUN] = 6 } } };
	f->device = (struct device){ .name = "vda",
				     .own = { .reads = 3400, .read_bytes = 120 << 20 },
				     .p50_us = 180,
				     .p95_us = 2100,
				     .p99_us = NAN };
	f->verdict = (struct verdict){ "cpu-bound", "it computes", 0.6, "computing for 6.00 s", "nothing to tune" };
	f->file = (struct file_miss){ (char *)"/usr/lib/libc.so.6", 0, 2 << 20 };
	f->wait = (struct long_wait){ "make", "curl", true, STATE_SLEEP, SLEEP_SOCKET, 3, 1.5 };
	f->app = (struct app){ .name = "make",
			       .command = (char *)"make -j8",
			       .seen = true,
			       .ending = ENDING_APP,
			       .wall_seconds = 10,
			       .processes = 1204,
			       .threads_peak = 9,
			       .cpus = 4,
			       .idle = 1,
			       .commands = &f->command,
			       .ncommands = 1,
			       .devices = &f->device,
			       .ndevices = 1,
			       .files = &f->file,
			       .nfiles = 1,
			       .waits = &f->wait,
			       .nwaits = 1,
			       .missed_pages = 512,
			       .missed_bytes = 2 << 20,
			       .major_faults = 12,
			       .steal = NAN };
	f->app.times.wall[STATE_RUN] = 6;
	f->app.times.thread[STATE_RUN] = 12;
	f->app.times.wall[STATE_SLEEP] = 3;
	f->app.wall_sleep[SLEEP_SOCKET] = 3;
	f->cost = (struct agent_cost){ .cpu_seconds = 0.1,
				       .start_seconds = 0.06,
				       .start_cpu_seconds = 0.04,
				       .bpf_seconds = NAN,
				       .max_rss_kib = 9216,
				       .events = 41234 };
	f->report = (struct report){
		.app = &f->app, .host = &host, .cost = &f->cost, .verdicts = &f->verdict, .nverdicts = 1
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* The report as text; the caller frees it. */
static char *render(const struct fixture *f, const struct report_style *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(report_text(&f->report, style, out), 0);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("not found: %s\nin:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("found: %s\nin:\n%s", part, text);
}

/* Each part is there, as it is meant to look. */
static void test_parts(void **state)
{
	char *text = render(*state, &plain);

	assert_has(text, "make: 10.0 s wall time, 1,204 processes, 9 threads at peak, 4 CPUs\n"
			 "  command    make -j8\n"
			 "  host       kernel 6.18.0, 4 CPUs, 16 GiB memory\n"
			 "  watched    until the app ended\n\n"
			 "60 % of the wall time: cpu-bound, it computes\n\n"
			 "Where the wall time went\n"
			 "  run             6.00 s   60 %  ##########       on a CPU\n"
			 "  sleep           3.00 s   30 %  #####            asleep, mostly on sockets\n"
			 "  idle            1.00 s   10 %  ##               no process of the app ran\n\n"
			 "Bottlenecks (share of the wall time that each took)\n"
			 "    60 %  cpu-bound\n"
			 "          computing for 6.00 s\n"
			 "       -> nothing to tune\n\n");
	assert_has(text, "  command         processes      wall     share       run\n"
			 "  cc1                 1,200    6.00 s      60 %    12.0 s\n");
	assert_has(text, "  vda          3,400   120 MiB       0       0 B    180 us   2.10 ms         -\n");
	assert_has(text, "  missed 512 pages (2 MiB), 12 major faults; most of them in\n"
			 "       2 MiB  /usr/lib/libc.so.6\n");
	assert_has(text, "  make                    3    1.50 s  socket      curl            outside\n");
	assert_has(text, "  Started in 60.0 ms; CPU 40.0 ms until then, 60.0 ms since (0.6 % of one CPU);\n"
			 "  BPF programs not measured, memory 9 MiB, 41,234 events, none lost\n");
	assert_has(text, "none lost\n\nNothing was changed: nothing that the agent can tune held the app back.\n");
	assert_has_not(text, "By operation");
	free(text);
}

/* Times by kind of operation stand above the commands; what has no kind is last, and alone it is no table. */
static void test_operations(void **state)
{
	static const struct operation operations[] = {
		{ "compile",
		  34,
		  2,
		  "cc1",
		  { .thread = { [STATE_RUN] = 12, [STATE_RUNQ] = 0.5, [STATE_DISK] = 1, [STATE_FAULT] = 2 },
		    .wall = { [STATE_RUN] = 5, [STATE_DISK] = 0.5 } } },
		{ .kind = "link", .processes = 1, .most = "0123456789abcdef" },
		{ .processes = 12, .most = "sh", .times = { .thread = { [STATE_RUN] = 725 } } },
	};
	struct fixture *f = *state;
	char *text;

	f->report.operations = operations;
	f->report.noperations = 3;
	text = render(f, &plain);
	assert_has(text,
		   "\n\nBy operation (wall time charged to each; then thread time by state)\n"
		   "  kind           wall  share      run disk+fault     runq processes  mostly\n"
		   "  compile      5.50 s   55 %   12.0 s     3.00 s   500 ms        34  cc1        \n"
		   "  link              -  0.0 %        -          -        -         1  0123456789a\n"
		   "  (other)           -  0.0 %    725 s          -        -        12  sh         \n\nCommands");
	free(text);
	f->report.operations = operations + 2;
	f->report.noperations = 1;
	text = render(f, &plain);
	assert_has_not(text, "By operation");
	free(text);
}

/* A time of ten minutes or more fits into its cell. */
static void test_long_times(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->command.times.wall[STATE_RUN] = 605.4;
	f->command.times.thread[STATE_RUN] = 36e6;
	text = render(f, &plain);
	assert_has(text, "  cc1                 1,200     605 s    6054 %   10000 h\n");
	free(text);
}

/* States without time have no row. */
static void test_zero_rows(void **state)
{
	char *text = render(*state, &plain);

	assert_has_not(text, "reclaim");
	assert_has_not(text, "throttled");
	free(text);
}

/* A report in the middle of a run cannot be taken for the last one. */
static void test_interim(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->report.interim = true;
	text = render(f, &plain);
	assert_int_equal(strncmp(text, "Interim report: make: ", 22), 0);
	assert_has(text, "the app still runs");
	free(text);
}

/* An app that never came is said so, without tables of nothing. */
static void test_never_seen(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->app.seen = false;
	text = render(f, &plain);
	assert_int_equal(strncmp(text, "make was never seen\n", 20), 0);
	assert_has_not(text, "Where the wall time went");
	assert_has_not(text, "  watched ");
	assert_has(text, "\nNothing was changed: the app did not run while the agent watched.\n");
	assert_has(text, "No process that matches ran");
	assert_has(text, "The agent itself");
	free(text);
}

/* Losses are counted by kind, unknown figures are said to be unknown, and warnings are shown. */
static void test_losses_and_warnings(void **state)
{
	struct fixture *f = *state;
	char *warning = (char *)"no BTF";
	char *text;

	f->cost.lost_events = 12;
	f->cost.lost_by_kind[5] = 10;
	f->cost.lost_by_kind[6] = 2;
	f->cost.max_rss_kib = 0;
	f->cost.cpu_seconds = NAN;
	f->cost.warnings = &warning;
	f->cost.nwarnings = 1;
	text = render(f, &plain);
	assert_has(text, "12 events were lost, block 10, miss 2");
	assert_has_not(text, "none lost");
	assert_has(text, "unknown since; BPF programs not");
	assert_has(text, "  warning: no BTF\n");
	free(text);
}

/* Whatever others call their files and programs, the terminal gets printable characters, and ASCII if it wants that. */
static void test_hostile_names(void **state)
{
	struct fixture *f = *state;
	const struct report_style utf8 = { .columns = 80, .utf8 = true };
	const char *evil = "\x1b[2J\a\r\x9b\xc2\x9b\xff\n\x7f\xe2\x80\xae\xc3\xa9";
	char *text, *warning = (char *)evil;
	size_t i;

	snprintf(f->app.name, sizeof(f->app.name), "%s", evil);
	f->app.command = (char *)evil;
	f->file.path = (char *)evil;
	memcpy(f->command.name, evil, sizeof(f->command.name));
	memcpy(f->wait.waker, evil, sizeof(f->wait.waker));
	memcpy(f->wait.command, evil, sizeof(f->wait.command));
	snprintf(f->device.name, sizeof(f->device.name), "%s", evil);
	snprintf(f->verdict.evidence, sizeof(f->verdict.evidence), "%s", evil);
	f->cost.warnings = &warning;
	f->cost.nwarnings = 1;

	text = render(f, &plain);
	for (i = 0; text[i]; i++)
		assert_true(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
	assert_has(text, "\\x1b[2J");
	free(text);

	text = render(f, &utf8);
	for (i = 0; text[i]; i++)
		assert_true(text[i] == '\n' || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f));
	assert_has_not(text, "\xc2\x9b");
	assert_has_not(text, "\xe2\x80\xae");
	assert_has(text, "\xc3\xa9");
	free(text);
}

/* Lines stay within the terminal, however long names and sentences are; a number keeps its unit. */
static void test_width(void **state)
{
	struct fixture *f = *state;
	char path[600], *text, *line, *rest;
	int i;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	f->file.path = path;
	f->app.command = path;
	for (i = 0; i < STATES; i++) {
		f->app.times.wall[i] = 1;
		f->app.times.thread[i] = i + 1;
	}
	f->app.times.wall_disk_read = f->app.times.wall_disk_write = 0.5;
	memset(f->app.name, 'n', sizeof(f->app.name) - 1);
	memset(f->command.name, 'c', sizeof(f->command.name));
	memset(f->wait.waker, 'w', sizeof(f->wait.waker));
	memset(f->device.name, 'd', sizeof(f->device.name) - 1);
	f->device.p50_us = f->device.p99_us = 1e9;
	memset(f->verdict.suggestion, 's', 300);
	snprintf(
		f->verdict.evidence, sizeof(f->verdict.evidence), "%s",
		"it waited and it waited and it waited and it waited and it waited, 12 s in all, and it waited 345 ms");
	text = rest = render(f, &plain);
	assert_has(text, "waited,\n          12 s in all");
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(text);
}

/* Colour only where it is asked for, and every colour is switched off again. */
static void test_colour(void **state)
{
	const struct report_style colour = { .columns = 80, .colour = true };
	char *text = render(*state, &plain);
	const char *p;
	bool on = false;

	assert_has_not(text, "\x1b");
	free(text);
	text = render(*state, &colour);
	assert_has(text, "\x1b[32m##########\x1b[0m");
	for (p = strstr(text, "\x1b["); p; p = strstr(p + 1, "\x1b["))
		on = strncmp(p, "\x1b[0m", 4) != 0;
	assert_false(on);
	free(text);
}

/* In a UTF-8 locale bars are as fine as an eighth of a column. */
static void test_bars(void **state)
{
	struct fixture *f = *state;
	const struct report_style utf8 = { .columns = 80, .utf8 = true };
	char *text;

	f->app.idle = 0.3125;
	text = render(f, &utf8);
	assert_has(text, "  \u258c                no process");
	free(text);
}

static ssize_t no_space(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	(void)text;
	(void)size;
	errno = ENOSPC;
	return 0;
}

/* A full disk is an error. */
static void test_full(void **state)
{
	struct fixture *f = *state;
	FILE *full = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = no_space });

	assert_non_null(full);
	assert_int_equal(report_text(&f->report, &plain, full), -ENOSPC);
	fclose(full);
}

/* What was recorded for the next run, and what kept it from being recorded; a warm run says nothing. */
static void test_recorded(void **state)
{
	struct fixture *f = *state;
	struct prefetch_recorded recorded = { .state = RECORDED_WRITTEN, .files = 1, .ranges = 1200, .bytes = 2 << 20 };
	char *text;

	f->report.recorded = &recorded;
	recorded.outputs = 1;
	recorded.gone = 3;
	text = render(f, &plain);
	assert_has(text, "Recorded for the next run: 2 MiB in 1,200 ranges of 1 file; left out: 1 file");
	assert_has(text, "that was written meanwhile, 3 files that are gone.");
	free(text);
	recorded = (struct prefetch_recorded){ .state = RECORDED_INCOMPLETE, .lost = 4000 };
	text = render(f, &plain);
	assert_has(text, "Nothing was recorded for the next run: 4,000 records were lost;");
	free(text);
	recorded = (struct prefetch_recorded){ .state = RECORDED_FAILED, .error = ENOSPC };
	text = render(f, &plain);
	assert_has(text, "What was read could not be recorded for the next run: No space left on device.");
	free(text);
	recorded = (struct prefetch_recorded){ .state = RECORDED_WARM };
	text = render(f, &plain);
	assert_null(strstr(text, "ecorded"));
	free(text);
}

/* What was brought ahead of the app, what it was worth, and why it was not done; without a profile, nothing is said. */
static void test_replayed(void **state)
{
	struct fixture *f = *state;
	struct replayed replayed = { .state = REPLAYED_DONE,
				     .files = 3,
				     .bytes = 2 << 20,
				     .seconds = 0.25,
				     .coverage = 0.98,
				     .accuracy = NAN,
				     .timely = 1,
				     .gain = -0.1,
				     .waits_seconds = 0.5,
				     .waits_seconds_without = 0.2,
				     .stopped = "app ended",
				     .disabled_now = true };
	char *text;

	f->report.replayed = &replayed;
	text = render(f, &plain);
	assert_has(text, "Brought ahead of the app: 2 MiB of 3 files");
	assert_has(text, "98 % of what it");
	assert_null(strstr(text, "of it used"));
	assert_has(text, "stopped: app ended");
	assert_has(text, "waited 500 ms for the");
	assert_has(text, "200 ms: 10 % of its");
	assert_has(text, "tried again later");
	free(text);
	replayed = (struct replayed){ .state = REPLAYED_DISABLED };
	text = render(f, &plain);
	assert_has(text, "did not pay three");
	free(text);
	replayed = (struct replayed){ .state = REPLAYED_MEASURED };
	text = render(f, &plain);
	assert_has(text, "for once");
	free(text);
	replayed = (struct replayed){ .state = REPLAYED_NO_PROFILE };
	text = render(f, &plain);
	assert_null(strstr(text, "refetch"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replayed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_operations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zero_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_losses_and_warnings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_width, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colour, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bars, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
