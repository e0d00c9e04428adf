/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder of profiles: what it lists, forgets, and throws out to make room. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "sandbox.h"
#include "util/log.h"

static struct profile named(const char *command)
{
	return (struct profile){ .key = { .command = command, .program = "", .directory = "" } };
}

static const char *path_of(struct sandbox *s, const struct profile *p, const char *suffix)
{
	char name[PROFILE_NAME_MAX], below[64];

	profile_store_name(profile_id(&p->key), name);
	snprintf(below, sizeof(below), "/state/%s%s", name, suffix);
	return sandbox_path(s, below);
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* Makes a bad one of it, which is set aside. */
static void set_one_aside(struct sandbox *s, const struct profile *p)
{
	struct profile read;
	int dir, fd;

	assert_int_equal(profile_store_lock(s->state, &dir), 0);
	fd = open(path_of(s, p, ""), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "bad", 3), 3);
	close(fd);
	assert_int_equal(profile_open_locked(s->state, dir, profile_id(&p->key), &read), -EBADMSG);
	close(dir);
	assert_false(exists(path_of(s, p, "")));
	assert_true(exists(path_of(s, p, ".bad")));
}

static void set_time(struct sandbox *s, const struct profile *p, time_t seconds)
{
	const struct timespec times[] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path_of(s, p, ""), times, 0), 0);
}

/* Ids of what is there, and of nothing else. */
static void ids_are_listed(void **state)
{
	const char *const commands[] = { "make", "ninja", "ctest" };
	struct sandbox *s = *state;
	uint64_t *ids;
	size_t n, i, k;

	assert_int_equal(profile_store_ids(s->state, &ids, &n), 0);
	assert_int_equal(n, 0);
	free(ids);
	for (i = 0; i < 3; i++) {
		struct profile p = named(commands[i]);

		assert_int_equal(profile_write(s->state, &p), 0);
	}
	sandbox_write(s, "/state/0123456789abcdef.profile.bad", "");
	sandbox_write(s, "/state/0123456789ABCDEF.profile", "");
	sandbox_write(s, "/state/123.profile", "");
	sandbox_write(s, "/state/0123456789abcdef.profile.new", "");
	assert_int_equal(profile_store_ids(s->state, &ids, &n), 0);
	assert_int_equal(n, 3);
	for (i = 0; i < 3; i++) {
		struct profile p = named(commands[i]);

		for (k = 0; k < n && ids[k] != profile_id(&p.key); k++)
			;
		assert_true(k < n);
	}
	free(ids);
}

/* What is forgotten is gone, with what was set aside of it; the others stay. */
static void forget(void **state)
{
	struct profile one = named("one"), other = named("other"), read;
	struct sandbox *s = *state;

	assert_int_equal(profile_store_forget(s->state, profile_id(&one.key)), -ENOENT);
	set_one_aside(s, &one);
	assert_int_equal(profile_write(s->state, &other), 0);
	assert_int_equal(profile_write(s->state, &one), 0);
	assert_int_equal(profile_store_forget(s->state, profile_id(&one.key)), 0);
	assert_false(exists(path_of(s, &one, "")));
	assert_false(exists(path_of(s, &one, ".bad")));
	assert_int_equal(profile_store_forget(s->state, profile_id(&one.key)), -ENOENT);
	assert_int_equal(profile_open(s->state, profile_id(&other.key), &read), 0);
	profile_close(&read);
}

/* All of them, whatever is wrong with them, and nothing else. */
static void forget_all(void **state)
{
	struct profile one = named("one");
	struct sandbox *s = *state;
	struct stat st;
	uint64_t *ids;
	size_t n;

	assert_int_equal(profile_store_forget_all(s->state, &ids, &n), 0);
	assert_int_equal(n, 0);
	free(ids);
	set_one_aside(s, &one);
	assert_int_equal(profile_write(s->state, &one), 0);
	sandbox_write(s, "/state/0000000000000001.profile", "bad");
	sandbox_write(s, "/state/0000000000000000.profile.bad", "bad");
	sandbox_write(s, "/state/other", "not ours");
	assert_int_equal(profile_store_aside(s->state, &ids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], profile_id(&one.key));
	free(ids);
	assert_int_equal(profile_store_forget_all(s->state, &ids, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(ids[1], 1);
	assert_int_equal(ids[2], profile_id(&one.key));
	free(ids);
	assert_false(exists(path_of(s, &one, "")));
	assert_false(exists(path_of(s, &one, ".bad")));
	assert_false(exists(sandbox_path(s, "/state/0000000000000001.profile")));
	assert_int_equal(stat(sandbox_path(s, "/state/other"), &st), 0);
}

static bool is_there(struct sandbox *s, const struct profile *p)
{
	struct profile read;

	if (profile_open(s->state, profile_id(&p->key), &read))
		return false;
	profile_close(&read);
	return true;
}

/* Of too many, or too large ones, those go that were written longest ago; never the one that was just written. */
static void oldest_go(void **state)
{
	struct profile p[] = { named("a"), named("b"), named("c"), named("d") };
	struct sandbox *s = *state;
	struct stat st;
	int dir;
	size_t i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(profile_write(s->state, &p[i]), 0);
		set_time(s, &p[i], 1000000 + (time_t)i);
	}
	sandbox_write(s, "/state/other", "not ours");
	dir = open(s->state, O_RDONLY | O_DIRECTORY);
	profile_store_prune(dir, profile_id(&p[0].key), 3, UINT64_MAX);
	assert_true(is_there(s, &p[0]));
	assert_false(is_there(s, &p[1]));
	assert_true(is_there(s, &p[2]));
	assert_true(is_there(s, &p[3]));
	assert_int_equal(stat(sandbox_path(s, "/state/other"), &st), 0);
	profile_store_prune(dir, profile_id(&p[3].key), 3, 2 * (sizeof(struct profile_header) + 4));
	assert_true(is_there(s, &p[3]));
	assert_true(is_there(s, &p[2]));
	assert_false(is_there(s, &p[0]));
	profile_store_prune(dir, profile_id(&p[3].key), 3, 1);
	assert_true(is_there(s, &p[3]));
	assert_false(is_there(s, &p[2]));
	close(dir);
}

/* Who has many pushes out none of who has few, however old those are; before them goes what is of no use to anybody. */
static void each_user_has_room(void **state)
{
	struct profile p[] = { named("a"), named("b"), named("c"), named("d"), named("e") };
	struct sandbox *s = *state;
	struct stat st;
	size_t i;
	int dir;

	p[0].key.uid = 1000;
	p[1].key.uid = 1001;
	for (i = 0; i < 5; i++) {
		assert_int_equal(profile_write(s->state, &p[i]), 0);
		set_time(s, &p[i], 1000000 + (time_t)i);
	}
	sandbox_write(s, "/state/0123456789abcdef.profile.bad", "");
	sandbox_write(s, "/state/0123456789abcdef.profile", "");
	dir = open(s->state, O_RDONLY | O_DIRECTORY);
	profile_store_prune(dir, profile_id(&p[4].key), 4, UINT64_MAX);
	assert_int_equal(stat(sandbox_path(s, "/state/0123456789abcdef.profile.bad"), &st), -1);
	assert_int_equal(stat(sandbox_path(s, "/state/0123456789abcdef.profile"), &st), -1);
	assert_true(is_there(s, &p[0]) && is_there(s, &p[1]) && is_there(s, &p[3]) && is_there(s, &p[4]));
	assert_false(is_there(s, &p[2]));
	profile_store_prune(dir, profile_id(&p[4].key), 3, UINT64_MAX);
	assert_true(is_there(s, &p[0]) && is_there(s, &p[1]) && is_there(s, &p[4]));
	profile_store_prune(dir, profile_id(&p[4].key), 2, UINT64_MAX);
	assert_true(is_there(s, &p[4]));
	assert_int_equal(is_there(s, &p[0]) + is_there(s, &p[1]), 1);
	profile_store_prune(dir, profile_id(&p[4].key), 0, UINT64_MAX);
	assert_true(is_there(s, &p[4]));
	assert_false(is_there(s, &p[0]) || is_there(s, &p[1]));
	close(dir);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(ids_are_listed),     IN_SANDBOX(forget), IN_SANDBOX(forget_all), IN_SANDBOX(oldest_go),
		IN_SANDBOX(each_user_has_room),
	};

	log_set_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
