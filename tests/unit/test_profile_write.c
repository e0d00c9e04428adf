/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a loss of power finds: a profile has its name only once the disk has it. fsync() here is the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "profile/profile_update.h"
#include "sandbox.h"

static const struct profile_key key = { .command = "make", .program = "/usr/bin/make", .directory = "/src" };

/* What fsync() met with, and what it does. */
static struct {
	const char *folder;
	int fail_with; /* 0: it succeeds */
	unsigned int files, folders; /* how often for which */
	uint32_t runs; /* of the profile that had the name when the file was forced to the disk; 0: there was none */
	off_t size; /* of that file */
} sync_seen;

static struct profile of_run(uint32_t runs)
{
	return (struct profile){ .key = key, .text = "", .history.runs = runs };
}

/* 0: there is none. */
static uint32_t runs_on_disk(const char *folder)
{
	struct profile p;
	uint32_t runs;

	if (profile_open(folder, profile_id(&key), &p))
		return 0;
	runs = p.history.runs;
	profile_close(&p);
	return runs;
}

int fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		sync_seen.folders++;
		return 0;
	}
	sync_seen.files++;
	sync_seen.size = st.st_size;
	sync_seen.runs = runs_on_disk(sync_seen.folder);
	errno = sync_seen.fail_with;
	return errno ? -1 : 0;
}

static void watch(const struct sandbox *s, int fail_with)
{
	memset(&sync_seen, 0, sizeof(sync_seen));
	sync_seen.folder = s->state;
	sync_seen.fail_with = fail_with;
}

/* When a profile takes the place of the last one, the disk has all of it; then the folder is forced as well. */
static void disk_has_it_first(void **state)
{
	struct profile first = of_run(1), second = of_run(2);
	struct sandbox *s = *state;
	size_t bytes = sizeof(struct profile_header) + strlen(key.command) + strlen(key.program) +
		       strlen(key.directory) + 3;

	watch(s, 0);
	assert_int_equal(profile_write(s->state, &first), 0);
	assert_int_equal(sync_seen.files, 1);
	assert_int_equal(sync_seen.runs, 0);
	watch(s, 0);
	assert_int_equal(profile_write(s->state, &second), 0);
	assert_int_equal(sync_seen.files, 1);
	assert_int_equal(sync_seen.runs, 1);
	assert_int_equal(sync_seen.size, bytes);
	assert_int_equal(sync_seen.folders, 1);
	assert_int_equal(runs_on_disk(s->state), 2);
}

/* A disk that cannot take it: the last profile is as it was, and nothing is left of the new one. */
static void disk_fails(void **state)
{
	struct profile first = of_run(1), second = of_run(2);
	struct sandbox *s = *state;

	watch(s, 0);
	assert_int_equal(profile_write(s->state, &first), 0);
	watch(s, EIO);
	assert_int_equal(profile_write(s->state, &second), -EIO);
	assert_int_equal(runs_on_disk(s->state), 1);
	assert_int_equal(access(sandbox_path(s, "/state/.new"), F_OK), -1);
}

static int take_second(void *context, const struct profile *last, struct profile *ret)
{
	(void)context;
	(void)last;
	*ret = of_run(2);
	return 0;
}

/* Who still waits for the folder to be on the disk keeps nobody else from the lock. */
static void folder_is_forced_without_the_lock(void **state)
{
	struct sandbox *s = *state;
	int fd, dir = -1;

	watch(s, 0);
	assert_int_equal(profile_update(s->state, profile_id(&key), take_second, NULL, &fd), 0);
	assert_int_equal(sync_seen.files, 1);
	assert_int_equal(sync_seen.folders, 0);
	assert_int_equal(runs_on_disk(s->state), 2);
	assert_int_equal(profile_store_lock(s->state, &dir), 0);
	close(dir);
	assert_int_equal(profile_sync(fd), 0);
	assert_int_equal(sync_seen.folders, 1);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(disk_has_it_first),
		IN_SANDBOX(disk_fails),
		IN_SANDBOX(folder_is_forced_without_the_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
