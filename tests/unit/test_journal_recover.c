/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Undoing what agents that were killed left behind: closing a journal without undoing it is what a kill leaves. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "sandbox.h"

#define APP "/sys/fs/cgroup/cpu/app"
#define SHARES APP "/cpu.shares"
#define IDLE APP "/cpu.idle"

static struct journal *start(struct sandbox *s, const char *file, const char *old, const char *ours)
{
	struct journal *journal = NULL;
	uint64_t id = sandbox_group(s, APP);

	assert_int_equal(journal_open_below(s->root, s->state, &journal), 0);
	assert_int_equal(journal_value(journal, sandbox_path(s, APP), id, file, old, ours), 0);
	return journal;
}

/* Two changes of one agent that was killed: cpu.shares 100 to 200, cpu.idle 0 to 1. The journal's path is in ret. */
static void killed_with_two(struct sandbox *s, char ret[PATH_MAX])
{
	struct journal *journal = start(s, "cpu.shares", "100", "200");
	uint64_t id = sandbox_group(s, APP);

	sandbox_write(s, SHARES, "200\n");
	assert_int_equal(journal_value(journal, sandbox_path(s, APP), id, "cpu.idle", "0", "1"), 0);
	sandbox_write(s, IDLE, "1\n");
	journal_close(journal);
	assert_int_equal(sandbox_journals(s, "journal-", ret), 1);
}

struct told {
	char outcomes[16]; /* one letter each */
	int err; /* the last one */
};

static void tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found)
{
	struct told *told = context;

	(void)what;
	(void)old;
	(void)found;
	told->outcomes[strlen(told->outcomes)] = "RWFX"[outcome];
	told->err = err ? err : told->err;
}

/* Recovers, expecting so many undone journals, these outcomes and so many agents that live. Returns the last error. */
static int recover(struct sandbox *s, bool kept, int undone, const char *outcomes, unsigned int live)
{
	struct told told = { 0 };
	unsigned int found = 77;

	assert_int_equal(journal_recover_below(s->root, s->state, kept, tell, &told, &found), undone);
	assert_string_equal(told.outcomes, outcomes);
	assert_int_equal(found, live);
	return told.err;
}

/* Where no agent ever ran there is nothing to do, and nothing is made. */
static void no_folder_is_no_error(void **state)
{
	struct sandbox *s = *state;

	recover(s, true, 0, "", 0);
	assert_int_equal(access(s->state, F_OK), -1);
}

/* All is as it was, and a second recovery finds nothing. */
static void killed_agent_is_undone(void **state)
{
	char path[PATH_MAX];

	killed_with_two(*state, path);
	recover(*state, false, 1, "RR", 0);
	sandbox_assert(*state, SHARES, "100\n");
	sandbox_assert(*state, IDLE, "0\n");
	assert_int_equal(sandbox_journals(*state, "", path), 0);
	recover(*state, false, 0, "", 0);
}

/* A recovery that was killed half-way is finished by the next. */
static void half_done_recovery_is_finished(void **state)
{
	char path[PATH_MAX];

	killed_with_two(*state, path);
	sandbox_write(*state, IDLE, "0\n");
	recover(*state, false, 1, "WR", 0);
	sandbox_assert(*state, SHARES, "100\n");
}

/* Who changed a value last is undone first: so the value of before all of them comes back. */
static void newest_journal_comes_first(void **state)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		char old[16], ours[16];

		snprintf(old, sizeof(old), "%u", 100 + i);
		snprintf(ours, sizeof(ours), "%u", 101 + i);
		journal_close(start(*state, "cpu.shares", old, ours));
	}
	sandbox_write(*state, SHARES, "105\n");
	recover(*state, false, 5, "RRRRR", 0);
	sandbox_assert(*state, SHARES, "100\n");
}

/* What an agent that runs has changed is its own. */
static void living_agent_is_left_alone(void **state)
{
	struct journal *journal = start(*state, "cpu.shares", "100", "200");

	sandbox_write(*state, SHARES, "200\n");
	recover(*state, true, 0, "", 1);
	sandbox_assert(*state, SHARES, "200\n");
	journal_close(journal);
	recover(*state, false, 1, "R", 0);
	sandbox_assert(*state, SHARES, "100\n");
}

/* Whether the one journal there is has the claim of its owner, which any descriptor that is closed gives back. */
static bool is_claimed(struct sandbox *s)
{
	struct flock claim = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	pid_t child;
	int status;

	assert_int_equal(sandbox_journals(s, "journal-", path), 1);
	child = fork();
	if (!child)
		_exit(fcntl(open(path, O_RDWR | O_CLOEXEC), F_GETLK, &claim) || claim.l_type == F_UNLCK);
	return waitpid(child, &status, 0) == child && !status;
}

/* What another one left is undone by an agent that runs, whose own journal stays its own, also once it has a file. */
static void others_are_undone_around_ours(void **state)
{
	struct sandbox *s = *state;
	struct told told = { 0 };
	struct journal *own = NULL;
	char path[PATH_MAX];

	killed_with_two(s, path);
	assert_int_equal(journal_open_below(s->root, s->state, &own), 0);
	assert_int_equal(journal_recover_others(own, s->state, tell, &told), 0);
	assert_string_equal(told.outcomes, "RR");
	sandbox_assert(s, SHARES, "100\n");

	journal_close(own);
	own = start(s, "cpu.shares", "100", "300");
	sandbox_write(s, SHARES, "300\n");
	assert_int_equal(journal_recover_others(own, s->state, tell, &told), 0);
	assert_string_equal(told.outcomes, "RR");
	sandbox_assert(s, SHARES, "300\n");
	assert_true(is_claimed(s));
	journal_close(own);
}

/* A child that inherited the lock, and only comes to die after a while, is not taken for the agent. */
static void inherited_lock_is_no_agent(void **state)
{
	const struct timespec nap = { .tv_nsec = 200000000 };
	pid_t agent = fork();

	if (!agent) {
		start(*state, "cpu.shares", "100", "200");
		if (!fork())
			nanosleep(&nap, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	sandbox_write(*state, SHARES, "200\n");
	recover(*state, false, 1, "R", 0);
	sandbox_assert(*state, SHARES, "100\n");
}

/* What was meant to stay stays, until somebody asks for it. */
static void kept_journal_waits(void **state)
{
	struct journal *journal = start(*state, "cpu.shares", "100", "200");
	uint64_t id = sandbox_group(*state, APP);

	sandbox_write(*state, SHARES, "200\n");
	assert_int_equal(journal_keep(journal), 0);
	/* what comes after that is another journal, which is not kept */
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.idle", "0", "1"), 0);
	sandbox_write(*state, IDLE, "1\n");
	journal_close(journal);
	recover(*state, false, 1, "R", 0);
	sandbox_assert(*state, SHARES, "200\n");
	sandbox_assert(*state, IDLE, "0\n");
	recover(*state, true, 1, "R", 0);
	sandbox_assert(*state, SHARES, "100\n");
}

/* The last entry is cut off: it was never acted upon. The one before it counts. */
static void torn_entry_is_ignored(void **state)
{
	struct stat st;
	char path[PATH_MAX];

	killed_with_two(*state, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 3), 0);
	recover(*state, false, 1, "R", 0);
	sandbox_assert(*state, SHARES, "100\n");
	sandbox_assert(*state, IDLE, "1\n");
	/* killed before even the first line was whole */
	killed_with_two(*state, path);
	assert_int_equal(truncate(path, 5), 0);
	recover(*state, false, 1, "", 0);
}

/* A damaged entry is left out alone and named; the journal is out of the way then, for people to look at. */
static void damaged_entry_is_left_out(void **state)
{
	char path[PATH_MAX];
	int fd;

	killed_with_two(*state, path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "w", 1, strlen("accel-agent-journal/1\n") + 3), 1);
	close(fd);
	assert_int_equal(recover(*state, false, 0, "RX", 0), -EBADMSG);
	sandbox_assert(*state, SHARES, "200\n");
	sandbox_assert(*state, IDLE, "0\n");
	assert_int_equal(sandbox_journals(*state, "aside-journal-", path), 1);
	recover(*state, true, 0, "", 0);
}

/* What is no journal of ours is named and set aside, without being opened through a link or acted upon. */
static void strangers_are_set_aside(void **state)
{
	struct sandbox *s = *state;
	char path[PATH_MAX], real[PATH_MAX];

	killed_with_two(s, real);
	assert_int_equal(rename(real, sandbox_path(s, "/elsewhere")), 0);
	assert_int_equal(symlink("../elsewhere", sandbox_path(s, "/state/journal-1")), 0);
	sandbox_write(s, "/state/journal-2", "hello\n");
	sandbox_write(s, "/state/journal-3/file", "");
	assert_int_equal(mkfifo(sandbox_path(s, "/state/journal-4"), 0600), 0);
	/* a journal, but one that others may write */
	sandbox_write(s, "/state/journal-5", "accel-agent-journal/1\n");
	assert_int_equal(chmod(sandbox_path(s, "/state/journal-5"), 0620), 0);
	recover(s, false, 0, "XXXXX", 0);
	sandbox_assert(s, SHARES, "200\n");
	assert_int_equal(sandbox_journals(s, "aside-", path), 5);
	recover(s, false, 0, "", 0);
}

/* What fails is tried again the next time, and so is what another version wrote. */
static void failures_stay(void **state)
{
	struct sandbox *s = *state;
	char path[PATH_MAX];

	killed_with_two(s, path);
	assert_int_equal(rename(sandbox_path(s, SHARES), sandbox_path(s, "/elsewhere")), 0);
	sandbox_group(s, SHARES);
	assert_int_equal(recover(s, false, 0, "RX", 0), -EISDIR);
	assert_int_equal(rmdir(sandbox_path(s, SHARES)), 0);
	assert_int_equal(rename(sandbox_path(s, "/elsewhere"), sandbox_path(s, SHARES)), 0);
	recover(s, false, 1, "WR", 0);
	sandbox_assert(s, SHARES, "100\n");
	sandbox_write(s, "/state/journal-9", "accel-agent-journal/9\n");
	assert_int_equal(recover(s, false, 0, "X", 0), -EPROTONOSUPPORT);
	assert_int_equal(recover(s, false, 0, "X", 0), -EPROTONOSUPPORT);
}

/* A folder that others may write could hold anything: nothing in it is believed. */
static void open_folder_is_refused(void **state)
{
	struct sandbox *s = *state;
	char path[PATH_MAX];
	unsigned int live;

	killed_with_two(s, path);
	assert_int_equal(chmod(s->state, 0702), 0);
	assert_int_equal(journal_recover_below(s->root, s->state, false, NULL, NULL, &live), -EPERM);
	sandbox_assert(s, SHARES, "200\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_make, sandbox_remove)
		TEST(no_folder_is_no_error),          TEST(killed_agent_is_undone),
		TEST(half_done_recovery_is_finished), TEST(newest_journal_comes_first),
		TEST(living_agent_is_left_alone),     TEST(others_are_undone_around_ours),
		TEST(inherited_lock_is_no_agent),     TEST(kept_journal_waits),
		TEST(torn_entry_is_ignored),          TEST(damaged_entry_is_left_out),
		TEST(strangers_are_set_aside),        TEST(failures_stay),
		TEST(open_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
