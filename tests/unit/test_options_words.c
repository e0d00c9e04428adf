/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The command line of commands that are about words, and what only one command has. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "option_rows.h"
#include "options.h"
#include "options_line.h"

static int check(struct config *config)
{
	static const char *const allowed[] = { "budget", "dry-run", NULL };

	return options_check_words(config, "path", allowed);
}

static int parse(const char *line, struct config *ret)
{
	return options_words("warm", line, ret, check);
}

/* A command about words gets them, behind its options or behind "--". */
static void test_words(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse("--dry-run a b/c", &c), 0);
	assert_true(c.dry_run);
	assert_string_equal(c.words[0], "a");
	assert_string_equal(c.words[1], "b/c");
	assert_null(c.words[2]);
	options_clear(&c);
	assert_int_equal(parse("-- -n", &c), 0);
	assert_false(c.dry_run);
	assert_string_equal(c.words[0], "-n");
	assert_null(c.command);
	options_clear(&c);
	assert_int_equal(parse("- x", &c), 0);
	options_clear(&c);
}

/* No word, an option behind a word, and an option that the command has no use for are refused by name. */
static void test_words_refused(void **state)
{
	static const char *const lines[][2] = {
		{ "", "no path" },
		{ "a -n", "'-n'" },
		{ "--app x a", "--app" },
		{ "--interval 1 a", "--interval" },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i][0], &c), -EINVAL);
		if (!strstr(options_said, lines[i][1]))
			fail_msg("%s: no '%s' in: %s", lines[i][0], lines[i][1], options_said);
	}
}

/* Sizes are in bytes, or in powers of 1024. */
static void test_budget(void **state)
{
	static const struct {
		const char *line;
		uint64_t bytes;
	} good[] = {
		{ "--budget 1 a", 1 },
		{ "--budget 3K a", 3 << 10 },
		{ "--budget 3k a", 3 << 10 },
		{ "--budget 512m a", 512 << 20 },
		{ "--budget 2g a", 2ULL << 30 },
		{ "--budget 2t a", 2ULL << 40 },
		{ "--budget 1536M a", 1536ULL << 20 },
		{ "--budget 2G a", 2ULL << 30 },
		{ "--budget 8388607T a", 8388607ULL << 40 },
		{ "--budget 9223372036854775807 a", INT64_MAX },
	};
	static const char *const bad[] = { "0",    "0G", "1X",  "1KK",      "K",
					   "1.5G", "-1", "1kk", "8388608T", "9223372036854775808",
					   "0x10" };
	char line[128];
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse(good[i].line, &c), 0);
		assert_true(c.budget_bytes == good[i].bytes);
		options_clear(&c);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--budget %s a", bad[i]);
		if (parse(line, &c) != -EINVAL || !strstr(options_said, "--budget"))
			fail_msg("accepted, or not named: %s: %s", line, options_said);
	}
}

/* Where words are what the command is about, options stand anywhere before "--". */
static void test_mixed_words(void **state)
{
	static const char *const allowed[] = { "format", "quiet", NULL };
	char *argv[] = { "profile", "show", "-f", "json", "make", "-q", "--", "-x", NULL };
	char *none[] = { "profile", "-q", NULL };
	struct config c;

	(void)state;
	assert_int_equal(options_parse_mixed("profile", 8, argv, &c), 0);
	assert_int_equal(options_check_words(&c, "word", allowed), 0);
	assert_int_equal(c.format, FORMAT_JSON);
	assert_int_equal(c.log_level, LOG_LEVEL_ERR);
	assert_string_equal(c.words[0], "show");
	assert_string_equal(c.words[1], "make");
	assert_string_equal(c.words[2], "-x");
	assert_null(c.words[3]);
	options_clear(&c);
	assert_int_equal(options_parse_mixed("profile", 2, none, &c), 0);
	assert_int_equal(options_check_words(&c, "word", allowed), -EINVAL);
	options_clear(&c);
}

/* What only one command has is refused by the others, and the command that has it is named. */
static void test_of_one_command(void **state)
{
	static const char *const lines[][3] = {
		{ "run", "--app x --budget 1G", "--budget: this option is for accel-agent warm" },
		{ "run", "--app x --all", "--all: this option is for accel-agent profile" },
		{ "run", "--pairs 3 -- x", "--pairs: this option is for accel-agent bench" },
		{ "warm", "--cold x", "--cold: this option is for accel-agent bench" },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(options_words(lines[i][0], lines[i][1], &c, NULL), -EINVAL);
		if (!strstr(options_said, lines[i][2]))
			fail_msg("%s: %s", lines[i][1], options_said);
	}
}

/* -n is a number of pairs for bench, and a dry run for the others. */
static void test_letters_of_one_command(void **state)
{
	static const char *const bad[] = { "0", "1001", "-1", "x", "" };
	char line[64];
	struct config c;

	(void)state;
	assert_int_equal(options_words("bench", "-n 12 --cold --prepare cmd -- x -n", &c, NULL), 0);
	assert_int_equal(c.pairs, 12);
	assert_true(c.cold && !c.dry_run);
	assert_string_equal(c.prepare, "cmd");
	assert_string_equal(c.command[1], "-n");
	options_clear(&c);
	assert_int_equal(options_words("run", "-n -- x", &c, NULL), 0);
	assert_true(c.dry_run && !c.pairs);
	options_clear(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--pairs=%s -- x", bad[i]);
		assert_int_equal(options_words("bench", line, &c, NULL), -EINVAL);
		assert_non_null(strstr(options_said, "--pairs"));
	}
}

static const char *help_of(const char *command)
{
	static char text[16384];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	if (!command)
		options_help(out);
	else if (!strcmp(command, "warm"))
		options_help_warm(out);
	else if (!strcmp(command, "profile"))
		options_help_profile(out);
	else if (!strcmp(command, "bench"))
		options_help_bench(out);
	fclose(out);
	return text;
}

/* Each option and its letter are in the help, or in that of the command that alone has it. */
static void test_help_is_whole(void **state)
{
	char name[64];

	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];
		const char *text = help_of(row->command), *found;

		if (row->letter)
			snprintf(name, sizeof(name), "\n  -%c, --%s", row->letter, row->name);
		else
			snprintf(name, sizeof(name), "%s--%s", row->command ? " " : "\n      ", row->name);
		found = strstr(text, name);
		if (!found || !strchr(" \n", found[strlen(name)]))
			fail_msg("not in the help: --%s", row->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),          cmocka_unit_test(test_words_refused),
		cmocka_unit_test(test_mixed_words),    cmocka_unit_test(test_budget),
		cmocka_unit_test(test_of_one_command), cmocka_unit_test(test_letters_of_one_command),
		cmocka_unit_test(test_help_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
