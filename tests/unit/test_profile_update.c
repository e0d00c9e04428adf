/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Several who change the same profile: nobody's change is lost, and nobody is waited for who is dead. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "profile/profile_store.h"
#include "profile/profile_update.h"
#include "profile/sequence.h"
#include "sandbox.h"
#include "util/log.h"

#define WRITERS 4
#define TIMES 50

static const struct profile_key key = { .command = "make", .program = "/usr/bin/make", .directory = "/src" };

static struct profile empty(void)
{
	return (struct profile){ .key = key, .text = "" };
}

static int count(void *context, const struct profile *last, struct profile *ret)
{
	(void)context;
	*ret = last ? *last : empty();
	ret->map = NULL;
	ret->history.runs++;
	return 0;
}

static int leave(void *context, const struct profile *last, struct profile *ret)
{
	(void)ret;
	*(bool *)context = last != NULL;
	return PROFILE_UNCHANGED;
}

static int refuse(void *context, const struct profile *last, struct profile *ret)
{
	(void)context;
	(void)last;
	(void)ret;
	return -ENOMEM;
}

static uint32_t runs(const char *folder)
{
	struct profile p;
	uint32_t n;

	assert_int_equal(profile_open(folder, profile_id(&key), &p), 0);
	n = p.history.runs;
	profile_close(&p);
	return n;
}

static int update(const char *folder)
{
	int fd, err = profile_update(folder, profile_id(&key), count, NULL, &fd);

	return err ? err : profile_sync(fd);
}

static void assert_children_succeed(int n)
{
	int status;

	while (n--) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

/* Each of many that count in the same profile finds what the others wrote. */
static void writers_take_turns(void **state)
{
	struct sandbox *s = *state;
	int i, n;

	for (i = 0; i < WRITERS; i++) {
		if (fork())
			continue;
		for (n = 0; n < TIMES; n++)
			if (update(s->state))
				_exit(1);
		_exit(0);
	}
	assert_children_succeed(WRITERS);
	assert_int_equal(runs(s->state), WRITERS * TIMES);
}

/* What learns which command follows which takes nothing back that a run adds meanwhile. */
static void sequences_take_turns(void **state)
{
	struct profile other = { .key = { .command = "configure", .program = "/bin/sh", .directory = "/src" },
				 .text = "" };
	struct sandbox *s = *state;
	char folder[sizeof(s->state) + 16];
	int i;

	assert_int_equal(mkdir(s->state, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/profiles", s->state);
	assert_int_equal(update(folder), 0);
	if (!fork()) {
		for (i = 0; i < TIMES; i++) {
			other.key.program = i % 2 ? "/bin/sh" : "/bin/dash"; /* never sure which: learnt each time */
			sequence_ended(s->state, folder, profile_id(&key), "/src", 0, sequence_now_ns());
			sequence_ended(s->state, folder, profile_id(&other.key), "/src", sequence_now_ns(),
				       sequence_now_ns());
		}
		_exit(0);
	}
	for (i = 0; i < TIMES; i++)
		assert_int_equal(update(folder), 0);
	assert_children_succeed(1);
	assert_int_equal(runs(folder), TIMES + 1);
}

/* A profile that was forgotten is not brought back by who had read it before. */
static void forgotten_stays_forgotten(void **state)
{
	struct sandbox *s = *state;
	bool found = true;
	int fd;

	assert_int_equal(update(s->state), 0);
	assert_int_equal(profile_store_forget(s->state, profile_id(&key)), 0);
	assert_int_equal(update(s->state), 0);
	assert_int_equal(runs(s->state), 1);
	assert_int_equal(profile_store_forget(s->state, profile_id(&key)), 0);
	assert_int_equal(profile_update(s->state, profile_id(&key), leave, &found, &fd), PROFILE_UNCHANGED);
	assert_false(found);
}

/* The lock of one who was killed is free. */
static void killed_holder(void **state)
{
	struct sandbox *s = *state;
	int ready[2], dir, status;
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (!profile_store_lock(s->state, &dir) && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(update(s->state), 0);
	close(ready[0]);
	close(ready[1]);
}

/* One who does not give the lock back is waited for in vain, but not for ever; the profile is as it was. */
static void held_lock(void **state)
{
	struct sandbox *s = *state;
	int dir, fd = 5;

	assert_int_equal(update(s->state), 0);
	assert_int_equal(profile_store_lock(s->state, &dir), 0);
	assert_int_equal(profile_update(s->state, profile_id(&key), count, NULL, &fd), -EWOULDBLOCK);
	assert_int_equal(fd, -1);
	close(dir);
	assert_int_equal(runs(s->state), 1);
}

/* A change that fails, or changes nothing, writes nothing. */
static void no_change(void **state)
{
	struct sandbox *s = *state;
	bool found = false;
	int fd;

	assert_int_equal(update(s->state), 0);
	assert_int_equal(profile_update(s->state, profile_id(&key), leave, &found, &fd), PROFILE_UNCHANGED);
	assert_true(found);
	assert_int_equal(fd, -1);
	assert_int_equal(profile_update(s->state, profile_id(&key), refuse, NULL, &fd), -ENOMEM);
	assert_int_equal(runs(s->state), 1);
}

/* A damaged one is set aside, under the lock that is held already, and made anew. */
static void damaged(void **state)
{
	struct sandbox *s = *state;
	char name[PROFILE_NAME_MAX], below[64];

	assert_int_equal(update(s->state), 0);
	profile_store_name(profile_id(&key), name);
	snprintf(below, sizeof(below), "/state/%s", name);
	sandbox_write(s, below, "nonsense");
	assert_int_equal(update(s->state), 0);
	assert_int_equal(runs(s->state), 1);
	snprintf(below, sizeof(below), "/state/%s.bad", name);
	sandbox_assert(s, below, "nonsense");
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(writers_take_turns),
		IN_SANDBOX(sequences_take_turns),
		IN_SANDBOX(forgotten_stays_forgotten),
		IN_SANDBOX(killed_holder),
		IN_SANDBOX(held_lock),
		IN_SANDBOX(no_change),
		IN_SANDBOX(damaged),
	};

	log_set_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
