/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The program and folder of a run: of a process from /proc, and of a command as execvp would find it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/identity.h"
#include "sandbox.h"

static void program(struct sandbox *s, const char *below, const char *text, mode_t mode)
{
	sandbox_write(s, below, text);
	assert_int_equal(chmod(sandbox_path(s, below), mode), 0);
}

static void link_to(struct sandbox *s, const char *below, const char *target)
{
	assert_int_equal(symlink(target, sandbox_path(s, below)), 0);
}

static void assert_program(const char *command, const char *expected)
{
	struct identity identity;
	char cwd[PATH_MAX];

	assert_int_equal(identity_of_command(command, &identity), 0);
	assert_string_equal(identity.program, expected);
	assert_string_equal(identity.directory, getcwd(cwd, sizeof(cwd)));
	identity_clear(&identity);
	assert_null(identity.program);
}

/* A process that sees the mounts that mnt stands for; ours are "1". */
static void make_process(struct sandbox *s, int pid, const char *mnt)
{
	char path[64];

	sandbox_group(s, "/proc/self/ns");
	if (symlink("mnt:[1]", sandbox_path(s, "/proc/self/ns/mnt")))
		assert_int_equal(errno, EEXIST);
	snprintf(path, sizeof(path), "/proc/%d/ns", pid);
	sandbox_group(s, path);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	link_to(s, path, mnt);
}

/* Whoever sees other mounts, or is somebody else, may name what it likes: it is not believed. */
static void test_stranger(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;

	make_process(s, 7, "mnt:[2]");
	link_to(s, "/proc/7/exe", "/usr/bin/cc");
	link_to(s, "/proc/7/cwd", "/");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -EPERM);
	if (geteuid())
		return; /* the rest takes a change of owner */
	make_process(s, 8, "mnt:[1]");
	link_to(s, "/proc/8/exe", "/usr/bin/cc");
	link_to(s, "/proc/8/cwd", "/");
	assert_int_equal(identity_of_process(s->root, 8, &identity), 0);
	identity_clear(&identity);
	assert_int_equal(chown(sandbox_path(s, "/proc/8"), 65534, 65534), 0);
	assert_int_equal(identity_of_process(s->root, 8, &identity), -EPERM);
}

/* A process: where its links lead. */
static void test_process(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;

	make_process(s, 7, "mnt:[1]");
	link_to(s, "/proc/7/exe", "/usr/bin/cc");
	link_to(s, "/proc/7/cwd", "/home/a b");
	assert_int_equal(identity_of_process(s->root, 7, &identity), 0);
	assert_string_equal(identity.program, "/usr/bin/cc");
	assert_string_equal(identity.directory, "/home/a b");
	identity_clear(&identity);
	assert_int_equal(identity_of_process(s->root, 8, &identity), -ENOENT);
}

/* What was deleted, or lies in no folder that we see, is no identity. */
static void test_deleted(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;

	make_process(s, 7, "mnt:[1]");
	link_to(s, "/proc/7/exe", "/usr/bin/cc (deleted)");
	link_to(s, "/proc/7/cwd", "/");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -ENOENT);
	make_process(s, 9, "mnt:[1]");
	link_to(s, "/proc/9/exe", "/usr/bin/cc");
	link_to(s, "/proc/9/cwd", "(unreachable)/x");
	assert_int_equal(identity_of_process(s->root, 9, &identity), -ENOENT);
}

/* A name is looked for along PATH; what is no program, or may not run, is passed by. */
static void test_path(void **state)
{
	struct sandbox *s = *state;
	char path[3 * PATH_MAX], *before = strdup(getenv("PATH"));

	sandbox_write(s, "/a/cc/folder", "");
	program(s, "/b/cc", "x", 0644);
	program(s, "/c/real", "x", 0755);
	link_to(s, "/c/cc", "real");
	sprintf(path, "%s/a:%s/b:%s/c", s->root, s->root, s->root);
	setenv("PATH", path, 1);
	assert_program("cc", sandbox_path(s, "/c/real"));
	assert_int_equal(identity_of_command("none", &(struct identity){ 0 }), -ENOENT);
	assert_int_equal(identity_of_command(sandbox_path(s, "/b/cc"), &(struct identity){ 0 }), -ENOENT);
	setenv("PATH", before, 1);
	free(before);
}

/* An empty entry of PATH is the working directory. */
static void test_here(void **state)
{
	struct sandbox *s = *state;
	char *before = strdup(getenv("PATH")), here[PATH_MAX];

	assert_non_null(getcwd(here, sizeof(here)));
	program(s, "/here", "x", 0755);
	assert_int_equal(chdir(s->root), 0);
	setenv("PATH", "/nowhere::/none", 1);
	assert_program("here", sandbox_path(s, "/here"));
	assert_program("./here", sandbox_path(s, "/here"));
	setenv("PATH", before, 1);
	assert_int_equal(chdir(here), 0);
	free(before);
}

/* Of a script, the interpreter runs, and of a script whose interpreter is a script, that one's. */
static void test_script(void **state)
{
	struct sandbox *s = *state;
	char text[PATH_MAX + 16];

	program(s, "/shell", "ELF", 0755);
	sprintf(text, "#! %s -e\nexit\n", sandbox_path(s, "/shell"));
	program(s, "/script", text, 0755);
	sprintf(text, "#!%s\n", sandbox_path(s, "/script"));
	program(s, "/outer", text, 0755);
	program(s, "/strange", "#!\n", 0755);
	assert_program(sandbox_path(s, "/script"), sandbox_path(s, "/shell"));
	assert_program(sandbox_path(s, "/outer"), sandbox_path(s, "/shell"));
	assert_program(sandbox_path(s, "/strange"), sandbox_path(s, "/strange"));
}

/* A script that is its own interpreter ends somewhere. */
static void test_loop(void **state)
{
	struct sandbox *s = *state;
	char text[PATH_MAX + 16];

	sprintf(text, "#!%s\n", sandbox_path(s, "/loop"));
	program(s, "/loop", text, 0755);
	assert_program(sandbox_path(s, "/loop"), sandbox_path(s, "/loop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_process, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_stranger, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_deleted, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_path, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_here, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_script, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_loop, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
