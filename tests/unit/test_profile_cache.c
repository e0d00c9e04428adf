/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles in memory: what is there is what the folder has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/profile.h"
#include "profile/profile_cache.h"
#include "profile/profile_store.h"
#include "sandbox.h"

static bool wants(void *context, const char *command)
{
	return !strcmp(context, command);
}

static uint64_t write_profile(struct sandbox *s, const char *command, uint32_t runs, uint32_t nranges)
{
	static const struct profile_file file = { .size = 1ULL << 40 };
	struct profile_range *ranges = calloc(nranges, sizeof(*ranges));
	struct profile p = {
		.key = { command, "/bin/x", "/" },
		.history = { .runs = runs },
		.files = &file,
		.nfiles = 1,
		.text = "/file",
		.text_bytes = 6,
		.ranges = ranges,
		.nranges = nranges,
	};
	uint32_t i;

	for (i = 0; i < nranges; i++)
		ranges[i] = (struct profile_range){ .page = 2 * i, .pages = 1, .seen = 1 };
	assert_int_equal(profile_write(s->state, &p), 0);
	free(ranges);
	return profile_id(&p.key);
}

/* As an app that starts now would have it. */
static const struct profile *now(struct profile_cache *c, uint64_t id)
{
	profile_cache_settle(c);
	return profile_cache_get(c, id);
}

/* What is wanted is there after a look, whether or not the folder was there before; what is not wanted is not. */
static void test_wanted(void **state)
{
	struct sandbox *s = *state;
	struct profile_cache *c = profile_cache_new(s->state, wants, "make");
	const struct profile *p;
	uint64_t make, cc;

	profile_cache_refresh(c);
	make = write_profile(s, "make", 7, 3);
	cc = write_profile(s, "cc", 1, 3);
	assert_null(now(c, make));
	profile_cache_refresh(c);
	p = now(c, make);
	assert_non_null(p);
	assert_string_equal(p->key.command, "make");
	assert_int_equal(p->history.runs, 7);
	assert_int_equal(p->nranges, 3);
	assert_null(now(c, cc));
	profile_cache_free(c);
}

/* One that was written again is not used as it was, not even before the next look. */
static void test_written_again(void **state)
{
	struct sandbox *s = *state;
	struct profile_cache *c;
	uint64_t id = write_profile(s, "make", 1, 3), other;

	c = profile_cache_new(s->state, wants, "make");
	profile_cache_refresh(c);
	assert_int_equal(now(c, id)->history.runs, 1);
	assert_int_equal(write_profile(s, "make", 2, 4), id);
	assert_null(now(c, id));
	profile_cache_refresh(c);
	assert_int_equal(now(c, id)->history.runs, 2);
	other = write_profile(s, "cc", 1, 3);
	assert_int_equal(now(c, id)->history.runs, 2);
	profile_cache_refresh(c);
	assert_null(now(c, other));
	profile_cache_free(c);
}

/* One that was forgotten is gone, and so are all with their folder. */
static void test_forgotten(void **state)
{
	struct sandbox *s = *state;
	struct profile_cache *c = profile_cache_new(s->state, wants, "make");
	char path[PATH_MAX];
	uint64_t id = write_profile(s, "make", 1, 3);

	profile_cache_refresh(c);
	assert_non_null(now(c, id));
	assert_int_equal(profile_store_forget(s->state, id), 0);
	assert_null(now(c, id));
	profile_cache_refresh(c);
	assert_null(now(c, id));

	write_profile(s, "make", 1, 3);
	profile_cache_refresh(c);
	assert_non_null(now(c, id));
	snprintf(path, sizeof(path), "%s-moved", s->state);
	assert_int_equal(rename(s->state, path), 0);
	assert_null(now(c, id));
	profile_cache_refresh(c);
	assert_null(now(c, id));
	assert_int_equal(rename(path, s->state), 0);
	profile_cache_refresh(c);
	assert_non_null(now(c, id));
	profile_cache_free(c);
}

/* Memory has an end: neither one that is large, nor more of them than there is room for. */
static void test_bounds(void **state)
{
	struct sandbox *s = *state;
	struct profile_cache *c = profile_cache_new(s->state, wants, "make");
	uint64_t id = write_profile(s, "make", 1, 1 << 18);

	profile_cache_refresh(c);
	assert_null(now(c, id));
	write_profile(s, "make", 1, 3);
	profile_cache_refresh(c);
	assert_non_null(now(c, id));
	profile_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_wanted, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_written_again, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_forgotten, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_bounds, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
