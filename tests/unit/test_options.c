/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The command line: what each option sets, and that each wrong word is refused by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalogue.h"
#include "option_rows.h"
#include "options.h"
#include "options_line.h"

#define SEC 1000000000ULL

/* As one that follows an app. */
static int check(struct config *config)
{
	return options_check(config, true);
}

static int parse_line(const char *line, struct config *ret)
{
	return options_words("run", line, ret, check);
}

/* line is refused in one line of stderr, and that holds word. */
static void refused(const char *line, const char *word)
{
	struct config config;
	char *end;

	if (parse_line(line, &config) != -EINVAL)
		fail_msg("accepted: %s", line);
	if (!strstr(options_said, word))
		fail_msg("%s: no '%s' in: %s", line, word, options_said);
	assert_memory_equal(options_said, "accel-agent: ", 13);
	end = strchr(options_said, '\n');
	assert_non_null(end);
	assert_int_equal(end[1], '\0');
}

static void accepted(const char *line, struct config *ret)
{
	if (parse_line(line, ret))
		fail_msg("refused: %s: %s", line, options_said);
}

/* Options that are not given have the values that the manual promises. */
static void test_defaults(void **state)
{
	struct config c;

	(void)state;
	accepted("--app make", &c);
	assert_int_equal(c.target, TARGET_APPS);
	assert_int_equal(c.napps, 1);
	assert_string_equal(c.apps[0], "make");
	assert_true(c.duration_ns == 0 && c.interval_ns == 0);
	assert_int_equal(c.format, FORMAT_TEXT);
	assert_null(c.output);
	assert_null(c.settings);
	assert_int_equal(c.ring_bytes, 256 * 1024);
	assert_int_equal(c.actions, ACTION_ALL);
	assert_int_equal(c.on_exit, ON_EXIT_RESTORE);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_false(c.dry_run || c.help || c.version);
	assert_int_equal(c.nbackground, 0);
	assert_false(c.demote_background || c.kubepods || c.from_catalogue);
	assert_null(c.cgroup_root);
	assert_null(c.catalogue);
	assert_null(c.known);
	options_clear(&c);
}

/* Every long option sets its own field. */
static void test_long_options(void **state)
{
	struct config c;

	(void)state;
	accepted("--cgroup /sys/fs/cgroup/x --duration 1.5 --interval 2 --dry-run --on-exit keep --format json "
		 "--output r.json --config my.conf --ring-size 1024 --verbose --background-cgroup /a "
		 "--background-cgroup b --demote-background --cgroup-root /host/cgroup --kubepods --catalogue my.cat",
		 &c);
	assert_int_equal(c.target, TARGET_CGROUP);
	assert_string_equal(c.cgroup, "/sys/fs/cgroup/x");
	assert_true(c.duration_ns == 3 * SEC / 2);
	assert_true(c.interval_ns == 2 * SEC);
	assert_true(c.dry_run);
	assert_int_equal(c.on_exit, ON_EXIT_KEEP);
	assert_int_equal(c.format, FORMAT_JSON);
	assert_string_equal(c.output, "r.json");
	assert_string_equal(c.settings, "my.conf");
	assert_int_equal(c.ring_bytes, 1024 * 1024);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.nbackground, 2);
	assert_string_equal(c.background[0], "/a");
	assert_string_equal(c.background[1], "b");
	assert_true(c.demote_background);
	assert_true(c.kubepods);
	assert_string_equal(c.cgroup_root, "/host/cgroup");
	assert_string_equal(c.catalogue, "my.cat");
	options_clear(&c);
}

/* Short options say the same as long ones. */
static void test_short_options(void **state)
{
	struct config c;

	(void)state;
	accepted("-p 42 -d .25 -i 3 -nq -f json -o r -c s", &c);
	assert_int_equal(c.target, TARGET_PID);
	assert_int_equal(c.pid, 42);
	assert_true(c.duration_ns == SEC / 4);
	assert_true(c.interval_ns == 3 * SEC);
	assert_true(c.dry_run);
	assert_int_equal(c.log_level, LOG_LEVEL_ERR);
	assert_int_equal(c.format, FORMAT_JSON);
	assert_string_equal(c.output, "r");
	assert_string_equal(c.settings, "s");
	options_clear(&c);
}

/* After "--" every word belongs to the command, options included. */
static void test_command(void **state)
{
	struct config c;

	(void)state;
	accepted("-q -- make -j8 --app x", &c);
	assert_int_equal(c.target, TARGET_COMMAND);
	assert_string_equal(c.command[0], "make");
	assert_string_equal(c.command[1], "-j8");
	assert_string_equal(c.command[3], "x");
	assert_null(c.command[4]);
	assert_int_equal(c.napps, 0);
	options_clear(&c);
	refused("-q --", "--:");
}

/* "--" as the value of an option does not begin a command. */
static void test_dashes_as_value(void **state)
{
	struct config c;

	(void)state;
	refused("-o -- make", "'make'");
	accepted("-o -- -- make", &c);
	assert_string_equal(c.output, "--");
	assert_string_equal(c.command[0], "make");
	options_clear(&c);
}

/* 64 apps are followed at once; a 65th is refused with the limit. */
static void test_app_limit(void **state)
{
	static char names[65][16];
	static char *argv[2 * 65 + 2];
	char program[] = "accel-agent", option[] = "-a";
	struct config c;
	int argc = 0;

	(void)state;
	argv[argc++] = program;
	for (int i = 0; i < 65; i++) {
		snprintf(names[i], sizeof(names[i]), "app%d", i);
		argv[argc++] = option;
		argv[argc++] = names[i];
	}
	assert_int_equal(options_line("run", argc - 2, argv, &c, check), 0);
	assert_int_equal(c.napps, 64);
	assert_string_equal(c.apps[63], "app63");
	options_clear(&c);
	assert_int_equal(options_line("run", argc, argv, &c, check), -EINVAL);
	assert_non_null(strstr(options_said, "app64"));
	assert_non_null(strstr(options_said, "at most 64"));
}

/* A name is a file name: no folder, not empty, not longer than reports hold, not twice. */
static void test_app_names(void **state)
{
	char program[] = "accel-agent", empty[] = "--app=";
	char *argv[] = { program, empty, NULL };
	struct config c;

	(void)state;
	refused("--app /usr/bin/make", "/usr/bin/make");
	refused("--app make --app make", "twice");
	refused("-a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "longer than 63");
	assert_int_equal(options_line("run", 2, argv, &c, check), -EINVAL);
	accepted("-a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &c);
	options_clear(&c);
}

/* A process id is decimal digits, more than 0, and fits a pid_t. */
static void test_pid(void **state)
{
	static const char *const bad[] = { "0", "-1", "+1", "1x", "0x10", "2147483648", "18446744073709551617", "1.0" };
	struct config c;
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--pid %s", bad[i]);
		refused(line, bad[i]);
	}
	accepted("--pid 2147483647", &c);
	assert_int_equal(c.pid, 2147483647);
	options_clear(&c);
	refused("--pid 1 --pid 2", "'2'");
}

/* Seconds are decimal, more than 0, and fit the clock. */
static void test_seconds(void **state)
{
	static const char *const bad[] = {
		"0", "0.0", "-1", "+1", "1e3", "inf", "nan", "0x1", "1,5", ".", "1s", "1.5."
	};
	static const char *const beyond[] = { "9223372037", "99999999999999999999999999", "0.0000000001" };
	struct config c;
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "-a x -d %s", bad[i]);
		refused(line, bad[i]);
		snprintf(line, sizeof(line), "-a x --interval %s", bad[i]);
		refused(line, "--interval");
	}
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		snprintf(line, sizeof(line), "-a x -d %s", beyond[i]);
		refused(line, beyond[i]);
	}
	accepted("-a x -d 0.000000001 -i 9223372035.999999999", &c);
	assert_true(c.duration_ns == 1);
	assert_true(c.interval_ns == 9223372035999999999ULL);
	options_clear(&c);
}

/* Ring sizes are powers of two between the documented bounds. */
static void test_ring_size(void **state)
{
	static const char *const bad[] = { "0", "2", "5", "300", "32768", "-4", "4k", "18446744073709551620" };
	struct config c;
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "-a x --ring-size %s", bad[i]);
		refused(line, bad[i]);
	}
	accepted("-a x --ring-size 4", &c);
	assert_int_equal(c.ring_bytes, 4096);
	options_clear(&c);
	accepted("-a x --ring-size 16384", &c);
	assert_int_equal(c.ring_bytes, 16 * 1024 * 1024);
	options_clear(&c);
}

/* What is allowed is what --only names less what --without names. */
static void test_actions(void **state)
{
	struct config c;

	(void)state;
	accepted("-a x --only cpu,io", &c);
	assert_int_equal(c.actions, ACTION_CPU | ACTION_IO);
	options_clear(&c);
	accepted("-a x --without memory", &c);
	assert_int_equal(c.actions, ACTION_ALL & ~ACTION_MEMORY);
	options_clear(&c);
	accepted("-a x --only cpu,prefetch --without prefetch", &c);
	assert_int_equal(c.actions, ACTION_CPU);
	options_clear(&c);
	refused("-a x --only cpu,disk", "'disk'");
	refused("-a x --only cpu,", "''");
	refused("-a x --without cp", "'cp'");
	refused("-a x --without cpux", "'cpux'");
}

/* 16 background groups; a 17th is refused with the limit, and so is one that is there. */
static void test_background_limit(void **state)
{
	char line[1024] = "-a x", *end = line;
	struct config c;

	(void)state;
	for (int i = 0; i < 16; i++) {
		end += strlen(end);
		snprintf(end, sizeof(line) - (size_t)(end - line), " --background-cgroup /b%d", i);
	}
	accepted(line, &c);
	assert_int_equal(c.nbackground, 16);
	assert_string_equal(c.background[15], "/b15");
	options_clear(&c);
	strcat(line, " --background-cgroup /b16");
	refused(line, "at most 16");
	refused("-a x --background-cgroup /a --background-cgroup /a", "twice");
}

/* The root of cgroupfs is a path from the root; neither it, nor a group, nor a catalogue is empty. */
static void test_paths(void **state)
{
	static char *const empty[] = { "--background-cgroup=", "--cgroup-root=", "--catalogue=" };
	char program[] = "accel-agent";
	struct config c;

	(void)state;
	refused("-a x --cgroup-root sys/fs/cgroup", "'sys/fs/cgroup'");
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		char *argv[] = { program, empty[i], NULL };

		assert_int_equal(options_line("run", 2, argv, &c, NULL), -EINVAL);
	}
}

/* Words from a fixed list are taken whole. */
static void test_fixed_words(void **state)
{
	(void)state;
	refused("-a x --format xml", "'xml'");
	refused("-a x -f jso", "'jso'");
	refused("-a x --on-exit leave", "'leave'");
}

/* Unknown options, missing and superfluous values, and stray words are named. */
static void test_unknown_words(void **state)
{
	(void)state;
	refused("--bogus", "--bogus");
	refused("-a x -z", "-z");
	refused("-a x -nz", "-z");
	refused("-a", "--app");
	refused("-a x --duration", "--duration");
	refused("--dry-run=yes -a x", "--dry-run");
	refused("--d 5 -a x", "--d");
	refused("make -j8", "'make'");
	refused("-a x -q stray", "'stray'");
}

/* Exactly one kind of target. */
static void test_one_target(void **state)
{
	(void)state;
	refused("", "--app");
	refused("-q", "--app");
	refused("-a x -p 1", "--pid");
	refused("-p 1 --cgroup c", "--cgroup");
	refused("-a x -- make", "-- COMMAND");
	refused("-a x -p 1 --cgroup c -- make", "--pid");
	refused("--cgroup c --cgroup d", "'d'");
}

/* Gives config a catalogue with n apps, app0 and so on. */
static void give_catalogue(struct config *config, int n)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("[apps]\n", file);
	for (int i = 0; i < n; i++)
		fprintf(file, "build = app%d\n", i);
	fclose(file);
	file = fmemopen(text, size, "r");
	assert_non_null(file);
	config->known = catalogue_new();
	assert_non_null(config->known);
	assert_int_equal(catalogue_parse(config->known, file, "x.cat"), 0);
	fclose(file);
	free(text);
}

/* Who names nothing follows the apps of the catalogue. */
static void test_catalogue_is_target(void **state)
{
	struct config c;

	(void)state;
	options_init(&c);
	give_catalogue(&c, 2);
	assert_int_equal(options_check(&c, true), 0);
	assert_int_equal(c.target, TARGET_APPS);
	assert_true(c.from_catalogue);
	assert_int_equal(c.napps, 2);
	assert_string_equal(c.apps[1], "app1");
	options_clear(&c);
}

/* Who names something follows that, and not the catalogue. */
static void test_target_before_catalogue(void **state)
{
	char why[OPTIONS_WHY_SIZE];
	struct config c;

	(void)state;
	options_init(&c);
	give_catalogue(&c, 2);
	assert_int_equal(options_set(&c, options_find("app"), "mine", why), 0);
	assert_int_equal(options_check(&c, true), 0);
	assert_false(c.from_catalogue);
	assert_int_equal(c.napps, 1);
	options_clear(&c);
}

/* 64 apps of a catalogue are followed, and the first that is not is named; a catalogue without apps is no target. */
static void test_catalogue_limits(void **state)
{
	struct config c;
	int err;

	(void)state;
	log_set_level(LOG_LEVEL_ERR);
	for (int n = 64; n <= 65; n++) {
		options_init(&c);
		give_catalogue(&c, n);
		assert_int_equal(options_check(&c, true), 0);
		assert_int_equal(c.napps, 64);
		assert_string_equal(c.apps[63], "app63");
		options_clear(&c);
	}
	options_init(&c);
	give_catalogue(&c, 0);
	err = options_check(&c, true);
	log_set_level(LOG_LEVEL_INFO);
	assert_int_equal(err, -EINVAL);
	options_clear(&c);
}

/* A command line that is refused half-way leaves the config as it was. */
static void test_untouched_on_failure(void **state)
{
	char program[] = "accel-agent", app[] = "--app=x", bogus[] = "--bogus";
	char *argv[] = { program, app, bogus, NULL };
	struct config config, before;

	(void)state;
	memset(&config, 0x5a, sizeof(config));
	memcpy(&before, &config, sizeof(config));
	assert_int_equal(options_line("run", 3, argv, &config, NULL), -EINVAL);
	assert_memory_equal(&config, &before, sizeof(config));
}

/* A command that follows nothing refuses a target, but not one that a settings file named. */
static void test_no_target_wanted(void **state)
{
	struct config c;
	char why[OPTIONS_WHY_SIZE];

	(void)state;
	options_init(&c);
	assert_int_equal(options_check(&c, false), 0);
	assert_int_equal(options_set(&c, options_find("app"), "x", why), 0);
	log_set_level(LOG_LEVEL_ERR);
	assert_int_equal(options_check(&c, false), -EINVAL);
	c.given = 0;
	assert_int_equal(options_check(&c, false), 0);
	assert_int_equal(c.target, TARGET_NONE);
	options_clear(&c);
}

/* --help and --version end the command line: what follows is not looked at. */
static void test_about(void **state)
{
	char program[] = "accel-agent", help[] = "-h", version[] = "--version", bogus[] = "--bogus";
	char *argv[] = { program, help, bogus, NULL };
	struct config c;

	(void)state;
	assert_int_equal(options_line("run", 3, argv, &c, NULL), 0);
	assert_true(c.help);
	options_clear(&c);
	argv[1] = version;
	assert_int_equal(options_line("run", 3, argv, &c, NULL), 0);
	assert_true(c.version);
	options_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_long_options),
		cmocka_unit_test(test_short_options),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_dashes_as_value),
		cmocka_unit_test(test_app_limit),
		cmocka_unit_test(test_app_names),
		cmocka_unit_test(test_pid),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_ring_size),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_background_limit),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_fixed_words),
		cmocka_unit_test(test_unknown_words),
		cmocka_unit_test(test_one_target),
		cmocka_unit_test(test_catalogue_is_target),
		cmocka_unit_test(test_target_before_catalogue),
		cmocka_unit_test(test_catalogue_limits),
		cmocka_unit_test(test_untouched_on_failure),
		cmocka_unit_test(test_no_target_wanted),
		cmocka_unit_test(test_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
