/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Undoing what was done through systemd, which is a stand-in here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "act/journal_entry.h"
#include "act/systemd.h"
#include "sandbox.h"
#include "util/cleanup.h"

#define SERVICE "/cg/system.slice/web.service"
#define SCOPE "/cg/system.slice/accel-agent-1-0.scope"

static char property[SYSTEMD_TEXT]; /* CPUWeight of web.service */
static int read_err, write_err;
static unsigned int writes;
static struct sandbox *naps_in; /* systemd removes the scope while we wait */

int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	(void)ret;
	return -ENOSYS;
}

int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT])
{
	assert_string_equal(unit, "web.service");
	assert_string_equal(file, "cpu.weight");
	if (!read_err)
		strcpy(ret, property);
	return read_err;
}

int systemd_write(const char *unit, const char *file, const char *text)
{
	assert_string_equal(unit, "web.service");
	assert_string_equal(file, "cpu.weight");
	writes++;
	if (!write_err)
		strcpy(property, text);
	return write_err;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	(void)name, (void)slice, (void)pid, (void)tasks, (void)ret_group;
	return -ENOSYS;
}

/* In the place of the C library's: no time passes, but systemd does its work. */
int nanosleep(const struct timespec *length, struct timespec *rest)
{
	char path[PATH_MAX];

	(void)length, (void)rest;
	if (!naps_in)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", sandbox_path(naps_in, SCOPE));
	unlink(path);
	rmdir(sandbox_path(naps_in, SCOPE));
	return 0;
}

static int make(void **state)
{
	strcpy(property, "[not set]");
	read_err = write_err = 0;
	writes = 0;
	naps_in = NULL;
	return sandbox_make(state);
}

static struct journal *open_journal(struct sandbox *s)
{
	struct journal *journal;

	assert_int_equal(journal_open_below(s->root, s->state, &journal), 0);
	return journal;
}

static enum journal_outcome told;
static unsigned int tells;

static void tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found)
{
	(void)context, (void)err, (void)what, (void)old, (void)found;
	told = outcome;
	tells++;
}

/* A property is set for web.service: 100 where it is switched off, 4900 where it is on. */
static void set(struct sandbox *s, struct journal *journal)
{
	sandbox_group(s, SERVICE);
	assert_int_equal(journal_unit(journal, sandbox_path(s, SERVICE), "cpu.weight", "[not set]", "100"), 0);
	assert_int_equal(journal_unit(journal, sandbox_path(s, SERVICE), "cpu.weight", "[not set]", "4900"), 0);
	strcpy(property, "4900");
}

static void assert_undone(struct sandbox *s, struct journal *journal, enum journal_outcome outcome, int err)
{
	char path[PATH_MAX];

	tells = 0;
	assert_int_equal(journal_undo(journal, tell, NULL), err);
	assert_int_equal(tells, 1);
	assert_int_equal(told, outcome);
	assert_int_equal(sandbox_journals(s, "journal-", path), err ? 1 : 0);
	journal_close(journal);
}

/* "Not set" is put back as such: not as the value that it stands for. */
static void property_is_put_back(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	assert_undone(s, journal, JOURNAL_RESTORED, 0);
	assert_string_equal(property, "[not set]");
}

/* Whatever the switch was at when the agent was killed, it was ours. */
static void all_of_ours_are_put_back(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	strcpy(property, "100");
	assert_undone(s, journal, JOURNAL_RESTORED, 0);
	assert_string_equal(property, "[not set]");
}

/* The service has ended, or runs in another group by now: what is set for it is there nevertheless. */
static void property_outlives_the_group(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	assert_int_equal(rmdir(sandbox_path(s, SERVICE)), 0);
	assert_undone(s, journal, JOURNAL_RESTORED, 0);
	assert_string_equal(property, "[not set]");
}

/* Somebody else has set it since. */
static void foreign_property_is_left_alone(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	strcpy(property, "321");
	assert_undone(s, journal, JOURNAL_FOREIGN, 0);
	assert_int_equal(writes, 0);
}

/* A unit that is gone took its properties with it. */
static void unit_that_is_gone(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	read_err = -ENOENT;
	assert_undone(s, journal, JOURNAL_WAS_RESTORED, 0);
}

/* If systemd cannot be asked, or does not obey, the journal stays for the next time. */
static void property_stays_in_the_journal(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);
	unsigned int live;

	set(s, journal);
	read_err = -ENOSYS;
	assert_undone(s, journal, JOURNAL_FAILED, -ENOSYS);
	read_err = 0;
	write_err = -ETIMEDOUT;
	assert_int_equal(journal_recover_below(s->root, s->state, false, tell, NULL, &live), 0);
	assert_int_equal(told, JOURNAL_FAILED);
	write_err = 0;
	assert_int_equal(journal_recover_below(s->root, s->state, false, tell, NULL, &live), 1);
	assert_string_equal(property, "[not set]");
}

/* One property by the file that it stands for. */
static void one_property_is_undone(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);

	set(s, journal);
	assert_int_equal(journal_undo_value(journal, sandbox_path(s, SERVICE), "cpu.weight"), 0);
	assert_string_equal(property, "[not set]");
	strcpy(property, "321");
	assert_int_equal(journal_undo_value(journal, sandbox_path(s, SERVICE), "cpu.weight"), -EBUSY);
	assert_int_equal(journal_undo_value(journal, sandbox_path(s, SERVICE), "io.weight"), -ENOENT);
	journal_close(journal);
}

/* A scope of ours that has one process. */
static struct journal *scope(struct sandbox *s)
{
	struct journal *journal = open_journal(s);
	uint64_t home = sandbox_group(s, SERVICE);

	sandbox_write(s, SERVICE "/cgroup.procs", "");
	assert_int_equal(journal_scope(journal, sandbox_path(s, SCOPE), sandbox_path(s, SERVICE), home), 0);
	sandbox_group(s, SCOPE);
	sandbox_write(s, SCOPE "/cgroup.procs", "77\n");
	return journal;
}

/* Processes go home; that the scope goes then is systemd's work, for which we wait. */
static void scope_is_left_to_systemd(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = scope(s);

	naps_in = s;
	assert_int_equal(journal_undo_group(journal, sandbox_path(s, SCOPE)), 0);
	sandbox_assert(s, SERVICE "/cgroup.procs", "77\n");
	assert_undone(s, journal, JOURNAL_WAS_RESTORED, 0);
}

/* Nobody is moved up, out of what systemd can see: they stay where they are. */
static void scope_without_a_home_stays(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = scope(s);

	assert_int_equal(unlink(sandbox_path(s, SERVICE "/cgroup.procs")), 0);
	assert_int_equal(rmdir(sandbox_path(s, SERVICE)), 0);
	sandbox_write(s, "/cg/system.slice/cgroup.procs", "");
	sandbox_group(s, SCOPE "/own"); /* else we would wait for a while */
	assert_undone(s, journal, JOURNAL_FAILED, -EBUSY);
	sandbox_assert(s, "/cg/system.slice/cgroup.procs", "");
}

/* A scope is announced before it is there, and only by a name that is ours. */
static void scope_must_be_new_and_ours(void **state)
{
	struct sandbox *s = *state;
	struct journal *journal = open_journal(s);
	uint64_t home = sandbox_group(s, SERVICE);
	char from[PATH_MAX];

	strcpy(from, sandbox_path(s, SERVICE));
	sandbox_group(s, SCOPE);
	assert_int_equal(journal_scope(journal, sandbox_path(s, SCOPE), from, home), -EEXIST);
	assert_int_equal(journal_scope(journal, sandbox_path(s, "/cg/system.slice/session-1.scope"), from, home),
			 -EINVAL);
	assert_int_equal(journal_scope(journal, sandbox_path(s, "/cg/system.slice/accel-agent-1.slice"), from, home),
			 -EINVAL);
	assert_int_equal(journal_scope(journal, sandbox_path(s, "/cg/accel-agent-1-1.scope"), from, home + 1), -ESTALE);
	journal_close(journal);
}

/* The text of both is what other versions rely on. */
static void entries_have_this_text(void **state)
{
	const struct journal_entry unit = { .kind = JOURNAL_ENTRY_UNIT,
					    .path = "/sys/fs/cgroup/system.slice/web.service",
					    .name = "cpu.weight",
					    .old = "[not set]",
					    .ours = "4900",
					    .home = "" };
	const struct journal_entry made = { .kind = JOURNAL_ENTRY_SCOPE,
					    .id = 5,
					    .path = "/c/accel-agent-1-0.scope",
					    .name = "",
					    .old = "",
					    .ours = "",
					    .home = "/c/a.service" };
	cleanup_free char *line = NULL, *other = NULL;
	static const char unit_text[] = "unit 0 /sys/fs/cgroup/system.slice/web.service cpu.weight [not%20set] 4900 - ";
	static const char scope_text[] = "scope 5 /c/accel-agent-1-0.scope - - - /c/a.service ";
	struct journal_entry again;
	size_t len;

	(void)state;
	assert_int_equal(journal_entry_encode(&unit, &line, &len), 0);
	assert_memory_equal(line, unit_text, sizeof(unit_text) - 1);
	assert_int_equal(journal_entry_decode(line, len - 1, &again), 0);
	assert_int_equal(again.kind, JOURNAL_ENTRY_UNIT);
	assert_string_equal(again.old, "[not set]");
	assert_int_equal(journal_entry_encode(&made, &other, &len), 0);
	assert_memory_equal(other, scope_text, sizeof(scope_text) - 1);
	assert_int_equal(journal_entry_decode(other, len - 1, &again), 0);
	assert_int_equal(again.kind, JOURNAL_ENTRY_SCOPE);
	assert_string_equal(again.home, "/c/a.service");
}

/* A unit has a name that units have, and a property that stands for the file. */
static void entries_make_sense(void **state)
{
	struct journal_entry e = { .kind = JOURNAL_ENTRY_UNIT,
				   .path = "/c/web.service",
				   .name = "cpu.weight",
				   .old = "1",
				   .ours = "2",
				   .home = "" };
	cleanup_free char *line = NULL;
	size_t len;

	(void)state;
	e.name = "cpu.max";
	assert_int_equal(journal_entry_encode(&e, &line, &len), -EINVAL);
	e.name = "cpu.weight";
	e.path = "/c/docker";
	assert_int_equal(journal_entry_encode(&e, &line, &len), -EINVAL);
	e.path = "/c/web.service";
	e.home = "/c/a.service";
	assert_int_equal(journal_entry_encode(&e, &line, &len), -EINVAL);
	e.home = "";
	e.id = 7;
	assert_int_equal(journal_entry_encode(&e, &line, &len), -EINVAL);
	e.id = 0;
	assert_int_equal(journal_entry_encode(&e, &line, &len), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(property_is_put_back),        TEST(all_of_ours_are_put_back),
		TEST(property_outlives_the_group), TEST(foreign_property_is_left_alone),
		TEST(unit_that_is_gone),           TEST(property_stays_in_the_journal),
		TEST(one_property_is_undone),      TEST(scope_is_left_to_systemd),
		TEST(scope_without_a_home_stays),  TEST(scope_must_be_new_and_ours),
		TEST(entries_have_this_text),      TEST(entries_make_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
