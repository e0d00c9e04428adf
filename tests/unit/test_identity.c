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
#include "sys/mounts.h"

static void program(struct sandbox *s, const char *below, const char *text, mode_t mode)
{
	sandbox_write(s, below, text);
	assert_int_equal(chmod(sandbox_path(s, below), mode), 0);
}

static void link_to(struct sandbox *s, const char *below, const char *target)
{
	assert_int_equal(symlink(target, sandbox_path(s, below)), 0);
}

static int of_command(const char *command, struct identity *ret)
{
	char *argv[] = { (char *)command, NULL };

	return identity_of_command(argv, ret);
}

static void assert_program(const char *command, const char *expected)
{
	struct identity identity;
	char cwd[PATH_MAX];

	assert_int_equal(of_command(command, &identity), 0);
	assert_string_equal(identity.program, expected);
	assert_string_equal(identity.directory, getcwd(cwd, sizeof(cwd)));
	identity_clear(&identity);
	assert_null(identity.program);
}

#define STATUS(uid) "Name:\tcc\nUid:\t" uid "\nGid:\t100\t100\t100\t100\nGroups:\t100 4 \nCapEff:\t0000000000000000\n"
#define USER STATUS("1000\t1000\t1000\t1000")

static void replace_link(struct sandbox *s, const char *below, const char *target)
{
	unlink(sandbox_path(s, below));
	link_to(s, below, target);
}

/* Process 7, which sees the mounts that mnt stands for and runs exe in cwd; our own mounts are "mnt:[1]". */
static void make_process(struct sandbox *s, const char *mnt, const char *exe, const char *cwd)
{
	char program[PATH_MAX], directory[PATH_MAX]; /* sandbox_path() may be what they are from */

	snprintf(program, sizeof(program), "%s", exe);
	snprintf(directory, sizeof(directory), "%s", cwd);
	sandbox_group(s, "/proc/self/ns");
	sandbox_group(s, "/proc/7/ns");
	replace_link(s, "/proc/self/ns/mnt", "mnt:[1]");
	replace_link(s, "/proc/self/ns/user", "user:[1]");
	replace_link(s, "/proc/7/ns/mnt", mnt);
	replace_link(s, "/proc/7/ns/user", "user:[1]");
	replace_link(s, "/proc/7/exe", program);
	replace_link(s, "/proc/7/cwd", directory);
	sandbox_write(s, "/proc/7/status", USER);
}

/* A process of any user: where its links lead, and whose rights it has. */
static void test_process(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;
	struct profile_key key;

	make_process(s, "mnt:[1]", "/bin/sh", "/home/a b");
	assert_int_equal(identity_of_process(s->root, 7, &identity), 0);
	assert_string_equal(identity.program, "/bin/sh");
	assert_string_equal(identity.directory, "/home/a b");
	assert_int_equal(identity.view.credentials.uid, 1000);
	assert_int_equal(identity.view.credentials.gid, 100);
	assert_int_equal(identity.view.credentials.ngroups, 2);
	assert_int_equal(identity.view.root, 0);
	key = identity_key(&identity, "cc");
	assert_string_equal(key.command, "cc");
	assert_int_equal(key.uid, 1000);
	assert_int_equal(key.flags, 0);
	identity_clear(&identity);
	assert_int_equal(identity_of_process(s->root, 8, &identity), -ENOENT);
}

/* One that is on its way from one user to another, like what a setuid program runs as, has rights that are nobody's. */
static void test_mixed(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;

	make_process(s, "mnt:[1]", "/bin/sh", "/");
	sandbox_write(s, "/proc/7/status", STATUS("1000\t0\t0\t0"));
	assert_int_equal(identity_of_process(s->root, 7, &identity), -EPERM);
	sandbox_write(s, "/proc/7/status", "Name:\tcc\n");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -EINVAL);
}

/* With other mounts: its paths are those below its own root, and its files are found there. */
static void test_elsewhere(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;
	char image[PATH_MAX], cwd[PATH_MAX + 8];
	struct sys_mounts mounts;
	int fd;

	sandbox_need_openat2();
	program(s, "/image/bin/cc", "x", 0755);
	sandbox_group(s, "/image/src");
	snprintf(image, sizeof(image), "%s", sandbox_path(s, "/image"));
	snprintf(cwd, sizeof(cwd), "%s/src", image);
	make_process(s, "mnt:[2]", sandbox_path(s, "/image/bin/cc"), cwd);
	link_to(s, "/proc/7/root", image);
	sandbox_write(s, "/proc/7/mountinfo", "1 1 8:1 / / rw - ext4 x rw\n");
	assert_int_equal(identity_of_process(s->root, 7, &identity), 0);
	assert_string_equal(identity.program, "/bin/cc");
	assert_string_equal(identity.directory, "/src");
	assert_int_equal(identity_key(&identity, "cc").flags, PROFILE_KEY_CONTAINER);
	fd = sys_view_find(identity.view.root, "/bin/cc", false);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sys_view_mounts(&identity.view, &mounts), 0);
	assert_int_equal(mounts.count, 1);
	sys_mounts_free(&mounts);
	identity_clear(&identity);

	/* a folder that it cannot see */
	replace_link(s, "/proc/7/cwd", "/elsewhere");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -ENOENT);
}

/* Its links lead nowhere but below its root, and where there may be none, none is followed. */
static void test_links_inside(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;
	int fd;

	sandbox_need_openat2();
	program(s, "/secret", "x", 0600);
	program(s, "/image/cc", "x", 0755);
	link_to(s, "/image/absolute", sandbox_path(s, "/secret"));
	link_to(s, "/image/relative", "../secret");
	link_to(s, "/image/folder", "..");
	make_process(s, "mnt:[2]", sandbox_path(s, "/image/cc"), sandbox_path(s, "/image"));
	link_to(s, "/proc/7/root", sandbox_path(s, "/image"));
	sandbox_write(s, "/proc/7/mountinfo", "");
	assert_int_equal(identity_of_process(s->root, 7, &identity), 0);
	assert_int_equal(sys_view_find(identity.view.root, "/folder/secret", true), -ENOENT);
	assert_int_equal(sys_view_find(identity.view.root, "/../secret", true), -ENOENT);
	assert_int_equal(sys_view_find(identity.view.root, "/absolute/x", true), -ENOENT);
	fd = sys_view_find(identity.view.root, "/folder/cc", true);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sys_view_find(identity.view.root, "/folder/cc", false), -ELOOP);
	identity_clear(&identity);
}

/* What was deleted, or lies in no folder that we see, is no identity. */
static void test_deleted(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;

	make_process(s, "mnt:[1]", "/bin/sh (deleted)", "/");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -ENOENT);
	make_process(s, "mnt:[1]", "/bin/sh", "(unreachable)/x");
	assert_int_equal(identity_of_process(s->root, 7, &identity), -ENOENT);
}

/* This process, by its real links. */
static void test_self(void **state)
{
	struct identity identity;
	uint64_t size;
	int64_t mtime_ns;
	struct stat st;

	(void)state;
	assert_int_equal(identity_of_process("", getpid(), &identity), 0);
	assert_int_equal(identity.view.credentials.uid, getuid());
	assert_int_equal(identity.view.credentials.gid, getgid());
	assert_true(identity.view.own_users);
	assert_int_equal(stat(identity.program, &st), 0);
	assert_int_equal(sys_view_program(&identity.view, &size, &mtime_ns), 0);
	assert_int_equal(size, st.st_size);
	assert_int_equal(mtime_ns, st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec);
	identity_clear(&identity);
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
	assert_int_equal(of_command("none", &(struct identity){ 0 }), -ENOENT);
	assert_int_equal(of_command(sandbox_path(s, "/b/cc"), &(struct identity){ 0 }), -ENOENT);
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

/* The same run has the same key, started as a command and found as a process: of an interpreter's, by its script. */
static void test_script_is_the_command(void **state)
{
	static const char cmdline[] = "python3\0-u\0../x/a.py\0b";
	struct sandbox *s = *state;
	struct identity identity;
	char python[PATH_MAX];
	FILE *file;

	snprintf(python, sizeof(python), "%s", sandbox_path(s, "/python3"));
	program(s, "/python3", "ELF", 0755);
	assert_int_equal(identity_of_command((char *[]){ python, "-u", "../x/a.py", "b", NULL }, &identity), 0);
	assert_string_equal(identity_key(&identity, "python3").command, "a.py");
	identity_clear(&identity);
	assert_int_equal(identity_of_command((char *[]){ python, "-c", "print()", NULL }, &identity), 0);
	assert_string_equal(identity_key(&identity, "python3").command, "python3");
	identity_clear(&identity);

	make_process(s, "mnt:[1]", python, "/");
	file = fopen(sandbox_path(s, "/proc/7/cmdline"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(cmdline, sizeof(cmdline), 1, file), 1);
	fclose(file);
	assert_int_equal(identity_of_process(s->root, 7, &identity), 0);
	assert_string_equal(identity_key(&identity, "python3").command, "a.py");
	assert_string_equal(identity_key(&identity, "a.py").command, "a.py");
	identity_clear(&identity);
}

/* A "#!" file is known by its own name, whatever its interpreter is told; unless it stands for an interpreter. */
static void test_script_itself(void **state)
{
	struct sandbox *s = *state;
	struct identity identity;
	char text[PATH_MAX + 16], script[PATH_MAX];

	program(s, "/python3", "ELF", 0755);
	sprintf(text, "#!%s\n", sandbox_path(s, "/python3"));
	program(s, "/build", text, 0755);
	snprintf(script, sizeof(script), "%s", sandbox_path(s, "/build"));
	assert_int_equal(identity_of_command((char *[]){ script, "other.py", NULL }, &identity), 0);
	assert_string_equal(identity_key(&identity, "build").command, "build");
	identity_clear(&identity);
	snprintf(script, sizeof(script), "%s", sandbox_path(s, "/ruby"));
	program(s, "/ruby", text, 0755);
	assert_int_equal(identity_of_command((char *[]){ script, "other.rb", NULL }, &identity), 0);
	assert_string_equal(identity_key(&identity, "ruby").command, "other.rb");
	identity_clear(&identity);
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
		cmocka_unit_test_setup_teardown(test_mixed, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_elsewhere, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_links_inside, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_self),
		cmocka_unit_test_setup_teardown(test_deleted, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_path, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_here, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_script, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_script_is_the_command, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_script_itself, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_loop, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
