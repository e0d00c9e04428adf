/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes from procfs: hostile names, missing parts, and the real thing. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/machine.h"
#include "sys/process.h"
#include "util/cleanup.h"

#define MACHINE "tests/fixtures/machine"

static void assert_command_line(pid_t pid, size_t size, const char *expected)
{
	cleanup_free struct sys_process *process = malloc(sizeof(*process));
	cleanup_free char *text = malloc(size);

	assert_int_equal(sys_process_read(MACHINE, pid, process), 0);
	sys_process_command_line(process, text, size);
	assert_string_equal(text, expected);
}

/* An ordinary process, whole. */
static void process_is_read(void **state)
{
	struct sys_process process;

	(void)state;
	assert_int_equal(sys_process_read(MACHINE, 500, &process), 0);
	assert_int_equal(process.stat.pid, 500);
	assert_int_equal(process.stat.parent, 499);
	assert_int_equal(process.stat.state, 'S');
	assert_int_equal(process.stat.threads, 3);
	assert_int_equal(process.stat.start_ticks, 123456);
	assert_false(process.stat.kernel_thread);
	assert_string_equal(process.stat.comm, "make");
	assert_string_equal(process.exe, "make");
	assert_int_equal(process.argv_len, 23);
	assert_memory_equal(process.argv, "make\0-j4\0CFLAGS=-O2 -g\0", 24);
	assert_command_line(500, 64, "make -j4 CFLAGS=-O2 -g");
}

/* A name with parentheses, blanks and a newline; a program that was deleted; a title that does not end. */
static void hostile_process_is_read(void **state)
{
	struct sys_process process;

	(void)state;
	assert_int_equal(sys_process_read(MACHINE, 501, &process), 0);
	assert_string_equal(process.stat.comm, "a) R 1 (b\n c");
	assert_int_equal(process.stat.state, 'D');
	assert_int_equal(process.stat.parent, 500);
	assert_string_equal(process.exe, "prog");
	assert_int_equal(process.argv[process.argv_len - 1], 0);
	assert_command_line(501, 64, "\\x1b[2Jtitle without end");
}

/* Kernel threads and zombies have no arguments: the name stands in brackets. */
static void processes_without_arguments(void **state)
{
	struct sys_process process;

	(void)state;
	assert_int_equal(sys_process_read(MACHINE, 2, &process), 0);
	assert_true(process.stat.kernel_thread);
	assert_string_equal(process.exe, "");
	assert_int_equal(process.argv_len, 0);
	assert_command_line(2, 64, "[kthreadd]");
	assert_command_line(502, 64, "[gone]");
}

/* Arguments past the bound are cut, and it shows; the text never outgrows its buffer. */
static void long_arguments_are_cut(void **state)
{
	struct sys_process process;
	char text[SYS_ARGV_MAX + 8];

	(void)state;
	assert_int_equal(sys_process_read(MACHINE, 504, &process), 0);
	assert_true(process.argv_cut);
	assert_int_equal(process.argv_len, SYS_ARGV_MAX);
	assert_int_equal(process.argv[SYS_ARGV_MAX - 1], 0);
	sys_process_command_line(&process, text, sizeof(text));
	assert_int_equal(strlen(text), SYS_ARGV_MAX - 1 + 3);
	assert_string_equal(text + strlen(text) - 4, "1...");
	assert_command_line(504, 32, "sh 0123456789012345678901234...");
	assert_command_line(500, 32, "make -j4 CFLAGS=-O2 -g");
}

/* Missing and truncated processes are errors; the result stays as it was. */
static void broken_processes_are_errors(void **state)
{
	struct sys_process process = { .argv_len = 7 };
	uint64_t ticks = 7;

	(void)state;
	assert_int_equal(sys_process_read(MACHINE, 9999, &process), -ENOENT);
	assert_int_equal(sys_process_read(MACHINE, 503, &process), -EINVAL);
	assert_int_equal(sys_process_start_time(MACHINE, 503, &ticks), -EINVAL);
	assert_int_equal(process.argv_len, 7);
	assert_int_equal(ticks, 7);
}

/* The start time tells two processes with one pid apart. It is read from the thread (/proc/501/stat has another). */
static void start_time_is_read(void **state)
{
	uint64_t ticks;

	(void)state;
	assert_int_equal(sys_process_start_time(MACHINE, 501, &ticks), 0);
	assert_int_equal(ticks, 10);
}

/* The list has the processes and nothing else of /proc. */
static void list_has_all_pids(void **state)
{
	cleanup_free pid_t *pids = NULL;
	size_t count, i, sum = 0;

	(void)state;
	assert_int_equal(sys_process_list(MACHINE, &pids, &count), 0);
	assert_int_equal(count, 6);
	for (i = 0; i < count; i++)
		sum += (size_t)pids[i];
	assert_int_equal(sum, 2 + 500 + 501 + 502 + 503 + 504);
	assert_int_equal(sys_process_list("/nonexistent", &pids, &count), -ENOENT);
}

/* One, but for those that an emulator has beside the test's own. */
static unsigned int count_threads(void)
{
	struct dirent *entry;
	unsigned int count = 0;
	DIR *dir = opendir("/proc/self/task");

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* This one or its emulator, in the kernel's own words: an emulator answers in its stead for other names of the link. */
static const char *running_program(void)
{
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/thread-self/exe", path, sizeof(path) - 1);

	assert_true(length > 0);
	path[length] = '\0';
	return strrchr(path, '/') + 1;
}

/* The running kernel's own format, read for this very process. */
static void live_process_is_read(void **state)
{
	struct sys_process process;

	(void)state;
	assert_int_equal(sys_process_read("", getpid(), &process), 0);
	assert_int_equal(process.stat.pid, getpid());
	assert_int_equal(process.stat.parent, getppid());
	assert_int_equal(process.stat.state, 'R');
	assert_int_equal(process.stat.threads, count_threads());
	assert_string_equal(process.exe, running_program());
}

/* Texts that end early or say something else are refused, byte by byte. */
static void stat_text_is_not_trusted(void **state)
{
	static const char good[] =
		"7 (x) S 1 6 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 63";
	static const char ending[] =
		"7 (x) Z 1 -1 -1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 63";
	static const char *const bad[] = { "", ")(", "7 )x( S", "(x) S 1", "7(x) S 1", "-7 (x) S 1", "7 (x" };
	struct sys_process_stat stat;
	size_t i;

	(void)state;
	assert_int_equal(sys_process_stat_parse(good, strlen(good), &stat), 0);
	assert_int_equal(stat.start_ticks, 55);
	assert_int_equal(stat.cpu, 63);
	assert_int_equal(stat.group, 6);
	assert_int_equal(sys_process_stat_parse(ending, strlen(ending), &stat), 0);
	assert_int_equal(stat.group, 0);
	for (i = 0; i < strlen(good) - 2; i++)
		assert_int_equal(sys_process_stat_parse(good, i, &stat), -EINVAL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sys_process_stat_parse(bad[i], strlen(bad[i]), &stat), -EINVAL);
}

/* The pid that a descriptor stands for, as long as its process is there. */
static void pid_of_descriptor_is_read(void **state)
{
	pid_t child = fork(), pid = 0;
	int pidfd, own;

	(void)state;
	if (!child) {
		pause();
		_exit(0);
	}
	own = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	assert_true(child > 0 && own >= 0 && pidfd >= 0);
	assert_int_equal(sys_process_of("", own, &pid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(sys_process_of("", pidfd, &pid), 0);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(sys_process_of("", pidfd, &pid), -ESRCH);
	close(pidfd);
	assert_int_equal(sys_process_of("", pidfd, &pid), -ENOENT);
	assert_int_equal(sys_process_of("", STDIN_FILENO, &pid), -EINVAL);
	assert_int_equal(pid, child);
	close(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_is_read),
		cmocka_unit_test(hostile_process_is_read),
		cmocka_unit_test(processes_without_arguments),
		cmocka_unit_test(long_arguments_are_cut),
		cmocka_unit_test(broken_processes_are_errors),
		cmocka_unit_test(start_time_is_read),
		cmocka_unit_test(list_has_all_pids),
		cmocka_unit_test(live_process_is_read),
		cmocka_unit_test(stat_text_is_not_trusted),
		cmocka_unit_test(pid_of_descriptor_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
