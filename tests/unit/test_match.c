/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which script an interpreter runs, by its arguments; found alike in the agent and in the kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bpf/match.h"
#include "trace/pattern.h"

#define ARGS_MAX 16384

struct args {
	char text[ARGS_MAX];
	size_t length;
};

static void args_add(struct args *args, const char *arg)
{
	size_t size = strlen(arg) + 1;

	assert_true(args->length + size <= sizeof(args->text));
	memcpy(args->text + args->length, arg, size);
	args->length += size;
}

/* Arguments separated by blanks, as a shell has them. */
static struct args args_of(const char *line)
{
	struct args args = { .length = 0 };
	char copy[256], *rest = copy, *arg;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((arg = strsep(&rest, " ")))
		args_add(&args, arg);
	return args;
}

/*
 * Walks the arguments as the kernel side does: it copies strings into one buffer, whose old content stays behind the
 * NUL. Returns the offset of the script, or -1.
 */
static long kernel_script(const struct args *args)
{
	char buffer[AA_MATCH_BYTES] __attribute__((aligned(8)));
	enum aa_script_verdict verdict;
	struct aa_script search = { 0 };
	size_t at = 0, n;
	int i;

	memset(buffer, '-', sizeof(buffer));
	for (i = 0; i < AA_MATCH_PIECES && at < args->length; i++) {
		n = strlen(args->text + at);
		if (n > sizeof(buffer) - 1)
			n = sizeof(buffer) - 1;
		memcpy(buffer, args->text + at, n);
		buffer[n++] = '\0';
		verdict = aa_script_step(&search, buffer, (unsigned int)n);
		if (verdict != AA_SCRIPT_GO_ON)
			return verdict == AA_SCRIPT_FOUND ? (long)at : -1;
		at += n == sizeof(buffer) ? n - 1 : n;
	}
	return -1;
}

/* The script that both sides find, or NULL. */
static const char *script(const struct args *args)
{
	const char *found = pattern_script(args->text, args->length);
	long at = kernel_script(args);

	assert_int_equal(found ? found - args->text : -1, at);
	return found;
}

static void check(const char *line, const char *expected)
{
	struct args args = args_of(line);
	const char *found = script(&args);

	if (!expected && found)
		fail_msg("%s: found %s", line, found);
	if (expected && (!found || strcmp(found, expected)))
		fail_msg("%s: found %s instead of %s", line, found ? found : "nothing", expected);
}

/* The command lines of builds and tests. */
static void test_usual(void **state)
{
	static const struct {
		const char *line, *script;
	} rows[] = {
		{ "python3 build.py", "build.py" },
		{ "python3 -u build.py --fast x.py", "build.py" },
		{ "python3 -m pytest -q tests", "pytest" },
		{ "python3 -W ignore -X dev tools/gen.py", "tools/gen.py" },
		{ "python3 -Wignore gen.py", "gen.py" },
		{ "python3 -c print(1) build.py", NULL },
		{ "python3", NULL },
		{ "python3 - clang --version", NULL },
		{ "sh - build.sh", "build.sh" },
		{ "java -Xmx1g -cp a:b -jar x.jar", "x.jar" },
		{ "java -classpath a:b org.Main", "org.Main" },
		{ "java --class-path a:b org.Main", "org.Main" },
		{ "java --class-path=a:b org.Main", "org.Main" },
		{ "node --require x y.js", "y.js" },
		{ "node -r x y.js", "y.js" },
		{ "node --require=x y.js", "y.js" },
		{ "node --max-old-space-size=4096 /usr/bin/webpack", "/usr/bin/webpack" },
		{ "node -e 1 y.js", NULL },
		{ "sh -c make", NULL },
		{ "sh ./configure", "./configure" },
		{ "bash -x build.sh", "build.sh" },
		{ "bash -e build.sh", "build.sh" },
		{ "-bash", NULL },
		{ "-bash build.sh", "build.sh" },
		{ "perl -w -I lib t.pl", "t.pl" },
		{ "ruby -Ilib rake", "rake" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].line, rows[i].script);
}

/* An option is one only if it is the whole argument: "-cpx" and "-class" take no value, "-cp" does. */
static void test_whole_options(void **state)
{
	(void)state;
	check("java -cpx a b", "a");
	check("java -c", NULL);
	check("java -classpat a b", "a");
	check("java -classpathx a b", "a");
	check("node --requir a b", "a");
	check("node --requirex a b", "a");
	check("java --class-pat a b", "a");
	check("java --class-pathx a b", "a");
	check("java -cp", NULL);
	check("java -cp -c x", "x");
}

static void add_long(struct args *args, size_t length)
{
	char text[4096];

	assert_true(length < sizeof(text));
	memset(text, 'p', length);
	text[length] = '\0';
	args_add(args, text);
}

/* A value longer than one look at the arguments is passed over whole, whatever its length is. */
static void test_long_values(void **state)
{
	size_t length;

	(void)state;
	for (length = AA_MATCH_BYTES - 10; length < 4 * AA_MATCH_BYTES + 10; length++) {
		struct args args = args_of("java -cp");

		add_long(&args, length);
		args_add(&args, "Main");
		args_add(&args, "other");
		assert_non_null(script(&args));
		assert_string_equal(script(&args), "Main");
	}
}

/* The same for the program's own name, and for an option with its value in one word. */
static void test_long_words(void **state)
{
	struct args args = { .length = 0 };
	char define[1000] = "-D";

	(void)state;
	memset(define + 2, 'x', sizeof(define) - 3);
	add_long(&args, 1000);
	args_add(&args, define);
	args_add(&args, "org.Main");
	assert_string_equal(script(&args), "org.Main");
}

/* A script's path may be long itself: what is found is its start. */
static void test_long_script(void **state)
{
	struct args args = args_of("sh");

	(void)state;
	add_long(&args, 1000);
	assert_ptr_equal(script(&args), args.text + 3);
}

/* The search is bounded: options beyond the last piece hide the script. */
static void test_bound(void **state)
{
	struct args args = args_of("sh");
	int i;

	(void)state;
	for (i = 0; i < AA_MATCH_PIECES - 2; i++)
		args_add(&args, "-x");
	args_add(&args, "last.sh");
	assert_string_equal(script(&args), "last.sh");
	args = args_of("sh");
	for (i = 0; i < AA_MATCH_PIECES - 1; i++)
		args_add(&args, "-x");
	args_add(&args, "beyond.sh");
	assert_null(script(&args));
}

/* Nothing, an empty argument, arguments that are cut off in the middle: no reading beyond the end. */
static void test_odd_arguments(void **state)
{
	static const char cut[] = { 's', 'h', '\0', 'b', 'u', 'i', 'l', 'd' };
	struct args args = { .length = 0 };

	(void)state;
	assert_null(script(&args));
	args_add(&args, "");
	assert_null(script(&args));
	assert_ptr_equal(pattern_script(cut, sizeof(cut)), cut + 3);
	assert_null(pattern_script(cut, 2));
	assert_null(pattern_script(cut, 3));
}

/* The automaton by hand: the text's end is its NUL or the end of the buffer, and every slash starts anew. */
static void test_automaton(void **state)
{
	struct aa_pattern p;
	unsigned char text[AA_MATCH_BYTES];

	(void)state;
	assert_int_equal(pattern_compile("a*", 0, &p), 0);
	memset(text, 'a', sizeof(text));
	assert_int_equal(aa_match(&p, text), 1);
	text[0] = 'b';
	assert_int_equal(aa_match(&p, text), 0);
	text[10] = '/';
	assert_int_equal(aa_match(&p, text), 1);
	text[11] = '\0';
	assert_int_equal(aa_match(&p, text), 0);
	text[255] = '/';
	text[11] = 'a';
	assert_int_equal(aa_match(&p, text), 0);
}

/* A text is stepped over in parts: whatever stands where one ends, a star, a slash or the text's own end, goes on. */
static void test_parts(void **state)
{
	unsigned char text[AA_MATCH_BYTES];
	struct aa_pattern p, star;
	int length, slash;

	(void)state;
	assert_int_equal(pattern_compile("abcdefgh", 0, &p), 0);
	assert_int_equal(pattern_compile("ab*gh", 0, &star), 0);
	for (length = 9; length < AA_MATCH_BYTES; length++) {
		memset(text, 'x', sizeof(text));
		slash = length - 9;
		text[slash] = '/';
		memcpy(text + slash + 1, "abcdefgh", 8);
		text[length] = '\0';
		assert_int_equal(aa_match(&p, text), 1);
		assert_int_equal(aa_match(&star, text), 1);
		text[length] = 'x';
		assert_int_equal(aa_match(&p, text), 0);
		text[length] = '\0';
		text[length - 1] = 'x';
		assert_int_equal(aa_match(&p, text), 0);
		assert_int_equal(aa_match(&star, text), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),         cmocka_unit_test(test_whole_options),
		cmocka_unit_test(test_long_values),   cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_long_script),   cmocka_unit_test(test_bound),
		cmocka_unit_test(test_odd_arguments), cmocka_unit_test(test_automaton),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
