/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Emptying a group of ours whose processes fork: in time that is counted, not spent. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "sandbox.h"

#define CPU "/sys/fs/cgroup/cpu"
#define HOME CPU "/app"
#define OURS CPU "/accel-agent-1-2"

static unsigned int busy; /* times that the group cannot be removed yet */
static unsigned int naps;
static long shortest_ns, longest_ns;

/* In the place of the C library's: a control group with files is removed like an empty one, once nobody is in it. */
int unlinkat(int dirfd, const char *name, int flags)
{
	if (!strcmp(name, strrchr(OURS, '/') + 1)) {
		if (busy) {
			busy--;
			errno = EBUSY;
			return -1;
		}
		int fd = openat(dirfd, name, O_PATH);

		syscall(SYS_unlinkat, fd, "cgroup.procs", 0);
		close(fd);
	}
	return (int)syscall(SYS_unlinkat, dirfd, name, flags);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	shortest_ns = !naps || time->tv_nsec < shortest_ns ? time->tv_nsec : shortest_ns;
	longest_ns = !naps || time->tv_nsec > longest_ns ? time->tv_nsec : longest_ns;
	naps++;
	return 0;
}

static void empty(struct sandbox *s, const char *procs, unsigned int times)
{
	struct journal *journal;
	uint64_t home = sandbox_group(s, HOME);

	sandbox_write(s, HOME "/cgroup.procs", "");
	assert_int_equal(journal_open_below(s->root, s->state, &journal), 0);
	assert_int_equal(journal_group(journal, sandbox_path(s, OURS), sandbox_path(s, HOME), home), 0);
	sandbox_write(s, OURS "/cgroup.procs", procs);
	busy = times;
	naps = 0;
	assert_int_equal(journal_undo(journal, NULL, NULL), 0);
	assert_int_equal(access(sandbox_path(s, OURS), F_OK), -1);
	journal_close(journal);
}

/* Between passes the processes come to run, also if each pass moves some: this may be the only CPU. */
static void naps_between_passes(void **state)
{
	empty(*state, "4711\n", 3);
	assert_int_equal(naps, 3);
	assert_true(longest_ns <= 1000000 && shortest_ns > 0);
	empty(*state, "", 2);
	assert_int_equal(naps, 2);
	assert_true(shortest_ns >= 2000000); /* they die: that takes its time */
	empty(*state, "4711\n", 0);
	assert_int_equal(naps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(naps_between_passes, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
