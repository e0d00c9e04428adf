/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the profile command says: which profiles there are, which one a name means, and how it is printed. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile_print.h"
#include "profile/profile_store.h"
#include "profile/profile_summary.h"
#include "report/page.h"
#include "sandbox.h"
#include "util/log.h"

static const char text[] = "/lib/a\0/lib/b\x1b[31m\n\0/dev/vda";
static const struct profile_file files[] = {
	{ .path = 0, .size = 8192 },
	{ .path = 7, .size = 4096000 },
	{ .path = 20, .flags = PROFILE_FILE_DEVICE },
};
static const struct profile_range ranges[] = { { 0, 0, 2, 1 }, { 1, 0, 600, 1 }, { 1, 700, 300, 1 }, { 2, 9, 32, 1 } };

static struct profile sample(const char *command, const char *directory, int64_t recorded_ns)
{
	return (struct profile){
		.key = { .command = command, .program = "/bin/sh", .directory = directory },
		.history = { .runs = 2, .recorded_ns = recorded_ns },
		.files = files,
		.ranges = ranges,
		.text = text,
		.nfiles = 3,
		.nranges = 4,
		.text_bytes = sizeof(text),
	};
}

static uint64_t add(struct sandbox *s, const struct profile *p)
{
	assert_int_equal(profile_write(s->state, p), 0);
	return profile_id(&p->key);
}

static struct profile_summaries read_all(struct sandbox *s)
{
	struct profile_summaries all;

	assert_int_equal(profile_summaries_read(s->state, &all), 0);
	return all;
}

/* The last used one comes first, whether it was recorded or replayed. */
static void last_used_first(void **state)
{
	struct profile p[] = { sample("a", "/x", 10), sample("b", "/x", 30), sample("c", "/x", 20) };
	struct profile_summaries all;

	p[0].history.replayed_at_ns = 40;
	add(*state, &p[0]);
	add(*state, &p[1]);
	add(*state, &p[2]);
	all = read_all(*state);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.list[0].key.command, "a");
	assert_string_equal(all.list[1].key.command, "b");
	assert_string_equal(all.list[2].key.command, "c");
	assert_int_equal(all.list[0].bytes, 934 * 4096);
	assert_int_equal(all.list[0].nfiles, 3);
	assert_int_equal(all.list[0].nranges, 4);
	profile_summaries_clear(&all);
}

/* No folder is no profiles; what cannot be read is said, hides nothing, and stays where it is. */
static void unreadable_ones_are_listed(void **state)
{
	struct profile good = sample("a", "/x", 1);
	struct profile_summaries all = read_all(*state);

	assert_int_equal(all.n, 0);
	profile_summaries_clear(&all);
	add(*state, &good);
	sandbox_write(*state, "/state/00000000000000aa.profile", "garbage");
	sandbox_write(*state, "/state/00000000000000bb.profile", "garbage");
	sandbox_write(*state, "/state/00000000000000aa.profile.bad", "garbage");
	assert_int_equal(chmod(sandbox_path(*state, "/state/00000000000000bb.profile"), 0666), 0);
	all = read_all(*state);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.nunreadable, 3);
	assert_int_equal(all.unreadable[0].id, 0xaa);
	assert_false(all.unreadable[0].aside);
	assert_string_equal(all.unreadable[0].why, "it is cut off");
	assert_int_equal(all.unreadable[1].id, 0xaa);
	assert_true(all.unreadable[1].aside);
	assert_int_equal(all.unreadable[2].id, 0xbb);
	assert_non_null(strstr(all.unreadable[2].why, "others may write it"));
	profile_summaries_clear(&all);
	assert_int_equal(chmod(((struct sandbox *)*state)->state, 0777), 0);
	assert_int_equal(profile_summaries_read(((struct sandbox *)*state)->state, &all), -EPERM);
}

/* A name is an id or a command; a command may have several. */
static void names_are_found(void **state)
{
	struct profile p[] = { sample("make", "/x", 1), sample("make", "/y", 2), sample("ctest", "/x", 3) };
	const struct profile_summary *one = NULL;
	struct profile_summaries all;
	uint64_t id = add(*state, &p[0]);
	char name[17];

	add(*state, &p[1]);
	add(*state, &p[2]);
	all = read_all(*state);
	assert_int_equal(profile_summaries_find(&all, "make", &one), 2);
	assert_int_equal(profile_summaries_find(&all, "ctest", &one), 1);
	assert_string_equal(one->key.command, "ctest");
	assert_int_equal(profile_summaries_find(&all, "mak", &one), 0);
	assert_int_equal(profile_summaries_find(&all, "", &one), 0);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)id);
	assert_int_equal(profile_summaries_find(&all, name, &one), 1);
	assert_int_equal(one->id, id);
	assert_string_equal(one->key.directory, "/x");
	profile_summaries_clear(&all);
}

/* Four or more digits of an id are one, of whatever is there; an id that is there twice is still one. */
static void ids_have_prefixes(void **state)
{
	struct profile good = sample("a", "/x", 1);
	struct profile_summaries all;
	uint64_t id, found = 0;
	char name[64];

	id = add(*state, &good);
	snprintf(name, sizeof(name), "/state/%016llx.profile.bad", (unsigned long long)id);
	sandbox_write(*state, name, "garbage");
	sandbox_write(*state, "/state/12345678000000aa.profile", "garbage");
	sandbox_write(*state, "/state/12345678000000aa.profile.bad", "garbage");
	sandbox_write(*state, "/state/12345678000000ab.profile.bad", "garbage");
	all = read_all(*state);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)id);
	assert_int_equal(profile_summaries_prefix(&all, name, &found), 1);
	assert_int_equal(found, id);
	name[4] = '\0';
	assert_int_equal(profile_summaries_prefix(&all, name, &found), 1);
	name[3] = '\0';
	assert_int_equal(profile_summaries_prefix(&all, name, &found), 0);
	assert_int_equal(profile_summaries_prefix(&all, "12345678", &found), 2);
	assert_int_equal(profile_summaries_prefix(&all, "12345678000000ab", &found), 1);
	assert_int_equal(found, 0x12345678000000ab);
	assert_int_equal(profile_summaries_prefix(&all, "12345678000000ab0", &found), 0);
	profile_summaries_clear(&all);
}

static void ids_are_strict(void **state)
{
	uint64_t id;

	(void)state;
	assert_true(profile_parse_id("00000000000000ff", &id));
	assert_int_equal(id, 255);
	assert_false(profile_parse_id("0000000000000ff", &id));
	assert_false(profile_parse_id("00000000000000ff0", &id));
	assert_false(profile_parse_id("00000000000000FF", &id));
	assert_false(profile_parse_id("0x000000000000ff", &id));
	assert_false(profile_parse_id("", &id));
}

/* Unknown until there was a run without and one with a replay; negative if that took longer. */
static void gain(void **state)
{
	struct profile_history h = { .cold = { .wall_ns = 1000, .waits_ns = 800, .bytes = 100 } };

	(void)state;
	assert_true(isnan(profile_gain_percent(&h)));
	h.replayed = (struct profile_cost){ .wall_ns = 300, .waits_ns = 50, .bytes = 100 };
	assert_true(fabs(profile_gain_percent(&h) - 75) < 1e-9);
	h.replayed.waits_ns = 1300;
	assert_true(fabs(profile_gain_percent(&h) + 50) < 1e-9);
	h.cold.wall_ns = 0;
	assert_true(isnan(profile_gain_percent(&h)));
}

/* The files with most to read come first, and there are no more than that. */
static void largest_files(void **state)
{
	struct profile p = sample("a", "/x", 1);
	struct profile_share largest[PROFILE_LARGEST];

	(void)state;
	assert_int_equal(profile_largest(&p, largest), 3);
	assert_ptr_equal(largest[0].file, &files[1]);
	assert_int_equal(largest[0].bytes, 900 * 4096);
	assert_ptr_equal(largest[1].file, &files[2]);
	assert_ptr_equal(largest[2].file, &files[0]);
	p.nfiles = p.nranges = 0;
	assert_int_equal(profile_largest(&p, largest), 0);
}

/* What print() writes, as one string. The caller frees it. */
static char *printed(const struct profile_summaries *all, const struct profile *one)
{
	struct page page = { .columns = PAGE_MAX_COLUMNS };
	char *ret = NULL;
	size_t size;

	page.out = open_memstream(&ret, &size);
	if (one)
		assert_int_equal(profile_print_one(&page, all, &all->list[0], one), 0);
	else
		profile_print_list(&page, "/folder", all);
	fclose(page.out);
	return ret;
}

static void assert_has(const char *printed_text, const char *part)
{
	if (!strstr(printed_text, part))
		fail_msg("'%s' is not in:\n%s", part, printed_text);
}

/* The history, the commands that follow, and names of others that cannot drive a terminal. */
static void one_is_printed(void **state)
{
	struct profile p = sample("make\x1b[2J", "/src \x7f", 1700000000000000000), next = sample("ctest", "/src", 5);
	struct profile_summaries all;
	char *out;

	p.history.replays = 3;
	p.history.unpaid = 2;
	p.history.cold = (struct profile_cost){ 4000000000, 3500000000, 1, 5 };
	p.history.replayed = (struct profile_cost){ 1000000000, 500000000, 1, 5 };
	p.history.replayed_at_ns = 1700000000000000000;
	p.next[0] = (struct profile_next){ .id = add(*state, &next), .times = 2, .last_run = 1 };
	p.next[1] = (struct profile_next){ .id = 171, .times = 1, .last_run = 1 };
	p.nnext = 2;
	add(*state, &p);
	all = read_all(*state);
	out = printed(&all, &p);
	assert_null(strchr(out, '\x1b'));
	assert_null(strchr(out, '\x7f'));
	assert_has(out, "make\\x1b[2J\n");
	assert_has(out, "3 files, 4 ranges, 3.6 MiB\n");
	assert_has(out, "2 times, last 2023-11-1");
	assert_has(out, "without    took 4.000 s, 3.500 s of it waits for the disk\n");
	assert_has(out, "with       took 1.000 s, 0.500 s of it waits for the disk\n");
	assert_has(out, "saved      75 % of its time without\n");
	assert_has(out, "in use; its last 2 replays did not pay\n");
	assert_has(out, " ctest (2 times)\n");
	assert_has(out, "00000000000000ab (1 time)\n");
	assert_has(out, "3.5 MiB /lib/b\\x1b[31m\\x0a\n");
	free(out);
	p.history.disabled = 1;
	p.history.unpaid = 3;
	add(*state, &p);
	profile_summaries_clear(&all);
	all = read_all(*state);
	out = printed(&all, &p);
	assert_has(out, "disabled: its last 3 replays did not pay; tried again later\n");
	free(out);
	profile_summaries_clear(&all);
}

static void list_is_printed(void **state)
{
	struct profile p = sample("make", "/src\n", 0), q = sample("ctest", "/src", 0);
	struct profile_summaries all = read_all(*state);
	char *out = printed(&all, NULL);

	assert_string_equal(out, "no profiles in /folder\n");
	free(out);
	profile_summaries_clear(&all);
	p.history.cold = (struct profile_cost){ 100, 50, 1, 5 };
	p.history.replayed = (struct profile_cost){ 59, 9, 1, 5 };
	q.history.disabled = 1;
	add(*state, &p);
	add(*state, &q);
	all = read_all(*state);
	out = printed(&all, NULL);
	assert_has(out, "     3     3.6 MiB      2  never                 41 %  /src\\x0a\n");
	assert_has(out, "disabled  /src\n");
	free(out);
	profile_summaries_clear(&all);
}

/* What is not known is null. */
static void json(void **state)
{
	struct profile p = sample("make", "/src", 1500000000);
	struct profile_summaries all;
	json_t *list, *one, *row;

	p.next[0] = (struct profile_next){ .id = 171, .times = 1, .last_run = 1 };
	p.nnext = 1;
	add(*state, &p);
	all = read_all(*state);
	list = profile_json_list("/folder", &all);
	assert_non_null(list);
	assert_int_equal(json_integer_value(json_object_get(list, "unreadable")), 0);
	row = json_array_get(json_object_get(list, "profiles"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "command")), "make");
	assert_int_equal(json_integer_value(json_object_get(row, "bytes")), 934 * 4096);
	assert_true(json_is_null(json_object_get(row, "gain_percent")));
	assert_true(json_is_null(json_object_get(row, "cold_seconds")));
	assert_true(json_is_null(json_object_get(row, "replayed")));
	assert_true(json_number_value(json_object_get(row, "recorded")) == 1.5);
	assert_true(json_is_false(json_object_get(row, "disabled")));
	row = json_array_get(json_object_get(row, "next"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "id")), "00000000000000ab");
	assert_true(json_is_null(json_object_get(row, "command")));
	one = profile_json_one(&all, &all.list[0], &p);
	assert_non_null(one);
	row = json_array_get(json_object_get(one, "largest_files"), 1);
	assert_string_equal(json_string_value(json_object_get(row, "path")), "/dev/vda");
	assert_true(json_is_true(json_object_get(row, "device")));
	assert_true(json_is_null(json_object_get(row, "size")));
	json_decref(list);
	json_decref(one);
	profile_summaries_clear(&all);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(last_used_first),      IN_SANDBOX(unreadable_ones_are_listed),
		IN_SANDBOX(names_are_found),      IN_SANDBOX(ids_have_prefixes),
		cmocka_unit_test(ids_are_strict), cmocka_unit_test(gain),
		cmocka_unit_test(largest_files),  IN_SANDBOX(one_is_printed),
		IN_SANDBOX(list_is_printed),      IN_SANDBOX(json),
	};

	log_set_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
