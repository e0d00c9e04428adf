/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* rcu_expedited stands at 1 for the moment of a move, at no other time, and never for somebody else. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/expedite.h"
#include "act/journal.h"
#include "sandbox.h"

#define EXPEDITED "/sys/kernel/rcu_expedited"
#define NORMAL "/sys/kernel/rcu_normal"

struct agent {
	struct journal *journal;
	struct expedite *expedite;
};

static struct agent start(struct sandbox *s)
{
	struct agent agent = { 0 };

	assert_int_equal(journal_open_below(s->root, s->state, &agent.journal), 0);
	assert_int_equal(expedite_open(s->root, s->state, &agent.expedite), 0);
	return agent;
}

static void end(struct agent *agent)
{
	expedite_close(agent->expedite);
	journal_close(agent->journal);
}

static bool is_marked(struct sandbox *s)
{
	struct stat st;

	assert_int_equal(stat(sandbox_path(s, "/state/expedite.lock"), &st), 0);
	return st.st_size > 0;
}

/* Up at the beginning, down at the end, again and again; the lock's file says so in between, and no journal does. */
static void stands_at_1_in_between(void **state)
{
	char path[PATH_MAX];
	struct agent agent;
	int i;

	sandbox_write(*state, EXPEDITED, "0\n");
	sandbox_write(*state, NORMAL, "0\n");
	agent = start(*state);
	assert_int_equal(sandbox_journals(*state, "journal-", path), 0);
	for (i = 0; i < 3; i++) {
		expedite_begin(agent.expedite);
		sandbox_assert(*state, EXPEDITED, "1\n");
		assert_true(is_marked(*state));
		expedite_end(agent.expedite);
		sandbox_assert(*state, EXPEDITED, "0\n");
		assert_false(is_marked(*state));
	}
	assert_int_equal(sandbox_journals(*state, "journal-", path), 0);
	expedite_begin(agent.expedite);
	end(&agent);
	sandbox_assert(*state, EXPEDITED, "0\n");
}

/* Who set it to 1 wants it to stay so; where rcu_normal overrides it there is no use. */
static void others_are_respected(void **state)
{
	char path[PATH_MAX];
	struct agent agent;

	sandbox_write(*state, EXPEDITED, "1\n");
	sandbox_write(*state, NORMAL, "0\n");
	agent = start(*state);
	expedite_begin(agent.expedite);
	expedite_end(agent.expedite);
	sandbox_assert(*state, EXPEDITED, "1\n");
	sandbox_write(*state, EXPEDITED, "0\n");
	sandbox_write(*state, NORMAL, "1\n");
	expedite_begin(agent.expedite);
	sandbox_assert(*state, EXPEDITED, "0\n");
	expedite_end(agent.expedite);
	assert_int_equal(sandbox_journals(*state, "journal-", path), 0);
	end(&agent);
}

/* Of two agents, the second lets the first have its way, and does not take the 1 for the machine's own value. */
static void agents_take_turns(void **state)
{
	struct agent first, second;

	sandbox_write(*state, EXPEDITED, "0\n");
	first = start(*state);
	second = start(*state);
	expedite_begin(first.expedite);
	expedite_begin(second.expedite);
	expedite_end(second.expedite);
	sandbox_assert(*state, EXPEDITED, "1\n");
	expedite_end(first.expedite);
	sandbox_assert(*state, EXPEDITED, "0\n");
	expedite_begin(second.expedite);
	sandbox_assert(*state, EXPEDITED, "1\n");
	expedite_end(second.expedite);
	sandbox_assert(*state, EXPEDITED, "0\n");
	end(&first);
	end(&second);
}

/* While another agent has its turn, and does not give it back soon, this one goes without. */
static void waits_for_its_turn_only_so_long(void **state)
{
	struct agent agent;
	int fd;

	sandbox_write(*state, EXPEDITED, "0\n");
	agent = start(*state);
	fd = open(sandbox_path(*state, "/state/expedite.lock"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	expedite_begin(agent.expedite);
	sandbox_assert(*state, EXPEDITED, "0\n");
	expedite_end(agent.expedite);
	close(fd);
	expedite_begin(agent.expedite);
	sandbox_assert(*state, EXPEDITED, "1\n");
	end(&agent);
}

/* What somebody else wrote meanwhile stays. */
static void other_value_stays(void **state)
{
	struct agent agent;

	sandbox_write(*state, EXPEDITED, "0\n");
	agent = start(*state);
	expedite_begin(agent.expedite);
	sandbox_write(*state, EXPEDITED, "2\n");
	end(&agent);
	sandbox_assert(*state, EXPEDITED, "2\n");
}

static void kill_agent(struct agent *agent)
{
	pid_t child = fork();

	if (!child) {
		expedite_begin(agent->expedite);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Killed in between, it is put back by whoever recovers, and nothing is left of it. */
static void killed_agent_is_undone(void **state)
{
	struct sandbox *s = *state;
	struct agent agent;
	unsigned int live;

	sandbox_write(s, EXPEDITED, "0\n");
	agent = start(s);
	kill_agent(&agent);
	sandbox_assert(s, EXPEDITED, "1\n");
	expedite_begin(agent.expedite); /* somebody else's 1, as far as this one can tell */
	expedite_end(agent.expedite);
	sandbox_assert(s, EXPEDITED, "1\n");
	assert_int_equal(journal_recover_below(s->root, s->state, false, NULL, NULL, &live), 0);
	sandbox_assert(s, EXPEDITED, "0\n");
	assert_false(is_marked(s));
	sandbox_write(s, EXPEDITED, "1\n");
	assert_int_equal(journal_recover_below(s->root, s->state, false, NULL, NULL, &live), 0);
	sandbox_assert(s, EXPEDITED, "1\n");
	end(&agent);
}

/* A recovery leaves alone whose turn it is, and what was marked before this boot. */
static void recovery_minds_who_lives(void **state)
{
	struct sandbox *s = *state;
	struct agent agent;
	unsigned int live;

	sandbox_write(s, EXPEDITED, "0\n");
	agent = start(s);
	expedite_begin(agent.expedite);
	assert_int_equal(journal_recover_below(s->root, s->state, true, NULL, NULL, &live), 0);
	sandbox_assert(s, EXPEDITED, "1\n");
	expedite_end(agent.expedite);
	sandbox_assert(s, EXPEDITED, "0\n");
	sandbox_write(s, EXPEDITED, "1\n");
	sandbox_write(s, "/state/expedite.lock", "1-00000000");
	assert_int_equal(chmod(sandbox_path(s, "/state/expedite.lock"), 0600), 0);
	assert_int_equal(journal_recover_below(s->root, s->state, true, NULL, NULL, &live), 0);
	sandbox_assert(s, EXPEDITED, "1\n");
	assert_false(is_marked(s));
	end(&agent);
}

/* What an administrator sets between moves, or after the last, is no business of the agent's end, nor of a recovery. */
static void later_wishes_stay(void **state)
{
	struct sandbox *s = *state;
	struct agent agent;
	char path[PATH_MAX];
	unsigned int live;

	sandbox_write(s, EXPEDITED, "0\n");
	sandbox_write(s, NORMAL, "0\n");
	agent = start(s);
	assert_int_equal(journal_file(agent.journal, sandbox_path(s, NORMAL), "0", "1"), 0);
	expedite_begin(agent.expedite);
	expedite_end(agent.expedite);
	sandbox_write(s, EXPEDITED, "1\n");
	assert_int_equal(journal_undo(agent.journal, NULL, NULL), 0);
	sandbox_assert(s, EXPEDITED, "1\n");
	sandbox_write(s, EXPEDITED, "0\n");
	assert_int_equal(journal_file(agent.journal, sandbox_path(s, NORMAL), "0", "1"), 0);
	expedite_begin(agent.expedite);
	assert_int_equal(journal_keep(agent.journal), 0);
	expedite_end(agent.expedite);
	end(&agent);
	assert_int_equal(sandbox_journals(s, "kept-", path), 1);
	sandbox_write(s, EXPEDITED, "1\n");
	assert_int_equal(journal_recover_below(s->root, s->state, true, NULL, NULL, &live), 1);
	sandbox_assert(s, EXPEDITED, "1\n");
}

static char lock_path[PATH_MAX];
static bool is_full; /* the file system that the lock's file is on */

/* In the place of the C library's. */
ssize_t pwrite(int fd, const void *buffer, size_t n, off_t offset)
{
	struct stat st, lock = { 0 };

	if (is_full && !fstat(fd, &st) && !stat(lock_path, &lock) && st.st_ino == lock.st_ino) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, buffer, n, offset);
}

/* Without a mark there is no change: nobody would know of it. */
static void no_mark_no_change(void **state)
{
	struct sandbox *s = *state;
	struct agent agent;

	sandbox_write(s, EXPEDITED, "0\n");
	agent = start(s);
	snprintf(lock_path, sizeof(lock_path), "%s", sandbox_path(s, "/state/expedite.lock"));
	is_full = true;
	expedite_begin(agent.expedite);
	is_full = false;
	sandbox_assert(s, EXPEDITED, "0\n");
	end(&agent);
}

/* A kernel without the file, and a lock that is a link: moves just take longer. */
static void does_without(void **state)
{
	struct sandbox *s = *state;
	struct agent agent = start(s);

	expedite_begin(agent.expedite);
	expedite_end(agent.expedite);
	end(&agent);
	sandbox_write(s, EXPEDITED, "0\n");
	assert_int_equal(symlink("../victim", sandbox_path(s, "/state/expedite.lock")), 0);
	agent = start(s);
	expedite_begin(agent.expedite);
	sandbox_assert(s, EXPEDITED, "0\n");
	end(&agent);
	assert_int_equal(access(sandbox_path(s, "/victim"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_make, sandbox_remove)
		TEST(stands_at_1_in_between), TEST(others_are_respected),
		TEST(agents_take_turns),      TEST(waits_for_its_turn_only_so_long),
		TEST(other_value_stays),      TEST(killed_agent_is_undone),
		TEST(later_wishes_stay),      TEST(recovery_minds_who_lives),
		TEST(no_mark_no_change),      TEST(does_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
