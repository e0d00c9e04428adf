/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles on the disk: what was written comes back, and what is damaged or not ours does not. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "sandbox.h"
#include "util/log.h"

static const char text[] = "/usr/lib/libc.so.6\0/home/a \n\xff\0/dev/vda1";

static const struct profile_file files[] = {
	{ .path = 0, .size = 2000000, .mtime_ns = 1700000000123456789 },
	{ .path = 19, .size = 10, .mtime_ns = -5 },
	{ .path = 30, .flags = PROFILE_FILE_DEVICE },
};

static const struct profile_range ranges[] = {
	{ 2, 4000000000U, 32, 3 },
	{ 0, 0, 16, 1 },
	{ 1, 0, 1, 0x8000 },
	{ 0, 400, 65535, 1 },
};

static struct profile sample(void)
{
	return (struct profile){
		.key = { "make", "/usr/bin/make", "/home/a", 1000, PROFILE_KEY_CONTAINER, 240000, 1650000000000000001 },
		.history = { .runs = 7,
			     .replays = 3,
			     .unpaid = 1,
			     .cold.wall_ns = 5000,
			     .replayed = { .wall_ns = 4000, .waits_ns = 1000, .cpu_ns = 3, .bytes = 9 },
			     .recorded_ns = 1700000001,
			     .replayed_at_ns = 1700000002 },
		.next = { { .id = 42, .times = 3, .last_run = 7 } },
		.nnext = 1,
		.files = files,
		.ranges = ranges,
		.text = text,
		.nfiles = 3,
		.nranges = 4,
		.text_bytes = sizeof(text),
	};
}

static uint64_t sample_id(void)
{
	struct profile p = sample();

	return profile_id(&p.key);
}

static const char *path_of(struct sandbox *s, const char *suffix)
{
	char below[64];

	snprintf(below, sizeof(below), "/state/%016llx.profile%s", (unsigned long long)sample_id(), suffix);
	return sandbox_path(s, below);
}

static void write_sample(struct sandbox *s)
{
	struct profile p = sample();

	assert_int_equal(profile_write(s->state, &p), 0);
}

static int open_sample(struct sandbox *s, struct profile *ret)
{
	return profile_open(s->state, sample_id(), ret);
}

/* The bytes of the sample's file, for what is done to them. The caller frees them. */
static unsigned char *read_sample(struct sandbox *s, size_t *ret_size)
{
	FILE *file = fopen(path_of(s, ""), "rb");
	unsigned char *data = malloc(4096);

	assert_non_null(file);
	*ret_size = fread(data, 1, 4096, file);
	fclose(file);
	return data;
}

static void write_raw(struct sandbox *s, const void *data, size_t size)
{
	int fd = open(path_of(s, ""), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

/* With a checksum and a size that fit, as somebody would make them who wants to harm. */
static void write_sealed(struct sandbox *s, unsigned char *data, size_t size)
{
	struct profile_header h;
	uint64_t bytes = size;

	memcpy(data + offsetof(struct profile_header, bytes), &bytes, sizeof(bytes));
	memcpy(&h, data, sizeof(h));
	h.checksum = (uint32_t)crc32_z(0, data + PROFILE_CHECKED_FROM, size - PROFILE_CHECKED_FROM);
	memcpy(data, &h, sizeof(h));
	write_raw(s, data, size);
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void assert_same(const struct profile *a, const struct profile *b)
{
	uint32_t i;

	assert_true(profile_key_equal(&a->key, &b->key));
	assert_memory_equal(&a->history, &b->history, sizeof(a->history));
	assert_int_equal(a->nnext, b->nnext);
	assert_memory_equal(a->next, b->next, sizeof(a->next));
	assert_int_equal(a->nfiles, b->nfiles);
	assert_int_equal(a->nranges, b->nranges);
	assert_memory_equal(a->ranges, b->ranges, a->nranges * sizeof(a->ranges[0]));
	for (i = 0; i < a->nfiles; i++) {
		assert_string_equal(profile_path_of(a, &a->files[i]), profile_path_of(b, &b->files[i]));
		assert_int_equal(a->files[i].flags, b->files[i].flags);
		assert_int_equal(a->files[i].size, b->files[i].size);
		assert_int_equal(a->files[i].mtime_ns, b->files[i].mtime_ns);
	}
}

/* Everything that is written comes back; written again, it is the same file. */
static void round_trip(void **state)
{
	struct profile p = sample(), read;
	unsigned char *before, *after;
	size_t size, again;

	write_sample(*state);
	before = read_sample(*state, &size);
	assert_int_equal(open_sample(*state, &read), 0);
	assert_same(&p, &read);
	assert_int_equal(profile_write(((struct sandbox *)*state)->state, &read), 0);
	profile_close(&read);
	after = read_sample(*state, &again);
	assert_int_equal(size, again);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
}

/* A profile of nothing is one, too. */
static void empty_profile(void **state)
{
	struct sandbox *s = *state;
	struct profile p = { .key = { .command = "true", .program = "", .directory = "" } }, read;

	assert_int_equal(profile_write(s->state, &p), 0);
	assert_int_equal(profile_open(s->state, profile_id(&p.key), &read), 0);
	assert_same(&p, &read);
	profile_close(&read);
}

/* The folder and the one above it are made for the owner alone; so is the file. */
static void folders_are_made(void **state)
{
	struct profile p = sample();
	struct stat st;

	assert_int_equal(profile_write(sandbox_path(*state, "/lib/profiles"), &p), 0);
	assert_int_equal(stat(sandbox_path(*state, "/lib"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(sandbox_path(*state, "/lib/profiles"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	write_sample(*state);
	assert_int_equal(stat(path_of(*state, ""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(profile_write(sandbox_path(*state, "/none/of/these"), &p), -ENOENT);
}

/* Keys that differ in one part, or in where a part ends, are different ones. */
static void keys_differ(void **state)
{
	const struct profile_key keys[] = {
		{ .command = "make", .program = "/usr/bin/make", .directory = "/a" },
		{ .command = "make", .program = "/usr/bin/make", .directory = "/b" },
		{ .command = "make", .program = "/bin/make", .directory = "/a" },
		{ .command = "mak", .program = "e/usr/bin/make", .directory = "/a" },
		{ .command = "cmake", .program = "/usr/bin/make", .directory = "/a" },
		{ .command = "make", .program = "/usr/bin/make/a", .directory = "" },
	};
	const struct profile_key ours = { "make", "/usr/bin/make", "/a", 0, 0, 240000, 5 }, others[] = {
		{ "make", "/usr/bin/make", "/a", 1000, 0, 240000, 5 },
		{ "make", "/usr/bin/make", "/a", 0, PROFILE_KEY_CONTAINER, 240000, 5 },
		{ "make", "/usr/bin/make", "/a", 0, 0, 240001, 5 },
		{ "make", "/usr/bin/make", "/a", 0, 0, 240000, 6 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			assert_int_equal(profile_id(&keys[i]) == profile_id(&keys[k]), i == k);
			assert_int_equal(profile_key_equal(&keys[i], &keys[k]), i == k);
		}
	/* another user, another container, an upgrade */
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_not_equal(profile_id(&ours), profile_id(&others[i]));
		assert_false(profile_key_equal(&ours, &others[i]));
	}
}

static void absent_profile(void **state)
{
	struct profile read;

	assert_int_equal(open_sample(*state, &read), -ENOENT);
	write_sample(*state);
	assert_int_equal(profile_open(((struct sandbox *)*state)->state, sample_id() + 1, &read), -ENOENT);
}

/* Refused; and by who is about to replace it, and by nobody else, set aside. */
static void assert_set_aside(struct sandbox *s)
{
	const char *why = NULL;
	struct profile read;
	int dir;

	assert_int_equal(profile_look(s->state, sample_id(), &read, &why), -EBADMSG);
	assert_non_null(why);
	assert_int_equal(open_sample(s, &read), -EBADMSG);
	assert_true(exists(path_of(s, "")));
	assert_int_equal(profile_store_lock(s->state, &dir), 0);
	assert_int_equal(profile_open_locked(s->state, dir, sample_id(), &read), -EBADMSG);
	close(dir);
	assert_false(exists(path_of(s, "")));
	assert_true(exists(path_of(s, ".bad")));
	assert_int_equal(open_sample(s, &read), -ENOENT);
}

/* Cut off at every byte. */
static void truncated(void **state)
{
	unsigned char *data;
	size_t size, n;

	write_sample(*state);
	data = read_sample(*state, &size);
	for (n = 0; n < size; n++) {
		write_raw(*state, data, n);
		assert_set_aside(*state);
	}
	data[size] = '\0';
	write_raw(*state, data, size + 1);
	assert_set_aside(*state);
	free(data);
}

/* Every bit of the file turned over, one at a time. */
static void bit_flipped(void **state)
{
	unsigned char *data;
	size_t size, bit;

	write_sample(*state);
	data = read_sample(*state, &size);
	for (bit = 0; bit < 8 * size; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		write_raw(*state, data, size);
		assert_set_aside(*state);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	write_raw(*state, data, size);
	free(data);
	assert_int_equal(open_sample(*state, &(struct profile){ 0 }), 0);
}

#define HEADER(member) offsetof(struct profile_header, member), sizeof(((struct profile_header *)0)->member)
#define FILES_AT sizeof(struct profile_header)
#define RANGES_AT (FILES_AT + sizeof(files))
#define TEXT_AT (RANGES_AT + sizeof(ranges))
#define KEY_AT (TEXT_AT + sizeof(text))

/* With a good checksum, so that nothing but the meaning is wrong. */
static void nonsense_with_a_good_checksum(void **state)
{
	static const struct {
		size_t at, size;
		uint64_t value;
	} cases[] = {
		{ HEADER(version), 1 }, /* the one before */
		{ HEADER(version), 3 },
		{ HEADER(id), 1 },
		{ HEADER(nfiles), 2 },
		{ HEADER(nfiles), UINT32_MAX },
		{ HEADER(nranges), 3 },
		{ HEADER(nranges), UINT32_MAX },
		{ HEADER(text_bytes), sizeof(text) - 1 },
		{ HEADER(text_bytes), UINT32_MAX },
		{ HEADER(key_bytes), 0 },
		{ HEADER(key_bytes), UINT32_MAX },
		{ HEADER(nnext), PROFILE_NEXT_MAX + 1 },
		{ HEADER(zero), 1 },
		{ HEADER(uid), 0 }, /* another user's */
		{ HEADER(key_flags), 2 },
		{ HEADER(program_size), 1 },
		{ HEADER(program_mtime_ns), 1 },
		{ FILES_AT + offsetof(struct profile_file, path), 4, sizeof(text) },
		{ FILES_AT + offsetof(struct profile_file, path), 4, UINT32_MAX },
		{ FILES_AT + offsetof(struct profile_file, path), 4, 1 },
		{ FILES_AT + offsetof(struct profile_file, path), 4, sizeof(text) - 1 },
		{ FILES_AT + offsetof(struct profile_file, flags), 4, 2 },
		{ FILES_AT + offsetof(struct profile_file, flags), 4, PROFILE_FILE_DEVICE },
		{ FILES_AT + offsetof(struct profile_file, size), 8, 1ULL << 63 },
		{ RANGES_AT + offsetof(struct profile_range, file), 4, 3 },
		{ RANGES_AT + offsetof(struct profile_range, file), 4, UINT32_MAX },
		{ RANGES_AT + offsetof(struct profile_range, page), 4, UINT32_MAX - 31 },
		{ RANGES_AT + offsetof(struct profile_range, pages), 2, 0 },
		{ TEXT_AT + sizeof(text) - 1, 1, 'x' },
		{ KEY_AT, 1, 'n' }, /* another command */
		{ KEY_AT, 1, 0 }, /* a fourth string */
		{ KEY_AT + 4, 1, 'x' }, /* two strings */
	};
	unsigned char *data;
	size_t size, i;

	write_sample(*state);
	data = read_sample(*state, &size);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char *copy = malloc(size);

		memcpy(copy, data, size);
		memcpy(copy + cases[i].at, &cases[i].value, cases[i].size);
		assert_memory_not_equal(copy, data, size);
		write_sealed(*state, copy, size);
		assert_set_aside(*state);
		free(copy);
	}
	write_sealed(*state, data, size);
	free(data);
	assert_int_equal(open_sample(*state, &(struct profile){ 0 }), 0);
}

/* What would not be read is not written; the old one stays. */
static void nonsense_is_not_written(void **state)
{
	static const struct profile_range no_pages[] = { { 0, 0, 0, 1 } }, no_file[] = { { 3, 0, 1, 1 } };
	char long_path[PATH_MAX + 1];
	struct profile bad[8], read, good = sample();
	struct sandbox *s = *state;
	size_t i;

	memset(long_path, '/', PATH_MAX);
	long_path[PATH_MAX] = '\0';
	for (i = 0; i < 8; i++)
		bad[i] = sample();
	bad[0].ranges = no_pages;
	bad[1].ranges = no_file;
	bad[0].nranges = bad[1].nranges = 1;
	bad[2].text_bytes--;
	bad[3].key.command = "";
	bad[4].key.command = "a/b";
	bad[5].key.directory = long_path;
	bad[6].nnext = PROFILE_NEXT_MAX + 1;
	bad[7].text = long_path;
	bad[7].text_bytes = PATH_MAX + 1;
	write_sample(s);
	for (i = 0; i < 8; i++)
		assert_int_equal(profile_write(s->state, &bad[i]), -EINVAL);
	assert_int_equal(open_sample(s, &read), 0);
	assert_same(&good, &read);
	profile_close(&read);
}

/* Somebody who may write it may say what we read as root. It stays where it is: it may be evidence. */
static void writable_by_others(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666 };
	struct profile read;
	size_t i;

	write_sample(*state);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path_of(*state, ""), modes[i]), 0);
		assert_int_equal(open_sample(*state, &read), -EPERM);
		assert_true(exists(path_of(*state, "")));
	}
	assert_int_equal(chmod(path_of(*state, ""), 0644), 0);
	assert_int_equal(open_sample(*state, &read), 0);
	profile_close(&read);
}

static void owned_by_others(void **state)
{
	struct profile read;

	if (geteuid())
		skip(); /* only root can give files away */
	write_sample(*state);
	assert_int_equal(chown(path_of(*state, ""), 65534, 0), 0);
	assert_int_equal(open_sample(*state, &read), -EPERM);
	assert_int_equal(chown(path_of(*state, ""), 0, 0), 0);
	assert_int_equal(chown(((struct sandbox *)*state)->state, 65534, 0), 0);
	assert_int_equal(open_sample(*state, &read), -EPERM);
}

/* Links, pipes and folders in its place are neither followed, nor waited for, nor used. */
static void no_regular_file(void **state)
{
	char aside[PATH_MAX];
	struct profile read;

	write_sample(*state);
	snprintf(aside, sizeof(aside), "%s", sandbox_path(*state, "/aside"));
	assert_int_equal(rename(path_of(*state, ""), aside), 0);
	assert_int_equal(symlink(aside, path_of(*state, "")), 0);
	assert_int_equal(open_sample(*state, &read), -EPERM);
	assert_int_equal(unlink(path_of(*state, "")), 0);
	assert_int_equal(mkfifo(path_of(*state, ""), 0600), 0);
	assert_int_equal(open_sample(*state, &read), -EPERM);
	assert_int_equal(unlink(path_of(*state, "")), 0);
	assert_int_equal(mkdir(path_of(*state, ""), 0700), 0);
	assert_int_equal(open_sample(*state, &read), -EPERM);
}

/* A new profile takes the place of a link, and what that led to stays as it is. */
static void links_are_replaced(void **state)
{
	struct stat st;

	write_sample(*state);
	assert_int_equal(unlink(path_of(*state, "")), 0);
	sandbox_write(*state, "/victim", "mine");
	assert_int_equal(symlink("../victim", path_of(*state, "")), 0);
	assert_int_equal(symlink("../victim", sandbox_path(*state, "/state/.new")), 0);
	write_sample(*state);
	sandbox_assert(*state, "/victim", "mine");
	assert_int_equal(lstat(path_of(*state, ""), &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* Nothing is read from, or written to, a folder in which others may put things. */
static void folder_of_others(void **state)
{
	struct sandbox *s = *state;
	struct profile p = sample(), read;

	write_sample(s);
	assert_int_equal(chmod(s->state, 0770), 0);
	assert_int_equal(open_sample(s, &read), -EPERM);
	assert_int_equal(profile_write(s->state, &p), -EPERM);
	assert_int_equal(chmod(s->state, 0700), 0);
	assert_int_equal(rename(s->state, sandbox_path(s, "/real")), 0);
	assert_int_equal(symlink("real", s->state), 0);
	assert_int_not_equal(open_sample(s, &read), 0);
	assert_int_not_equal(profile_write(s->state, &p), 0);
}

/* A disk that is full half-way through: the old profile is as it was, and nothing is left of the new one. */
static void write_fails_half_way(void **state)
{
	struct rlimit limit, small;
	struct profile p = sample(), old, read;
	struct sandbox *s = *state;

	old = p;
	write_sample(s);
	p.history.runs = 8;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = sizeof(struct profile_header) + 10;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(profile_write(s->state, &p), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(open_sample(s, &read), 0);
	assert_same(&old, &read);
	profile_close(&read);
	assert_false(exists(sandbox_path(s, "/state/.new")));
}

/* The same on a disk that is really full: a small one of our own, which only root can have. */
static void full_disk(void **state)
{
	static struct profile_range many[16384];
	struct profile p = sample(), old = p, read;
	struct sandbox *s = *state;
	size_t i;

	if (geteuid() || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip();
	assert_int_equal(mkdir(s->state, 0700), 0);
	assert_int_equal(mount("tmpfs", s->state, "tmpfs", 0, "size=64k,mode=0700"), 0);
	write_sample(s);
	for (i = 0; i < 16384; i++)
		many[i] = (struct profile_range){ 0, (uint32_t)i, 1, 1 };
	p.ranges = many;
	p.nranges = 16384;
	assert_int_equal(profile_write(s->state, &p), -ENOSPC);
	assert_int_equal(open_sample(s, &read), 0);
	assert_same(&old, &read);
	profile_close(&read);
	assert_false(exists(sandbox_path(s, "/state/.new")));
	assert_int_equal(umount(s->state), 0);
}

/* What a killed writer left is replaced. */
static void left_behind(void **state)
{
	struct profile read;

	write_sample(*state);
	sandbox_write(*state, "/state/.new", "half a profile");
	write_sample(*state);
	assert_false(exists(sandbox_path(*state, "/state/.new")));
	assert_int_equal(open_sample(*state, &read), 0);
	profile_close(&read);
}

/* Of each profile the last one that was set aside is kept. */
static void one_is_set_aside(void **state)
{
	char below[64];

	write_sample(*state);
	write_raw(*state, "first", 5);
	assert_set_aside(*state);
	write_raw(*state, "second", 6);
	assert_set_aside(*state);
	snprintf(below, sizeof(below), "/state/%016llx.profile.bad", (unsigned long long)sample_id());
	sandbox_assert(*state, below, "second");
}

/* A profile larger than any that we write is not even read. */
static void huge_file(void **state)
{
	write_sample(*state);
	assert_int_equal(truncate(path_of(*state, ""), 1LL << 40), 0);
	assert_set_aside(*state);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_make, sandbox_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(round_trip),
		IN_SANDBOX(empty_profile),
		IN_SANDBOX(folders_are_made),
		cmocka_unit_test(keys_differ),
		IN_SANDBOX(absent_profile),
		IN_SANDBOX(truncated),
		IN_SANDBOX(bit_flipped),
		IN_SANDBOX(nonsense_with_a_good_checksum),
		IN_SANDBOX(nonsense_is_not_written),
		IN_SANDBOX(writable_by_others),
		IN_SANDBOX(owned_by_others),
		IN_SANDBOX(no_regular_file),
		IN_SANDBOX(links_are_replaced),
		IN_SANDBOX(folder_of_others),
		IN_SANDBOX(write_fails_half_way),
		IN_SANDBOX(full_disk),
		IN_SANDBOX(left_behind),
		IN_SANDBOX(one_is_set_aside),
		IN_SANDBOX(huge_file),
	};

	log_set_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
