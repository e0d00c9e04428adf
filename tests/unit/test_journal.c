/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The journal of a process: what is written before a change, and what undoing does with it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "sandbox.h"

#define CPU "/sys/fs/cgroup/cpu"
#define APP CPU "/app"
#define SHARES APP "/cpu.shares"
#define OURS CPU "/accel-agent-1-2"

/* What tell heard: one letter for each outcome, and the last call. */
struct told {
	char outcomes[16];
	int err;
	char what[PATH_MAX], old[64], found[64];
};

static void tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found)
{
	struct told *told = context;

	told->outcomes[strlen(told->outcomes)] = "RWFX"[outcome];
	told->err = err;
	snprintf(told->what, sizeof(told->what), "%s", what);
	snprintf(told->old, sizeof(told->old), "%s", old);
	snprintf(told->found, sizeof(told->found), "%s", found);
}

static struct journal *open_journal(struct sandbox *s)
{
	struct journal *journal = NULL;

	assert_int_equal(journal_open_below(s->root, s->state, &journal), 0);
	return journal;
}

/* An app with cpu.shares at 100, which a journal says becomes 200. */
static struct journal *start(struct sandbox *s)
{
	struct journal *journal = open_journal(s);
	uint64_t id = sandbox_group(s, APP);

	sandbox_write(s, SHARES, "100\n");
	assert_int_equal(journal_value(journal, sandbox_path(s, APP), id, "cpu.shares", "100", "200"), 0);
	return journal;
}

/* Undoes, expecting err and these outcomes, and closes. Returns what was told. */
static struct told finish(struct journal *journal, int err, const char *outcomes)
{
	struct told told = { 0 };

	assert_int_equal(journal_undo(journal, tell, &told), err);
	assert_string_equal(told.outcomes, outcomes);
	journal_close(journal);
	return told;
}

/* A value of ours becomes the old one again; the journal is gone then. */
static void value_is_put_back(void **state)
{
	struct journal *journal = start(*state);
	char path[PATH_MAX];
	struct told told;

	sandbox_write(*state, SHARES, "200\n");
	told = finish(journal, 0, "R");
	sandbox_assert(*state, SHARES, "100\n");
	assert_string_equal(told.what, sandbox_path(*state, SHARES));
	assert_string_equal(told.old, "100");
	assert_string_equal(told.found, "200");
	assert_int_equal(sandbox_journals(*state, "", path), 0);
}

/* Whatever the order of our values, the one before the first of them comes back. */
static void first_old_value_wins(void **state)
{
	struct journal *journal = start(*state);
	uint64_t id = sandbox_group(*state, APP);

	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.shares", "200", "300"), 0);
	sandbox_write(*state, SHARES, "300\n");
	finish(journal, 0, "R");
	sandbox_assert(*state, SHARES, "100\n");
	journal = start(*state);
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.shares", "200", "300"), 0);
	sandbox_write(*state, SHARES, "200\n");
	finish(journal, 0, "R");
	sandbox_assert(*state, SHARES, "100\n");
}

/* Somebody else's value stays, and that is no failure. */
static void foreign_value_is_left_alone(void **state)
{
	struct journal *journal = start(*state);
	struct told told;

	sandbox_write(*state, SHARES, "2000\n");
	told = finish(journal, 0, "F");
	sandbox_assert(*state, SHARES, "2000\n");
	assert_string_equal(told.found, "2000");
}

/* Killed between entry and change, or after the undo: there is nothing to do. */
static void old_value_is_left_alone(void **state)
{
	finish(start(*state), 0, "W");
	sandbox_assert(*state, SHARES, "100\n");
}

/* Another group of that name, and one that is gone, are not ours. */
static void other_group_is_left_alone(void **state)
{
	struct journal *journal = start(*state);

	assert_int_equal(rename(sandbox_path(*state, APP), sandbox_path(*state, CPU "/away")), 0);
	sandbox_write(*state, SHARES, "200\n");
	finish(journal, 0, "F");
	sandbox_assert(*state, SHARES, "200\n");
	journal = start(*state);
	assert_int_equal(rename(sandbox_path(*state, APP), sandbox_path(*state, CPU "/away2")), 0);
	finish(journal, 0, "W");
}

/* A link that was put in the way later is not followed; the journal stays for the next time. */
static void links_are_not_followed(void **state)
{
	struct journal *journal = start(*state);
	char path[PATH_MAX];
	struct told told;

	sandbox_write(*state, SHARES, "200\n");
	assert_int_equal(rename(sandbox_path(*state, APP), sandbox_path(*state, CPU "/away")), 0);
	assert_int_equal(symlink("away", sandbox_path(*state, APP)), 0);
	told = finish(journal, -ENOTDIR, "X");
	assert_int_equal(told.err, -ENOTDIR);
	sandbox_assert(*state, CPU "/away/cpu.shares", "200\n");
	assert_int_equal(sandbox_journals(*state, "journal-", path), 1);
}

/* A value that is a link is not followed either. */
static void linked_files_are_not_followed(void **state)
{
	struct journal *journal = start(*state);

	assert_int_equal(unlink(sandbox_path(*state, SHARES)), 0);
	sandbox_write(*state, "/victim", "200\n");
	assert_int_equal(symlink("../../../../../victim", sandbox_path(*state, SHARES)), 0);
	finish(journal, -ELOOP, "X");
	sandbox_assert(*state, "/victim", "200\n");
}

/* What could not be undone must not be changed, so it is refused before. */
static void what_cannot_be_undone_is_refused(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = start(s), *strict;
	uint64_t id = sandbox_group(s, APP);

	assert_int_equal(journal_value(journal, sandbox_path(s, APP), id + 1, "x", "1", "2"), -ESTALE);
	assert_int_equal(journal_value(journal, sandbox_path(s, CPU "/none"), id, "x", "1", "2"), -ENOENT);
	assert_int_equal(journal_value(journal, sandbox_path(s, CPU "/../cpu/app"), id, "x", "1", "2"), -EINVAL);
	assert_int_equal(journal_value(journal, "/sys", id, "x", "1", "2"), -EXDEV);
	assert_int_equal(symlink("app", sandbox_path(s, CPU "/link")), 0);
	assert_int_equal(journal_value(journal, sandbox_path(s, CPU "/link"), id, "x", "1", "2"), -ENOTDIR);
	sandbox_write(s, "/etc/passwd", "0\n");
	assert_int_equal(journal_file(journal, sandbox_path(s, "/etc/passwd"), "0", "1"), -EXDEV);
	assert_int_equal(mkfifo(sandbox_path(s, "/sys/pipe"), 0600), 0);
	assert_int_equal(journal_file(journal, sandbox_path(s, "/sys/pipe"), "0", "1"), -EINVAL);
	assert_int_equal(journal_group(journal, sandbox_path(s, APP), "", 0), -EINVAL);
	sandbox_group(s, OURS);
	assert_int_equal(journal_group(journal, sandbox_path(s, OURS), sandbox_path(s, APP), id), -EEXIST);
	/* on the running system, a group is on cgroupfs and nowhere else */
	assert_int_equal(journal_open(s->state, &strict), 0);
	assert_int_equal(journal_value(strict, sandbox_path(s, APP), id, "cpu.shares", "100", "200"), -EXDEV);
	journal_close(strict);
	finish(journal, 0, "W");
}

/*
 * The last change is the first to be undone; a file outside of cgroups, and an empty old value, are as good as others.
 */
static void last_entry_first(void **state)
{
	struct journal *journal = start(*state);
	uint64_t id = sandbox_group(*state, APP);
	struct told told;

	sandbox_write(*state, "/sys/kernel/rcu_expedited", "1\n");
	assert_int_equal(journal_file(journal, sandbox_path(*state, "/sys/kernel/rcu_expedited"), "0", "1"), 0);
	sandbox_write(*state, APP "/cpuset.cpus", "0-3\n");
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpuset.cpus", "", "0-3"), 0);
	told = finish(journal, 0, "RRW");
	sandbox_assert(*state, APP "/cpuset.cpus", "\n-3\n"); /* a plain file keeps what comes behind the newline */
	sandbox_assert(*state, "/sys/kernel/rcu_expedited", "0\n");
	assert_string_equal(told.what, sandbox_path(*state, SHARES));
}

/* One value is undone alone, as often as one likes; it says what became of it. */
static void one_value_is_undone(void **state)
{
	struct journal *journal = start(*state);

	assert_int_equal(journal_undo_value(journal, sandbox_path(*state, APP), "cpu.idle"), -ENOENT);
	sandbox_write(*state, SHARES, "200\n");
	assert_int_equal(journal_undo_value(journal, sandbox_path(*state, APP), "cpu.shares"), 0);
	sandbox_assert(*state, SHARES, "100\n");
	assert_int_equal(journal_undo_value(journal, sandbox_path(*state, APP), "cpu.shares"), 0);
	sandbox_write(*state, SHARES, "7\n");
	assert_int_equal(journal_undo_value(journal, sandbox_path(*state, APP), "cpu.shares"), -EBUSY);
	finish(journal, 0, "F");
}

/* An entry that says nothing new costs no write. */
static void known_entries_are_not_repeated(void **state)
{
	struct journal *journal = start(*state);
	uint64_t id = sandbox_group(*state, APP);
	struct stat before, after;
	char path[PATH_MAX];

	assert_int_equal(sandbox_journals(*state, "journal-", path), 1);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.shares", "100", "200"), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.shares", "100", "300"), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size > before.st_size);
	finish(journal, 0, "W");
}

/* A journal that somebody removed protects nothing: no more changes. */
static void removed_journal_is_an_error(void **state)
{
	struct journal *journal = start(*state);
	uint64_t id = sandbox_group(*state, APP);
	char path[PATH_MAX];

	assert_int_equal(sandbox_journals(*state, "journal-", path), 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_value(journal, sandbox_path(*state, APP), id, "cpu.idle", "0", "1"), -ESTALE);
	finish(journal, 0, "W");
}

/* The state is for its owner only, and made only where nobody else can reach it. */
static void state_is_private(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = start(s), *refused = NULL;
	char path[PATH_MAX];
	struct stat st;

	assert_int_equal(stat(s->state, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(sandbox_journals(s, "journal-", path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	finish(journal, 0, "W");
	assert_int_equal(chmod(s->state, 0770), 0);
	assert_int_equal(journal_open(s->state, &refused), -EPERM);
	assert_int_equal(chmod(s->state, 0700), 0);
	assert_int_equal(symlink("state", sandbox_path(s, "/link")), 0);
	assert_int_equal(journal_open(sandbox_path(s, "/link"), &refused), -ENOTDIR);
	assert_int_equal(journal_open(sandbox_path(s, "/link/state"), &refused), -ENOTDIR);
	assert_int_equal(chmod(s->root, 0777), 0);
	assert_int_equal(journal_open(s->state, &refused), -EPERM);
	assert_int_equal(chmod(s->root, 01777), 0);
	assert_int_equal(journal_open(s->state, &refused), 0);
	journal_close(refused);
}

/* A group of ours that is empty is removed; one that was never made, or is gone, is no problem. */
static void group_is_removed(void **state)
{
	struct journal *journal = open_journal(*state);
	uint64_t home = sandbox_group(*state, APP);

	sandbox_write(*state, APP "/cgroup.procs", "");
	assert_int_equal(journal_group(journal, sandbox_path(*state, OURS), sandbox_path(*state, APP), home), 0);
	assert_int_equal(journal_undo_group(journal, sandbox_path(*state, OURS)), 0);
	sandbox_group(*state, OURS);
	assert_int_equal(journal_undo_group(journal, sandbox_path(*state, APP)), -ENOENT);
	assert_int_equal(journal_undo_group(journal, sandbox_path(*state, OURS)), 0);
	assert_int_equal(access(sandbox_path(*state, OURS), F_OK), -1);
	sandbox_group(*state, OURS);
	finish(journal, 0, "R");
	assert_int_equal(access(sandbox_path(*state, OURS), F_OK), -1);
}

/*
 * Processes go home, but not those that have no name here (0 would be this process); without a home, to the group
 * above. (What plain folders cannot do is lose them, and so be removed.)
 */
static void processes_go_home(void **state)
{
	struct journal *journal = open_journal(*state);
	uint64_t home = sandbox_group(*state, APP);

	sandbox_write(*state, APP "/cgroup.procs", "");
	sandbox_write(*state, CPU "/cgroup.procs", "");
	assert_int_equal(journal_group(journal, sandbox_path(*state, OURS), sandbox_path(*state, APP), home), 0);
	sandbox_write(*state, OURS "/cgroup.procs", "4711\n0\n4712\n");
	assert_int_equal(journal_undo_group(journal, sandbox_path(*state, OURS)), -ENOTEMPTY);
	sandbox_assert(*state, APP "/cgroup.procs", "4711\n4712\n");
	assert_int_equal(rename(sandbox_path(*state, APP), sandbox_path(*state, CPU "/away")), 0);
	sandbox_write(*state, APP "/cgroup.procs", ""); /* another one of that name */
	finish(journal, -ENOTEMPTY, "X");
	sandbox_assert(*state, APP "/cgroup.procs", "");
	sandbox_assert(*state, CPU "/cgroup.procs", "4711\n4712\n");
}

/* A controller is disabled again, if it is still enabled. */
static void controller_is_disabled(void **state)
{
	struct journal *journal = open_journal(*state);
	uint64_t id = sandbox_group(*state, APP);
	struct told told;

	sandbox_write(*state, APP "/cgroup.subtree_control", "cpuset memory\n");
	assert_int_equal(journal_controller(journal, sandbox_path(*state, APP), id, "memory"), 0);
	assert_int_equal(journal_controller(journal, sandbox_path(*state, APP), id, "cpu"), 0);
	told = finish(journal, 0, "WR"); /* cpuset is not cpu */
	sandbox_assert(*state, APP "/cgroup.subtree_control", "-memorymemory\n");
	assert_string_equal(told.what, sandbox_path(*state, APP "/cgroup.subtree_control"));
	assert_string_equal(told.old, "-memory");
	assert_string_equal(told.found, "+memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_make, sandbox_remove)
		TEST(value_is_put_back),
		TEST(first_old_value_wins),
		TEST(foreign_value_is_left_alone),
		TEST(old_value_is_left_alone),
		TEST(other_group_is_left_alone),
		TEST(links_are_not_followed),
		TEST(linked_files_are_not_followed),
		TEST(what_cannot_be_undone_is_refused),
		TEST(last_entry_first),
		TEST(one_value_is_undone),
		TEST(known_entries_are_not_repeated),
		TEST(removed_journal_is_an_error),
		TEST(state_is_private),
		TEST(group_is_removed),
		TEST(processes_go_home),
		TEST(controller_is_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
