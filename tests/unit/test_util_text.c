/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Numbers, pieces of text, and text made safe to print. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/log.h"
#include "util/parse.h"
#include "util/text.h"

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* A number is digits and nothing else, up to the maximum and no further. */
static void parse_u64_is_strict(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1a", "1:", "1/", "1\n" };
	uint64_t value = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_u64(span_of(bad[i]), UINT64_MAX, &value), -EINVAL);
	assert_int_equal(parse_u64(span_of("18446744073709551616"), UINT64_MAX, &value), -ERANGE);
	assert_int_equal(parse_u64(span_of("99999999999999999999"), UINT64_MAX, &value), -ERANGE);
	assert_int_equal(parse_u64(span_of("11"), 10, &value), -ERANGE);
	assert_int_equal(value, 7);
	assert_int_equal(parse_u64(span_of("18446744073709551615"), UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_u64((struct span){ "123", 2 }, 12, &value), 0);
	assert_int_equal(value, 12);
}

/* The last line counts with and without its newline; an empty one in the middle counts too. */
static void span_next_cuts_lines(void **state)
{
	struct span rest = span_of("a\n\nb\n"), piece;

	(void)state;
	assert_true(span_next(&rest, '\n', &piece) && span_equals(piece, "a"));
	assert_true(span_next(&rest, '\n', &piece) && span_equals(piece, ""));
	assert_true(span_next(&rest, '\n', &piece) && span_equals(piece, "b"));
	assert_false(span_next(&rest, '\n', &piece));
	rest = span_of("x");
	assert_true(span_next(&rest, '\n', &piece) && span_equals(piece, "x"));
	assert_false(span_next(&rest, '\n', &piece));
}

/* Words are cut at runs of blanks and tabs. */
static void span_next_word_skips_blanks(void **state)
{
	struct span rest = span_of("\t a  bc "), word;

	(void)state;
	assert_true(span_next_word(&rest, &word) && span_equals(word, "a"));
	assert_true(span_next_word(&rest, &word) && span_equals(word, "bc"));
	assert_false(span_next_word(&rest, &word));
	assert_true(span_starts(span_of("abc"), "ab"));
	assert_false(span_starts(span_of("a"), "ab"));
}

static void assert_escaped(const char *text, size_t len, const char *expected)
{
	char ret[256];

	assert_int_equal(text_escape(text, len, ret, sizeof(ret)), strlen(expected));
	assert_string_equal(ret, expected);
}

/* What a terminal would obey is shown as numbers, other text is left alone. */
static void text_escape_disarms(void **state)
{
	(void)state;
	assert_escaped("a b~", 4, "a b~");
	assert_escaped("\x1b[2J\r\n\x7f\0x", 9, "\\x1b[2J\\x0d\\x0a\\x7f\\x00x");
	assert_escaped("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", 11, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
	assert_escaped("\xc2\x9b", 2, "\\xc2\\x9b"); /* C1 */
	assert_escaped("\x9b", 1, "\\x9b"); /* the same to an 8-bit terminal */
	assert_escaped("\xc0\xaf", 2, "\\xc0\\xaf"); /* overlong */
	assert_escaped("\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf");
	assert_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* surrogate */
	assert_escaped("\xe2\x80\xae", 3, "\\xe2\\x80\\xae"); /* right-to-left override */
	assert_escaped("\xe2\x82", 2, "\\xe2\\x82"); /* cut off */
}

/* Text that does not fit ends before the piece that would be cut. */
static void text_escape_stays_in_bounds(void **state)
{
	char ret[6];

	(void)state;
	assert_int_equal(text_escape("abcdefgh", 8, ret, sizeof(ret)), 5);
	assert_string_equal(ret, "abcde");
	assert_int_equal(text_escape("ab\n", 3, ret, sizeof(ret)), 2);
	assert_string_equal(ret, "ab");
	assert_int_equal(text_escape("abcd\xc3\xbc", 6, ret, sizeof(ret)), 4);
	assert_string_equal(ret, "abcd");
	assert_int_equal(text_escape("abc", 3, ret, 1), 0);
	assert_string_equal(ret, "");
}

/* Runs log calls with stderr in a file and returns what it holds. */
static char *logged(enum log_level level, const char *name)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char *text = calloc(1, 16384);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	log_set_level(level);
	errno = ENOSPC;
	log_err("err %s", name);
	log_warn("warn");
	log_info("info");
	log_debug("debug");
	assert_int_equal(errno, ENOSPC);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, 16383, file) > 0);
	fclose(file);
	log_set_level(LOG_LEVEL_INFO);
	return text;
}

/* Each level prints itself and what is more important, one line each; a name cannot forge a line. */
static void log_prints_by_level(void **state)
{
	cleanup_free char *quiet = logged(LOG_LEVEL_ERR, "x\naccel-agent: forged");
	cleanup_free char *normal = logged(LOG_LEVEL_INFO, "x");
	cleanup_free char *verbose = logged(LOG_LEVEL_DEBUG, "x");

	(void)state;
	assert_string_equal(quiet, "accel-agent: err x\\x0aaccel-agent: forged\n");
	assert_string_equal(normal, "accel-agent: err x\naccel-agent: warn\naccel-agent: info\n");
	assert_string_equal(verbose, "accel-agent: err x\naccel-agent: warn\naccel-agent: info\naccel-agent: debug\n");
}

/* A message of any length is one line that ends. */
static void log_cuts_long_messages(void **state)
{
	cleanup_free char *name = calloc(1, 20000);
	cleanup_free char *text = NULL;

	(void)state;
	assert_non_null(name);
	memset(name, '\x01', 19999);
	text = logged(LOG_LEVEL_ERR, name);
	assert_true(strlen(text) > 4000 && strlen(text) < 4200);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_u64_is_strict),         cmocka_unit_test(span_next_cuts_lines),
		cmocka_unit_test(span_next_word_skips_blanks), cmocka_unit_test(text_escape_disarms),
		cmocka_unit_test(text_escape_stays_in_bounds), cmocka_unit_test(log_prints_by_level),
		cmocka_unit_test(log_cuts_long_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
