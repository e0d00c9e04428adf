/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The settings file: what it sets, what the command line keeps, and that each wrong line is refused by its number. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "option_rows.h"
#include "settings.h"

#define SEC 1000000000ULL

static char message[4096]; /* what was last said on stderr */

static int capture_begin(FILE **ret)
{
	int saved = dup(STDERR_FILENO);

	*ret = tmpfile();
	assert_non_null(*ret);
	fflush(stderr);
	dup2(fileno(*ret), STDERR_FILENO);
	return saved;
}

static void capture_end(FILE *file, int saved)
{
	size_t n;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	n = fread(message, 1, sizeof(message) - 1, file);
	message[n] = '\0';
	fclose(file);
}

static int parse_bytes(const char *text, size_t size, struct config *config)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, size, "r"), *log;
	int saved, err;

	assert_non_null(file);
	saved = capture_begin(&log);
	err = settings_parse(file, "x.conf", config);
	capture_end(log, saved);
	fclose(file);
	return err;
}

static void accepted(const char *text, struct config *config)
{
	if (parse_bytes(text, strlen(text), config))
		fail_msg("refused: %s", message);
}

/* text is refused in one line of stderr, and that begins with place and holds word. */
static void refused_bytes(const char *text, size_t size, const char *place, const char *word)
{
	struct config config;
	char start[64];

	options_init(&config);
	if (parse_bytes(text, size, &config) != -EINVAL)
		fail_msg("accepted: %s", text);
	options_clear(&config);
	snprintf(start, sizeof(start), "accel-agent: %s: ", place);
	if (strncmp(message, start, strlen(start)) || !strstr(message, word))
		fail_msg("%s: not '%s' with '%s': %s", text, start, word, message);
	assert_ptr_equal(strchr(message, '\n'), message + strlen(message) - 1);
}

static void refused(const char *text, const char *place, const char *word)
{
	refused_bytes(text, strlen(text), place, word);
}

/* Each key sets what its option sets. */
static void test_keys(void **state)
{
	struct config c;

	(void)state;
	options_init(&c);
	accepted("# comment\n; comment\n\napp = make\napp=ninja\nduration = 1.5\ninterval= 2\nformat =json\n"
		 "output = /tmp/a b\nring-size = 512\nonly = cpu,io\nwithout = io\non-exit = keep\ndry-run = yes\n"
		 "verbose = true\nbackground-cgroup = /a\nbackground-cgroup = /b\ndemote-background = yes\n"
		 "kubepods = yes\ncgroup-root = /host/cgroup\ncatalogue = /etc/x",
		 &c);
	assert_int_equal(c.nbackground, 2);
	assert_string_equal(c.background[1], "/b");
	assert_true(c.demote_background);
	assert_true(c.kubepods);
	assert_string_equal(c.cgroup_root, "/host/cgroup");
	assert_string_equal(c.catalogue, "/etc/x");
	assert_int_equal(c.napps, 2);
	assert_string_equal(c.apps[0], "make");
	assert_string_equal(c.apps[1], "ninja");
	assert_true(c.duration_ns == 3 * SEC / 2);
	assert_true(c.interval_ns == 2 * SEC);
	assert_int_equal(c.format, FORMAT_JSON);
	assert_string_equal(c.output, "/tmp/a b");
	assert_int_equal(c.ring_bytes, 512 * 1024);
	assert_int_equal(c.on_exit, ON_EXIT_KEEP);
	assert_true(c.dry_run);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(options_check(&c, true), 0);
	assert_int_equal(c.target, TARGET_APPS);
	assert_int_equal(c.actions, ACTION_CPU);
	options_clear(&c);
}

/* A switch that is set to no stays off. */
static void test_switch_off(void **state)
{
	struct config c;

	(void)state;
	options_init(&c);
	accepted("dry-run = no\nquiet = false\ndemote-background = no\nkubepods = no\n", &c);
	assert_false(c.demote_background || c.kubepods);
	assert_false(c.dry_run);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	options_clear(&c);
}

/* What the command line says stays, also where the file speaks of the same thing by another key. */
static void test_command_line_wins(void **state)
{
	char program[] = "accel-agent", pid[] = "--pid=7", quiet[] = "-q", only[] = "--only=cpu", duration[] = "-d5";
	char *argv[] = { program, pid, quiet, only, duration, NULL };
	struct config c;

	(void)state;
	assert_int_equal(options_parse("run", 5, argv, &c), 0);
	accepted("app = make\ncgroup = /c\nverbose = yes\nwithout = cpu\nduration = 9\ninterval = 3\n", &c);
	assert_int_equal(options_check(&c, true), 0);
	assert_int_equal(c.target, TARGET_PID);
	assert_int_equal(c.napps, 0);
	assert_null(c.cgroup);
	assert_int_equal(c.log_level, LOG_LEVEL_ERR);
	assert_int_equal(c.actions, ACTION_CPU);
	assert_true(c.duration_ns == 5 * SEC);
	assert_true(c.interval_ns == 3 * SEC);
	options_clear(&c);
}

/* A command on the command line is a target too. */
static void test_command_wins(void **state)
{
	char program[] = "accel-agent", dashes[] = "--", make[] = "make";
	char *argv[] = { program, dashes, make, NULL };
	struct config c;

	(void)state;
	assert_int_equal(options_parse("run", 3, argv, &c), 0);
	accepted("app = ninja\n", &c);
	assert_int_equal(options_check(&c, true), 0);
	assert_int_equal(c.target, TARGET_COMMAND);
	options_clear(&c);
}

/* The file is checked even where the command line makes it moot. */
static void test_moot_values_are_checked(void **state)
{
	char program[] = "accel-agent", duration[] = "-d5";
	char *argv[] = { program, duration, NULL };
	struct config c;

	(void)state;
	assert_int_equal(options_parse("run", 2, argv, &c), 0);
	assert_int_equal(parse_bytes("duration = soon\n", 16, &c), -EINVAL);
	assert_non_null(strstr(message, "x.conf:1: duration: 'soon'"));
	options_clear(&c);
}

/* Keys that do not exist, belong elsewhere, or stand twice. */
static void test_wrong_keys(void **state)
{
	(void)state;
	refused("app = a\ncolour = red\n", "x.conf:2", "'colour'");
	refused("pid = 1\n", "x.conf:1", "command line only");
	refused("config = /etc/x\n", "x.conf:1", "command line only");
	refused("help = yes\n", "x.conf:1", "command line only");
	refused("format = json\n\nformat = text\n", "x.conf:3", "twice");
	refused("[main]\napp = a\n", "x.conf:1", "[main]");
	refused("app = a\napp = a\n", "x.conf:2", "'a' is given twice");
	refused("catalogue = a\ncatalogue = b\n", "x.conf:2", "twice");
}

/* Values are held to the same rules as on the command line. */
static void test_wrong_values(void **state)
{
	(void)state;
	refused("duration = 0\n", "x.conf:1", "duration: '0'");
	refused("\n\nring-size = 3\n", "x.conf:3", "ring-size: '3'");
	refused("dry-run = maybe\n", "x.conf:1", "'maybe'");
	refused("dry-run =\n", "x.conf:1", "dry-run");
	refused("app =\n", "x.conf:1", "app: empty");
	refused("format = json # really\n", "x.conf:1", "'json # really'");
	refused("app = \"make\"\n", "x.conf:1", "quotes");
	refused("cgroup-root = cgroup\n", "x.conf:1", "'cgroup'");
	refused("kubepods = 1\n", "x.conf:1", "'1'");
	refused("background-cgroup = a\nbackground-cgroup = a\n", "x.conf:2", "twice");
}

/* Lines that are no settings: the first of them is named, whatever follows. */
static void test_wrong_lines(void **state)
{
	(void)state;
	refused("app = a\njust words\nduration = x\n", "x.conf:2", "key = value");
	refused("duration = x\njust words\n", "x.conf:1", "'x'");
	refused("\xef\xbb\xbf [main]\napp = a\n", "x.conf:1", "[main]");
	refused_bytes("app = a\nfor\0mat = json\n", 23, "x.conf:2", "\\x00");
	refused("app = a\x1b[2J\n", "x.conf:1", "\\x1b");
}

/* The longest line is taken whole, one byte more is refused. */
static void test_line_length(void **state)
{
	struct config c;
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "output = ", 9);
	text[198] = '\0';
	options_init(&c);
	accepted(text, &c);
	assert_int_equal(strlen(c.output), 198 - 9);
	options_clear(&c);
	text[198] = 'a';
	text[199] = '\0';
	refused(text, "x.conf:1", "longer than 198 bytes");
}

/* A command that follows nothing does not mind an app in the file. */
static void test_app_for_another_command(void **state)
{
	struct config c;

	(void)state;
	options_init(&c);
	accepted("app = make\n", &c);
	assert_int_equal(options_check(&c, false), 0);
	assert_int_equal(c.target, TARGET_NONE);
	options_clear(&c);
}

/* A line that begins with a blank is a setting of its own, not more of the value before it. */
static void test_leading_blanks(void **state)
{
	struct config c;

	(void)state;
	options_init(&c);
	accepted("app = make\n  format = json\r\n\t# comment\n", &c);
	assert_int_equal(c.napps, 1);
	assert_int_equal(c.format, FORMAT_JSON);
	options_clear(&c);
}

/* A file without end is given up. */
static void test_endless_file(void **state)
{
	static char text[8192];

	(void)state;
	memset(text, '\n', sizeof(text));
	refused_bytes(text, sizeof(text), "x.conf:4097", "4096 lines");
}

/* The sample with its settings put into force is a settings file, and it names every key. */
static void test_sample(void **state)
{
	FILE *sample = fopen("etc/accel-agent.conf.sample", "r");
	char line[256], text[8192] = "";
	struct config c;

	(void)state;
	assert_non_null(sample);
	while (fgets(line, sizeof(line), sample)) {
		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z' && strncmp(line, "#cgroup =", 9) &&
		    strncmp(line, "#verbose", 8))
			strncat(text, line + 1, sizeof(text) - strlen(text) - 1);
	}
	fclose(sample);
	options_init(&c);
	accepted(text, &c);
	assert_int_equal(c.napps, 2);
	assert_int_equal(options_check(&c, true), 0);
	options_clear(&c);
	strcat(text, "cgroup = /c\nverbose = no\n");
	for (size_t i = 0; i < option_count; i++) {
		snprintf(line, sizeof(line), "\n%s = ", option_rows[i].name);
		if (option_rows[i].in_file && strncmp(text, line + 1, strlen(line + 1)) && !strstr(text, line))
			fail_msg("not in the sample: %s", option_rows[i].name);
	}
}

static char folder[] = "/tmp/test_settings.XXXXXX";
static char path[64];

static int setup_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/conf", folder);
	return 0;
}

static int teardown_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void write_file(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Reads path as the -c file (asked) or as the default file. */
static int read_path(bool asked, struct config *ret)
{
	FILE *log;
	int saved, err;

	options_init(ret);
	if (asked) {
		ret->settings = strdup(path);
		assert_non_null(ret->settings);
	}
	saved = capture_begin(&log);
	err = settings_read(ret, asked ? "/nonexistent" : path);
	capture_end(log, saved);
	return err;
}

/* The default file need not exist; one that was asked for must. */
static void test_missing_file(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(read_path(false, &c), 0);
	assert_string_equal(message, "");
	options_clear(&c);
	assert_int_equal(read_path(true, &c), -ENOENT);
	assert_non_null(strstr(message, path));
	options_clear(&c);
}

/* A file that is there is read, by default and when asked for. */
static void test_good_file(void **state)
{
	struct config c;

	(void)state;
	write_file("format = json\n", 0644);
	for (int asked = 0; asked < 2; asked++) {
		assert_int_equal(read_path(asked, &c), 0);
		assert_int_equal(c.format, FORMAT_JSON);
		options_clear(&c);
	}
	write_file("format = xml\n", 0644);
	assert_int_equal(read_path(true, &c), -EINVAL);
	assert_non_null(strstr(message, "/conf:1: format: 'xml'"));
	options_clear(&c);
}

/* Folders and FIFOs are not settings files, and opening them does not hang. */
static void test_not_regular(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_int_equal(read_path(true, &c), -EINVAL);
	alarm(0);
	assert_non_null(strstr(message, "not a regular file"));
	options_clear(&c);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(read_path(false, &c), -EINVAL);
	assert_non_null(strstr(message, "not a regular file"));
	options_clear(&c);
	assert_int_equal(rmdir(path), 0);
}

/* Root obeys no file that others could have written. */
static void test_writable_by_others(void **state)
{
	static const mode_t modes[] = { 0664, 0646, 0602 };
	struct config c;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: only root refuses files that others may write\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file("format = json\n", modes[i]);
		assert_int_equal(read_path(true, &c), -EINVAL);
		assert_non_null(strstr(message, "may write it"));
		assert_int_equal(c.format, FORMAT_TEXT);
		options_clear(&c);
	}
}

/* Root obeys no file of another user. */
static void test_owner(void **state)
{
	struct config c;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: only root can give a file away\n");
		skip();
	}
	write_file("format = json\n", 0600);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(read_path(false, &c), -EINVAL);
	assert_non_null(strstr(message, "65534"));
	assert_int_equal(c.format, FORMAT_TEXT);
	options_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_switch_off),
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_command_wins),
		cmocka_unit_test(test_moot_values_are_checked),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_app_for_another_command),
		cmocka_unit_test(test_leading_blanks),
		cmocka_unit_test(test_endless_file),
		cmocka_unit_test(test_sample),
		cmocka_unit_test_teardown(test_missing_file, remove_file),
		cmocka_unit_test_teardown(test_good_file, remove_file),
		cmocka_unit_test_teardown(test_not_regular, remove_file),
		cmocka_unit_test_teardown(test_writable_by_others, remove_file),
		cmocka_unit_test_teardown(test_owner, remove_file),
	};

	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
