/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Globs for program names: what the C library's fnmatch() says of random globs and names is right. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "trace/pattern.h"

#define RANDOM_GLOBS 20000
#define NAMES_EACH 20

static bool matches(const char *glob, const char *path)
{
	struct aa_pattern p;
	int err = pattern_compile(glob, 3, &p);

	if (err)
		fail_msg("%s: %s", glob, strerror(-err));
	assert_int_equal(p.app, 3);
	return pattern_matches(&p, path);
}

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dULL >> 33;
}

/* Few letters, so that matches are not rare. */
static void random_name(uint64_t *seed, char *ret, size_t max)
{
	static const char letters[] = "aab-c]!^.*?[\\\xc3";
	size_t len = draw(seed) % max, i;

	for (i = 0; i < len; i++)
		ret[i] = letters[draw(seed) % (sizeof(letters) - 1)];
	ret[len] = '\0';
}

static void random_glob(uint64_t *seed, char *ret)
{
	static const char *const pieces[] = {
		"a",      "b",     "c",    "-",     ".",    "*",    "*",           "?",     "[ab]",   "[!a]",
		"[^b-c]", "[a-c]", "[]a]", "[!]-]", "[a-]", "[-a]", "\\*",         "\\[",   "\\\\",   "\\a",
		"[*?]",   "[[]",   "!",    "^",     "]",    "\xc3", "[\x80-\xff]", "[c-a]", "[!c-a]",
	};
	size_t n = 1 + draw(seed) % 7;

	ret[0] = '\0';
	while (n--)
		strcat(ret, pieces[draw(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
}

/* Random globs and names against the oracle; both answers have to be frequent for this to say something. */
static void test_random(void **state)
{
	uint64_t seed = 20260101;
	unsigned int i, k, yes = 0, no = 0;
	char glob[64], name[16];
	bool expected;

	(void)state;
	for (i = 0; i < RANDOM_GLOBS; i++) {
		random_glob(&seed, glob);
		for (k = 0; k < NAMES_EACH; k++) {
			random_name(&seed, name, sizeof(name) - 1);
			expected = fnmatch(glob, name, 0) == 0;
			if (matches(glob, name) != expected)
				fail_msg("\"%s\" %s \"%s\"", glob, expected ? "has to match" : "must not match", name);
			yes += expected;
			no += !expected;
		}
	}
	assert_true(yes > RANDOM_GLOBS / 10 && no > RANDOM_GLOBS);
}

/* The globs that users write. */
static void test_usual(void **state)
{
	(void)state;
	assert_true(matches("make", "make"));
	assert_false(matches("make", "gmake"));
	assert_false(matches("make", "makes"));
	assert_false(matches("make", "mak"));
	assert_true(matches("test_*", "test_"));
	assert_true(matches("test_*", "test_io"));
	assert_false(matches("test_*", "my_test_io"));
	assert_true(matches("*", "anything"));
	assert_true(matches("**", "anything"));
	assert_true(matches("python3.?", "python3.9"));
	assert_false(matches("python3.?", "python3.11"));
	assert_true(matches("gcc-[0-9]*", "gcc-14"));
	assert_false(matches("gcc-[0-9]*", "gcc-ar"));
	assert_true(matches("*.sh", "a.sh.sh"));
	assert_true(matches("a*b*c", "aXbXbXc"));
	assert_false(matches("a*b*c", "aXcXb"));
}

/* Only the last component of a path counts. */
static void test_paths(void **state)
{
	(void)state;
	assert_true(matches("cc1", "/usr/libexec/gcc/x86_64-linux-gnu/14/cc1"));
	assert_true(matches("cc1", "./cc1"));
	assert_true(matches("*", "/bin/true"));
	assert_false(matches("bin*", "/bin/true"));
	assert_false(matches("*bin*", "/bin/true"));
	assert_false(matches("true", "/bin/true/"));
}

/* What is no glob of a name is refused, and the result is not touched. */
static void test_errors(void **state)
{
	static const char *const wrong[] = {
		"", "a/b", "/", "a\\/b", "[", "[a", "[]", "[!]", "[^", "x[a-", "\\", "ab\\"
	};
	struct aa_pattern p, before;
	size_t i;

	(void)state;
	memset(&p, 0xa5, sizeof(p));
	before = p;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (pattern_compile(wrong[i], 0, &p) != -EINVAL)
			fail_msg("\"%s\" is not refused", wrong[i]);
	assert_memory_equal(&p, &before, sizeof(p));
}

/* As long as it may be: every one of the 63 tokens counts, with stars anywhere; one more is too much. */
static void test_length(void **state)
{
	char glob[2 * AA_PATTERN_TOKENS + 3], name[AA_PATTERN_TOKENS + 10];
	struct aa_pattern p;
	unsigned int i;

	(void)state;
	memset(glob, 'x', AA_PATTERN_TOKENS);
	glob[AA_PATTERN_TOKENS] = '\0';
	memset(name, 'x', sizeof(name));
	name[AA_PATTERN_TOKENS] = '\0';
	assert_true(matches(glob, name));
	for (i = 0; i < AA_PATTERN_TOKENS; i++) {
		name[i] = 'y';
		assert_false(matches(glob, name));
		name[i] = 'x';
	}
	name[AA_PATTERN_TOKENS] = 'x';
	name[AA_PATTERN_TOKENS + 1] = '\0';
	assert_false(matches(glob, name));
	glob[AA_PATTERN_TOKENS] = '*';
	glob[AA_PATTERN_TOKENS + 1] = '\0';
	assert_true(matches(glob, name));
	assert_true(matches(glob, name + 1));
	assert_false(matches(glob, name + 2));

	glob[AA_PATTERN_TOKENS] = 'x';
	assert_int_equal(pattern_compile(glob, 0, &p), -E2BIG);
	for (i = 0; i < AA_PATTERN_TOKENS; i++)
		memcpy(glob + 2 * i, "*x", 2);
	memcpy(glob + 2 * i, "*", 2);
	assert_true(matches(glob, name));
	assert_false(matches(glob, name + 2));
	memcpy(glob + 2 * i, "*x", 3);
	assert_int_equal(pattern_compile(glob, 0, &p), -E2BIG);
}

/* The longest names that file systems allow; what is longer, which is cut; a name at the end of a long path. */
static void test_long_names(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[254] = 'b';
	name[255] = '\0';
	assert_true(matches("a*b", name));
	name[254] = 'c';
	assert_false(matches("a*b", name));
	name[255] = 'a';
	name[299] = '\0';
	assert_true(matches("a*c", name));
	assert_true(matches("a*", name));
	memcpy(name + 290, "/make", 6);
	assert_true(matches("make", name));
}

/* Every name in the list of interpreters is a glob, and the usual ones are in it. */
static void test_interpreters(void **state)
{
	static const char *const usual[] = { "python3", "python3.13", "node", "java", "sh",     "bash",
					     "perl",    "perl5.36",   "ruby", "php8", "lua5.4", "dash" };
	static const char *const others[] = { "make", "cc1", "pythagoras", "javac", "ssh", "bashful", "nodemon" };
	const char *const *glob;
	size_t i, found;

	(void)state;
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		for (glob = pattern_interpreters, found = 0; *glob; glob++)
			found += matches(*glob, usual[i]);
		if (found != 1)
			fail_msg("%s is %zu times an interpreter", usual[i], found);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		for (glob = pattern_interpreters; *glob; glob++)
			if (matches(*glob, others[i]))
				fail_msg("%s is taken for %s", others[i], *glob);
	assert_in_range(glob - pattern_interpreters, 1, AA_MAX_PATTERNS - AA_MAX_APPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),       cmocka_unit_test(test_usual),  cmocka_unit_test(test_paths),
		cmocka_unit_test(test_errors),       cmocka_unit_test(test_length), cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_interpreters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
