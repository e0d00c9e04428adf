/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Bounded reading, and output files that appear whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"

struct folder {
	char path[64];
	int fd;
};

static int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(folder->path))
		return -1;
	folder->fd = open(folder->path, O_PATH | O_DIRECTORY);
	*state = folder;
	return folder->fd < 0 ? -1 : 0;
}

static int folder_remove(void **state)
{
	struct folder *folder = *state;
	DIR *dir = opendir(folder->path);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		unlinkat(folder->fd, entry->d_name, 0);
	closedir(dir);
	close(folder->fd);
	rmdir(folder->path);
	free(folder);
	return 0;
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void put(const struct folder *folder, const char *name, const char *text, size_t len)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void assert_holds(const struct folder *folder, const char *name, const char *expected)
{
	cleanup_free char *text = NULL;
	size_t len;

	assert_int_equal(read_file_at(folder->fd, name, 65536, &text, &len), 0);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

static void name_in(const struct folder *folder, const char *name, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%s", folder->path, name);
}

/* A file is read whole, NULs included, up to the limit and refused past it. */
static void read_file_at_is_bounded(void **state)
{
	const struct folder *folder = *state;
	cleanup_free char *large = malloc(10000);
	cleanup_free char *text = NULL;
	size_t len = 7;

	memset(large, 'x', 10000);
	put(folder, "large", large, 10000);
	assert_int_equal(read_file_at(folder->fd, "large", 9999, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(read_file_at(folder->fd, "missing", 10, &text, &len), -ENOENT);
	assert_int_equal(len, 7);
	assert_int_equal(read_file_at(folder->fd, "large", 10000, &text, &len), 0);
	assert_int_equal(len, 10000);
	assert_int_equal(text[len], 0);
	assert_memory_equal(text, large, 10000);
	free(text);
	put(folder, "nul", "a\0b", 3);
	assert_int_equal(read_file_at(folder->fd, "nul", 3, &text, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
}

/* The start of a file is read without more than was asked for. */
static void read_file_start_at_cuts(void **state)
{
	const struct folder *folder = *state;
	char text[4] = "....";
	size_t len;

	put(folder, "file", "abcdef", 6);
	assert_int_equal(read_file_start_at(folder->fd, "file", text, 3, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "abc.", 4);
}

/* The target changes at commit, all at once, and nothing else is left in the folder. */
static void output_appears_at_commit(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[PATH_MAX];
	struct stat st;

	umask(022);
	name_in(folder, "report", path);
	put(folder, "report", "old", 3);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("new report", out.stream);
	fflush(out.stream);
	assert_holds(folder, "report", "old");
	assert_int_equal(output_file_commit(&out), 0);
	assert_holds(folder, "report", "new report");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(count_entries(folder->path), 1);
}

/* After an abort everything is as it was. */
static void output_abort_leaves_nothing(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[PATH_MAX];

	name_in(folder, "report", path);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("half", out.stream);
	output_file_abort(&out);
	assert_int_equal(count_entries(folder->path), 0);
}

/* A link to a regular file is replaced: what it points to stays. */
static void output_does_not_follow_links(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[PATH_MAX];

	put(folder, "precious", "keep", 4);
	assert_int_equal(symlinkat("precious", folder->fd, "report"), 0);
	name_in(folder, "report", path);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("text", out.stream);
	assert_int_equal(output_file_commit(&out), 0);
	assert_holds(folder, "precious", "keep");
	assert_holds(folder, "report", "text");
}

/* Targets that cannot be written say why. */
static void output_errors_are_told(void **state)
{
	const struct folder *folder = *state;
	struct output_file out = { 0 };
	char path[PATH_MAX];

	assert_int_equal(output_file_open(&out, folder->path), -EISDIR);
	assert_int_equal(output_file_open(&out, ""), -ENOENT);
	name_in(folder, "no/such", path);
	assert_int_equal(output_file_open(&out, path), -ENOENT);
	put(folder, "file", "x", 1);
	name_in(folder, "file/", path);
	assert_int_equal(output_file_open(&out, path), -ENOTDIR);
	assert_int_equal(output_file_open(&out, "/dev/fd/977"), -EBADF);
	assert_null(out.stream);
}

/* By an open descriptor, so that a mistake made as root cannot cost the device. The caller closes it. */
static int open_full_device(char ret[PATH_MAX])
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(ret, PATH_MAX, "/dev/fd/%d", fd);
	return fd;
}

/* A link that somebody put there does not lead a report onto a device. */
static void output_does_not_follow_links_to_devices(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[PATH_MAX];
	struct stat st;

	assert_int_equal(symlinkat("/dev/null", folder->fd, "report"), 0);
	name_in(folder, "report", path);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("text", out.stream);
	assert_int_equal(output_file_commit(&out), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* A device without space is an error of commit; the device is written, not replaced. */
static void output_reports_a_full_disk(void **state)
{
	struct output_file out;
	char path[PATH_MAX];
	int fd = open_full_device(path);

	(void)state;
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("text", out.stream);
	assert_int_equal(output_file_commit(&out), -ENOSPC);
	close(fd);
}

/* An error in the middle counts although the stream recovered later. */
static void output_reports_an_early_error(void **state)
{
	struct output_file out;
	char path[PATH_MAX];
	int flushed, err, fd = open_full_device(path);

	(void)state;
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("text", out.stream);
	flushed = fflush(out.stream);
	err = output_file_commit(&out);
	close(fd);
	assert_int_equal(flushed, EOF);
	assert_true(err < 0);
}

/* /dev/fd/N that is a regular file is written where it stands, not replaced. */
static void output_goes_to_open_descriptors(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[64];
	int fd;

	put(folder, "log", "", 0);
	fd = openat(folder->fd, "log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "first ", 6), 6);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("second", out.stream);
	assert_int_equal(output_file_commit(&out), 0);
	assert_holds(folder, "log", "first second");
	close(fd);
}

/* A FIFO gets the text and stays a FIFO. */
static void output_goes_to_a_fifo(void **state)
{
	const struct folder *folder = *state;
	struct output_file out;
	char path[PATH_MAX], text[16] = "";
	struct stat st;
	int fd;

	name_in(folder, "fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(output_file_open(&out, path), 0);
	fputs("text", out.stream);
	assert_int_equal(output_file_commit(&out), 0);
	assert_int_equal(read(fd, text, sizeof(text) - 1), 4);
	assert_string_equal(text, "text");
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	close(fd);
}

/* The clocks tell the time that the C library tells. */
static void clocks_agree_with_libc(void **state)
{
	struct timespec now;
	uint64_t before;

	(void)state;
	before = clock_monotonic_ns();
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - before < 5000000000);
	assert_true(clock_monotonic_ns() >= before);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_true(clock_realtime_seconds() - (double)now.tv_sec < 5);
	assert_true(clock_realtime_seconds() >= (double)now.tv_sec);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(read_file_at_is_bounded),
		FOLDER_TEST(read_file_start_at_cuts),
		FOLDER_TEST(output_appears_at_commit),
		FOLDER_TEST(output_abort_leaves_nothing),
		FOLDER_TEST(output_does_not_follow_links),
		FOLDER_TEST(output_errors_are_told),
		FOLDER_TEST(output_does_not_follow_links_to_devices),
		FOLDER_TEST(output_errors_are_told),
		FOLDER_TEST(output_reports_a_full_disk),
		FOLDER_TEST(output_reports_an_early_error),
		FOLDER_TEST(output_goes_to_open_descriptors),
		FOLDER_TEST(output_goes_to_a_fifo),
		cmocka_unit_test(clocks_agree_with_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
