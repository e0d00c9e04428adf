/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which files a walk comes across, and what it passes over. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"
#include "warm/leftover.h"
#include "warm/walk.h"

struct fixture {
	struct leftovers left;
	char *found[64]; /* paths, sorted */
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Walks the paths, given below the root of the sandbox. */
static void walk(struct sandbox *s, struct fixture *f, const char *const *paths, size_t npaths)
{
	char *full[8], path[PATH_MAX];
	struct walk_file file;
	struct walk *w;
	int n;

	f->n = 0;
	leftovers_init(&f->left);
	for (size_t i = 0; i < npaths; i++)
		full[i] = strdup(sandbox_path(s, paths[i]));
	w = walk_new(full, npaths, &f->left);
	assert_non_null(w);
	while ((n = walk_next(w, &file)) == 1) {
		assert_true(f->n < 64);
		walk_path(file.folder, file.name, path, sizeof(path));
		f->found[f->n++] = strdup(path + strlen(s->root));
	}
	assert_int_equal(n, 0);
	assert_int_equal(walk_open_folders(w), 0);
	walk_free(w);
	for (size_t i = 0; i < npaths; i++)
		free(full[i]);
	qsort(f->found, f->n, sizeof(f->found[0]), compare);
}

static void fixture_clear(struct fixture *f)
{
	while (f->n)
		free(f->found[--f->n]);
	leftovers_clear(&f->left);
}

/* Every regular file of a tree is found once, at every depth. */
static void test_tree(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;

	sandbox_write(s, "/t/b", "1");
	sandbox_write(s, "/t/a/a", "1");
	sandbox_write(s, "/t/a/b/c/d", "1");
	sandbox_write(s, "/t/e/f", "1");
	sandbox_group(s, "/t/empty");
	walk(s, &f, (const char *[]){ "/t" }, 1);
	assert_int_equal(f.n, 4);
	assert_string_equal(f.found[0], "/t/a/a");
	assert_string_equal(f.found[1], "/t/a/b/c/d");
	assert_string_equal(f.found[2], "/t/b");
	assert_string_equal(f.found[3], "/t/e/f");
	fixture_clear(&f);
}

/* A path with a slash at its end is not printed with two. */
static void test_slash(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;

	sandbox_write(s, "/t/b", "1");
	walk(s, &f, (const char *[]){ "/t/" }, 1);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.found[0], "/t/b");
	fixture_clear(&f);
}

/* Links are followed where they are given, and nowhere else: loops of links end. */
static void test_links(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;

	sandbox_write(s, "/t/b", "1");
	sandbox_write(s, "/other/c", "1");
	assert_int_equal(symlink("..", sandbox_path(s, "/t/up")), 0);
	assert_int_equal(symlink("loop", sandbox_path(s, "/t/loop")), 0);
	assert_int_equal(symlink("t", sandbox_path(s, "/given")), 0);
	assert_int_equal(symlink("other/c", sandbox_path(s, "/file")), 0);
	walk(s, &f, (const char *[]){ "/given", "/file" }, 2);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.found[0], "/file");
	assert_string_equal(f.found[1], "/given/b");
	assert_int_equal(f.left.count[LEFTOVER_LINK], 2);
	assert_int_equal(f.left.count[LEFTOVER_FAILED], 0);
	fixture_clear(&f);
}

/* A folder that is given twice, or by itself and with the one above it, is entered once. */
static void test_folder_twice(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;

	sandbox_write(s, "/t/a/b", "1");
	walk(s, &f, (const char *[]){ "/t", "/t/a", "/t" }, 3);
	assert_int_equal(f.n, 1);
	fixture_clear(&f);
}

/* What is no regular file is counted by its kind, and the first of a kind is named. */
static void test_other_kinds(void **state)
{
	struct sandbox *s = *state;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct fixture f;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	sandbox_write(s, "/t/b", "1");
	assert_int_equal(mkfifo(sandbox_path(s, "/t/fifo"), 0600), 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", sandbox_path(s, "/t/socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	walk(s, &f, (const char *[]){ "/t", "/t/fifo" }, 2);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.left.count[LEFTOVER_FIFO], 2);
	assert_int_equal(f.left.count[LEFTOVER_SOCKET], 1);
	assert_string_equal(f.left.first[LEFTOVER_FIFO], sandbox_path(s, "/t/fifo"));
	fixture_clear(&f);
}

/* /dev/null is a device; /proc and files in it lie on no disk. */
static void test_system(void **state)
{
	char *paths[] = { "/dev/null", "/proc", "/proc/version" };
	struct leftovers left;
	struct walk_file file;
	struct walk *w;

	(void)state;
	leftovers_init(&left);
	w = walk_new(paths, 3, &left);
	assert_int_equal(walk_next(w, &file), 0);
	assert_int_equal(left.count[LEFTOVER_DEVICE], 1);
	assert_int_equal(left.count[LEFTOVER_PSEUDO], 2);
	assert_int_equal(left.count[LEFTOVER_FAILED], 0);
	walk_free(w);
	leftovers_clear(&left);
}

/* A path that is not there is a failure, and the others are walked all the same. */
static void test_missing(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;

	sandbox_write(s, "/t/b", "1");
	walk(s, &f, (const char *[]){ "/none", "/t" }, 2);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.left.count[LEFTOVER_FAILED], 1);
	assert_int_equal(f.left.errors[0].err, -ENOENT);
	assert_string_equal(f.left.errors[0].path, sandbox_path(s, "/none"));
	fixture_clear(&f);
}

/* What has taken a file's place since its folder was listed is not followed, and not waited for. */
static void test_replaced(void **state)
{
	struct sandbox *s = *state;
	char *paths[] = { (char *)sandbox_path(s, "/t") };
	struct leftovers left;
	struct walk_file file;
	struct walk *w;
	int fd;

	sandbox_write(s, "/t/b", "1");
	leftovers_init(&left);
	w = walk_new(paths, 1, &left);
	assert_int_equal(walk_next(w, &file), 1);
	assert_int_equal(unlink(sandbox_path(s, "/t/b")), 0);
	assert_int_equal(walk_open_file(file.folder, file.name), -ENOENT);
	assert_int_equal(symlink("/etc/passwd", sandbox_path(s, "/t/b")), 0);
	assert_int_equal(walk_open_file(file.folder, file.name), -ELOOP);
	assert_int_equal(unlink(sandbox_path(s, "/t/b")), 0);
	assert_int_equal(mkfifo(sandbox_path(s, "/t/b"), 0600), 0);
	fd = walk_open_file(file.folder, file.name);
	assert_true(fd >= 0);
	close(fd);
	walk_free(w);
	leftovers_clear(&left);
}

/* A folder that has become a link since it was found is not entered. */
static void test_folder_replaced(void **state)
{
	struct sandbox *s = *state;
	char *paths[] = { strdup(sandbox_path(s, "/t")) };
	struct leftovers left;
	struct walk_file file;
	struct walk *w;

	sandbox_write(s, "/t/first", "1");
	sandbox_write(s, "/t/sub/second", "1");
	sandbox_write(s, "/other/third", "1");
	leftovers_init(&left);
	w = walk_new(paths, 1, &left);
	assert_int_equal(walk_next(w, &file), 1);
	assert_int_equal(rename(sandbox_path(s, "/t/sub"), sandbox_path(s, "/moved")), 0);
	assert_int_equal(symlink("../other", sandbox_path(s, "/t/sub")), 0);
	assert_int_equal(walk_next(w, &file), 0);
	assert_int_equal(left.count[LEFTOVER_VANISHED], 1);
	walk_free(w);
	leftovers_clear(&left);
	free(paths[0]);
}

/* A given path that has become a FIFO is not opened at all. */
static void test_given_replaced(void **state)
{
	struct sandbox *s = *state;

	assert_int_equal(mkfifo(sandbox_path(s, "/b"), 0600), 0);
	assert_int_equal(walk_open_file(NULL, sandbox_path(s, "/b")), -EINVAL);
}

/* Folders are closed behind the walk, those that are kept not before they are released. */
static void test_open_folders(void **state)
{
	struct sandbox *s = *state;
	struct walk_folder *kept = NULL;
	struct leftovers left;
	struct walk_file file;
	struct walk *w;
	char name[64], *paths[1];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "/t/%d/f", i);
		sandbox_write(s, name, "1");
	}
	paths[0] = strdup(sandbox_path(s, "/t"));
	leftovers_init(&left);
	w = walk_new(paths, 1, &left);
	while (walk_next(w, &file) == 1) {
		assert_true(walk_open_folders(w) <= 3);
		if (!kept) {
			kept = file.folder;
			walk_keep(kept);
		}
	}
	assert_int_equal(walk_open_folders(w), 2); /* it, and the one above it */
	walk_release(w, kept);
	assert_int_equal(walk_open_folders(w), 0);
	walk_free(w);
	leftovers_clear(&left);
	free(paths[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tree, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_slash, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_links, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_folder_twice, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_other_kinds, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_system),
		cmocka_unit_test_setup_teardown(test_missing, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_replaced, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_folder_replaced, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_given_replaced, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_open_folders, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
