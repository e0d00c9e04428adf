/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The catalogue: what its files say, whose word counts, which names fit, and that each wrong line is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "aa_record.h"
#include "catalogue.h"

#define INSTALLED "etc/accel-agent.catalogue"

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

static int parse(struct catalogue *c, const char *text, const char *name)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r"), *log;
	int saved, err;

	assert_non_null(file);
	saved = capture_begin(&log);
	err = catalogue_parse(c, file, name);
	capture_end(log, saved);
	fclose(file);
	return err;
}

static struct catalogue *catalogue; /* of the test in hand */

static int setup(void **state)
{
	(void)state;
	catalogue = catalogue_new();
	return catalogue ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	catalogue_free(catalogue);
	return 0;
}

static void add(const char *text, const char *name)
{
	if (parse(catalogue, text, name))
		fail_msg("refused: %s", message);
}

/* text is refused in one line of stderr that begins with place and holds word. */
static void refused(const char *text, const char *place, const char *word)
{
	char start[64];

	if (parse(catalogue, text, "x") != -EINVAL)
		fail_msg("accepted: %s", text);
	snprintf(start, sizeof(start), "accel-agent: %s: ", place);
	if (strncmp(message, start, strlen(start)) || !strstr(message, word))
		fail_msg("%s: not '%s' with '%s': %s", text, start, word, message);
	assert_ptr_equal(strchr(message, '\n'), message + strlen(message) - 1);
}

static void kind_is(const char *command, const char *want)
{
	const char *kind = catalogue_kind(catalogue, command);

	if (want ? !kind || strcmp(kind, want) : !!kind)
		fail_msg("%s is '%s', not '%s'", command, kind ? kind : "(unknown)", want ? want : "(unknown)");
}

static void background_is(const char *command, const char *want)
{
	const char *kind = catalogue_background(catalogue, command);

	if (want ? !kind || strcmp(kind, want) : !!kind)
		fail_msg("%s is '%s', not '%s'", command, kind ? kind : "(none)", want ? want : "(none)");
}

/* The apps are these, in this order; NULL ends them. */
static void apps_are(const char *const want[])
{
	size_t i;

	for (i = 0; want[i]; i++)
		assert_string_equal(catalogue_app(catalogue, i), want[i]);
	assert_null(catalogue_app(catalogue, i));
	assert_null(catalogue_app(catalogue, i + 1));
	assert_int_equal(catalogue_apps(catalogue), i);
}

/* Names of each section are found with their kinds; a kind may stand on several lines. */
static void test_sections(void **state)
{
	(void)state;
	add("# comment\n[apps]\nbuild = make\tninja\nbuild=cargo\n\n[operations]\ncompile = cc1 cc*\nlink = ld\n"
	    "[background] ; comment\nindex = tracker-*\n",
	    "x");
	apps_are((const char *const[]){ "make", "ninja", "cargo", NULL });
	kind_is("cc1", "compile");
	kind_is("cc1plus", "compile");
	kind_is("ld", "link");
	kind_is("ld.bfd", NULL);
	kind_is("", NULL);
	background_is("tracker-miner-f", "index");
	background_is("make", NULL);
	background_is("cc1", NULL);
	assert_string_equal(catalogue_files(catalogue), "x");
}

/* A command that is no operation counts by its kind as an app or in the background; an operation comes first. */
static void test_kind_of_apps(void **state)
{
	(void)state;
	add("[background]\nindex = ctags clangd\n[apps]\nbuild = make ctest\n[operations]\ntest = ctest\n", "x");
	kind_is("make", "build");
	kind_is("ctest", "test");
	kind_is("clangd", "index");
}

/* A plain name comes before a glob, and among equals the first. */
static void test_precedence(void **state)
{
	(void)state;
	add("[operations]\na = c* *c\nb = cc\nc = c?c *cc\n", "x");
	kind_is("cc", "b");
	kind_is("cxc", "a");
	kind_is("xcc", "a");
}

/* The users' file comes first, and replaces the same word in the same section; the rest stays. */
static void test_two_files(void **state)
{
	(void)state;
	add("[apps]\nbuild = make ninja\n[operations]\ncompile = cc1 g* make\n", "/a");
	add("[apps]\nrender = make mine\n[operations]\ntest = cc1 gx*\n", "/b");
	apps_are((const char *const[]){ "make", "mine", "ninja", NULL });
	kind_is("cc1", "test");
	kind_is("gxx", "test");
	kind_is("gcc", "compile");
	kind_is("make", "compile");
	kind_is("mine", "render");
	assert_string_equal(catalogue_files(catalogue), "/a and /b");
}

/* "none" takes a word back: it is no app, has no kind, is not demoted. */
static void test_none(void **state)
{
	(void)state;
	add("[apps]\nbuild = make dotnet\n[operations]\ncompile = c* cc\n[background]\nindex = clangd\n", "x");
	add("[apps]\nnone = dotnet\n[operations]\nnone = cc\n[background]\nnone = clangd\n", "y");
	assert_string_equal(message, "");
	apps_are((const char *const[]){ "make", NULL });
	kind_is("dotnet", NULL);
	kind_is("cc", NULL);
	kind_is("cxx", "compile");
	background_is("clangd", NULL);
}

/* An app that is taken back without having been one is worth a warning, with its line. */
static void test_none_of_nothing(void **state)
{
	(void)state;
	add("[apps]\nbuild = gradle*\n", "x");
	add("[apps]\nnone = gradlew\n", "y");
	assert_non_null(strstr(message, "y:2: none: 'gradlew'"));
	apps_are((const char *const[]){ "gradle*", NULL });
}

/* The kernel keeps 15 bytes of a name: such a name fits longer words that begin so, but a shorter name does not. */
static void test_cut_names(void **state)
{
	(void)state;
	add("[operations]\npackage = dpkg-buildpackage\nindex = tracker-extract-3\ncompile = glslangValidator\n", "x");
	kind_is("dpkg-buildpacka", "package");
	kind_is("dpkg-buildpackage", "package");
	kind_is("dpkg-buildpack", NULL);
	kind_is("dpkg-buildpackX", NULL);
	kind_is("dpkg-buildpackaging", NULL);
	kind_is("glslangValidato", "compile");
	kind_is("tracker-extract", "index");
}

/* So do globs whose first 15 tokens take its bytes; a star among these could stand for anything, and does not fit. */
static void test_cut_globs(void **state)
{
	(void)state;
	add("[operations]\ncompile = x86_64-linux-gnu-gcc-[0-9]*\nlink = x86_64-*-linux-gnu-ld\n"
	    "test = *-integration-tests\nindex = tracker-[em]?????????*-3\n",
	    "x");
	kind_is("x86_64-linux-gn", "compile");
	kind_is("x86_64-linux-gX", NULL);
	kind_is("x86_64-linux-g", NULL);
	kind_is("x86_64-pc-linux", NULL);
	kind_is("x86_64--linux-g", NULL);
	kind_is("some-integratio", NULL);
	kind_is("tracker-extract", "index"); /* eighteen tokens, then the star */
	kind_is("x-integration-tests", "test");
}

/* A name of 15 bytes that is whole comes before one that is cut. */
static void test_whole_before_cut(void **state)
{
	(void)state;
	add("[operations]\na = abcdefghijklmnop abcdefghijklmnXY\nb = abcdefghijklmn?\nc = abcdefghijklmno\n", "x");
	kind_is("abcdefghijklmno", "c");
	kind_is("abcdefghijklmnX", "b");
	add("[operations]\nnone = abcdefghijklmno\n", "y");
	kind_is("abcdefghijklmno", NULL);
}

/* Globs have the same language as --app. */
static void test_globs(void **state)
{
	(void)state;
	add("[operations]\na = [ab]? x[!0-9] \\*\n", "x");
	kind_is("bz", "a");
	kind_is("cz", NULL);
	kind_is("xy", "a");
	kind_is("x1", NULL);
	kind_is("*", "a");
	kind_is("y", NULL);
}

/* Lines that are no part of a catalogue, each by its number. */
static void test_wrong_lines(void **state)
{
	(void)state;
	refused("build = make\n", "x:1", "no section");
	refused("[apps]\nbuild = make\n[colours]\n", "x:3", "[colours]");
	refused("[app]\n", "x:1", "[app]");
	refused("[apps\nbuild = make\n", "x:1", "']'");
	refused("[apps] build = make\n", "x:1", "'build = make'");
	refused("[apps]\nmake\n", "x:2", "key = value");
	refused("[apps]\nBuild = make\n", "x:2", "'Build'");
	refused("[apps]\na b = make\n", "x:2", "'a b'");
	refused("[apps]\n9 = make\n", "x:2", "'9'");
	refused("[apps]\n = make\n", "x:2", "''");
	refused("[apps]\nabcdefghijklmnopqrstuvwxyzabcdef = make\n", "x:2", "31");
	refused("[apps]\nbuild =\n", "x:2", "build: no names");
	refused("[apps]\nbuild = make\x1b\n", "x:2", "\\x1b");
}

/* Words that are no names. */
static void test_wrong_names(void **state)
{
	(void)state;
	refused("[apps]\nbuild = make, ninja\n", "x:2", "'make,'");
	refused("[apps]\nbuild = \"make\"\n", "x:2", "quotes");
	refused("[apps]\nbuild = make # ninja\n", "x:2", "'#'");
	refused("[apps]\nbuild = make link = ld\n", "x:2", "'='");
	refused("[apps]\nbuild = /usr/bin/make\n", "x:2", "'/usr/bin/make'");
	refused("[operations]\ntest = ok [ab\n", "x:2", "'[ab'");
	refused("[operations]\ntest = ab\\\n", "x:2", "'ab\\'");
	refused("[operations]\n\ntest = *\n", "x:3", "'*'");
	refused("[operations]\ntest = ***\n", "x:2", "every name");
	refused("[apps]\nbuild = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "x:2",
		"longer than 63");
	refused("[apps]\nbuild = [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", "x:2",
		"longer than 63");
}

/* A word stands once in a section of a file, under whatever kind; in another section it may stand as well. */
static void test_twice(void **state)
{
	(void)state;
	refused("[apps]\nbuild = make make\n", "x:2", "'make' stands in line 2");
	refused("[operations]\na = x\n\nb = y x\n", "x:4", "'x' stands in line 2");
	refused("[apps]\na = x\n[operations]\na = y\n[apps]\nb = x\n", "x:6", "line 2");
	add("[apps]\nbuild = make\n[operations]\nbuild = make\n", "x");
}

/* A file that is refused changes nothing. */
static void test_untouched_on_failure(void **state)
{
	(void)state;
	add("[apps]\nbuild = make\n", "/a");
	refused("[apps]\nrender = make blender\nbuild = [\n", "x:3", "'['");
	apps_are((const char *const[]){ "make", NULL });
	kind_is("make", "build");
	kind_is("blender", NULL);
	assert_string_equal(catalogue_files(catalogue), "/a");
}

/* There is an end to what one file may hold. */
static void test_too_many_names(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	fputs("[operations]\n", out);
	for (int i = 0; i < 4096; i += 8)
		fprintf(out, "a = n%d n%d n%d n%d n%d n%d n%d n%d\n", i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6,
			i + 7);
	fflush(out);
	add(text, "x");
	fputs("b = last\n", out);
	fclose(out);
	refused(text, "x:514", "'last' is one too many");
	free(text);
}

static char folder[] = "/tmp/test_catalogue.XXXXXX";
static char installed[64], own[64];

static int setup_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(installed, sizeof(installed), "%s/installed", folder);
	snprintf(own, sizeof(own), "%s/own", folder);
	return 0;
}

static int teardown_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int teardown_files(void **state)
{
	unlink(installed);
	unlink(own);
	return teardown(state);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Loads anew: path, or the two files of the folder. */
static int load(const char *path)
{
	FILE *log;
	int saved, err;

	catalogue_free(catalogue);
	catalogue = NULL;
	saved = capture_begin(&log);
	err = catalogue_load(path, installed, own, &catalogue);
	capture_end(log, saved);
	return err;
}

/* Either file may be missing, or both; one that was asked for may not. */
static void test_missing_files(void **state)
{
	(void)state;
	assert_int_equal(load(NULL), 0);
	assert_null(catalogue);
	assert_string_equal(message, "");
	write_file(own, "[apps]\nbuild = mine\n", 0644);
	assert_int_equal(load(NULL), 0);
	apps_are((const char *const[]){ "mine", NULL });
	assert_int_equal(load(installed), -ENOENT);
	assert_non_null(strstr(message, installed));
}

/* Both files count, the users' own first; a file that was asked for counts alone. */
static void test_which_files(void **state)
{
	(void)state;
	write_file(installed, "[apps]\nbuild = make ninja\n", 0644);
	write_file(own, "[apps]\nbuild = mine\nnone = ninja\n", 0644);
	assert_int_equal(load(NULL), 0);
	apps_are((const char *const[]){ "mine", "make", NULL });
	assert_int_equal(load(installed), 0);
	apps_are((const char *const[]){ "make", "ninja", NULL });
	assert_string_equal(catalogue_files(catalogue), installed);
}

/* An error in either file is an error, with the file and its line. */
static void test_wrong_file(void **state)
{
	char place[96];

	(void)state;
	write_file(installed, "[apps]\nbuild = make\n", 0644);
	write_file(own, "[apps]\nbuild = [\n", 0644);
	assert_int_equal(load(NULL), -EINVAL);
	assert_null(catalogue);
	snprintf(place, sizeof(place), "%s:2: '['", own);
	assert_non_null(strstr(message, place));
}

/* Root takes no catalogue that others could have written. */
static void test_writable_by_others(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skip: only root refuses files that others may write\n");
		skip();
	}
	write_file(own, "[apps]\nbuild = mine\n", 0666);
	assert_int_equal(load(NULL), -EINVAL);
	assert_non_null(strstr(message, "may write it"));
	assert_null(catalogue);
}

static int setup_installed(void **state)
{
	FILE *file = fopen(INSTALLED, "r");
	int err = setup(state) || !file || catalogue_parse(catalogue, file, INSTALLED);

	if (file)
		fclose(file);
	return err ? -1 : 0;
}

/* The catalogue that is installed leaves room for the users' apps. */
static void test_installed_apps(void **state)
{
	(void)state;
	assert_in_range(catalogue_apps(catalogue), 30, AA_MAX_APPS - 8);
}

/* It knows the kinds of common commands, as the kernel cuts them. */
static void test_installed_kinds(void **state)
{
	static const char *const rows[][2] = {
		{ "cc1", "compile" },
		{ "cc1plus", "compile" },
		{ "gcc-12", "compile" },
		{ "clang++", "compile" },
		{ "clang-19", "compile" },
		{ "rustc", "compile" },
		{ "compile", "compile" },
		{ "javac", "compile" },
		{ "x86_64-linux-gn", "compile" },
		{ "aarch64-linux-g", "compile" },
		{ "glslangValidato", "compile" },
		{ "as", "assemble" },
		{ "arm-elf-as", "assemble" },
		{ "asm", "assemble" },
		{ "ld", "link" },
		{ "ld.lld-19", "link" },
		{ "collect2", "link" },
		{ "lto1", "link" },
		{ "rust-lld", "link" },
		{ "ar", "archive" },
		{ "llvm-ar-14", "archive" },
		{ "strip", "strip" },
		{ "config.status", "configure" },
		{ "cmake", "configure" },
		{ "cmTC_1a2b3", "configure" },
		{ "build-script-bu", "configure" },
		{ "protoc", "generate" },
		{ "protoc-gen-go", "generate" },
		{ "glib-compile-re", "generate" },
		{ "llvm-tblgen", "generate" },
		{ "pkg.test", "test" },
		{ "test_options", "test" },
		{ "ctest", "test" },
		{ "clang-tidy-14", "analyze" },
		{ "blender", "render" },
		{ "ffmpeg", "export" },
		{ "pdflatex", "export" },
		{ "doxygen", "document" },
		{ "dpkg-buildpacka", "package" },
		{ "dpkg-gencontrol", "package" },
		{ "xz", "compress" },
		{ "git-remote-http", "source" },
		{ "make", "build" },
		{ "ninja", "build" },
		{ "cargo", "build" },
		{ "bazel(project)", "build" },
		{ "sh", "script" },
		{ "python3.11", "script" },
		{ "node", "runtime" },
		{ "clangd", "language-server" },
		{ "(other)", NULL },
		{ "bash-completion", NULL },
		{ "a.out", NULL },
		{ "systemd", NULL },
		{ "systemd-journal", NULL },
		{ "kworker/0:1", NULL },
		{ "Xorg", NULL },
		{ "postgres", NULL },
		{ "nginx", NULL },
		{ "firefox-esr", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		kind_is(rows[i][0], rows[i][1]);
}

/* It knows what works in the background, and takes nothing for that which somebody waits for. */
static void test_installed_background(void **state)
{
	(void)state;
	background_is("tracker-miner-f", "index");
	background_is("baloo_file_extr", "index");
	background_is("updatedb.plocat", "index");
	background_is("akonadi_indexin", "index");
	background_is("rust-analyzer", "language-server");
	background_is("rust-analyzer-p", "language-server");
	background_is("haskell-languag", "language-server");
	background_is("lua-language-se", "language-server");
	background_is("unattended-upgr", "update");
	background_is("restic", "backup");
	background_is("make", NULL);
	background_is("cc1", NULL);
	background_is("clang", NULL);
	background_is("gnome-shell", NULL);
	background_is("sshd", NULL);
	background_is("systemd-journal", NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown_files)
#define WITH_INSTALLED(test) cmocka_unit_test_setup_teardown(test, setup_installed, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_sections),
		WITH(test_kind_of_apps),
		WITH(test_precedence),
		WITH(test_two_files),
		WITH(test_none),
		WITH(test_none_of_nothing),
		WITH(test_cut_names),
		WITH(test_cut_globs),
		WITH(test_whole_before_cut),
		WITH(test_globs),
		WITH(test_wrong_lines),
		WITH(test_wrong_names),
		WITH(test_twice),
		WITH(test_untouched_on_failure),
		WITH(test_too_many_names),
		WITH_FILES(test_missing_files),
		WITH_FILES(test_which_files),
		WITH_FILES(test_wrong_file),
		WITH_FILES(test_writable_by_others),
		WITH_INSTALLED(test_installed_apps),
		WITH_INSTALLED(test_installed_kinds),
		WITH_INSTALLED(test_installed_background),
	};

	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
