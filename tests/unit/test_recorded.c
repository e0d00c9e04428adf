/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which path a recorded file gets, and which files are left out: real files, mount tables made up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "profile/recorded.h"
#include "sandbox.h"

#define START 1000000000ULL
#define ELSEWHERE (99U << 20 | 1) /* a device that no test mounts */
#define SECOND 1000000000LL

static const struct profile_key key = { .command = "cc", .program = "/nowhere/cc", .directory = "/" };

struct fixture {
	struct sandbox *s;
	struct recorder *recorder;
	struct sys_mounts mounts;
	struct recorded recorded;
	uint32_t dev; /* of the sandbox */
	int64_t later_ns; /* after all files were made */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct timespec now;
	struct stat st;

	*state = f;
	if (sandbox_make((void **)&f->s) || stat(f->s->root, &st))
		return -1;
	f->dev = major(st.st_dev) << 20 | minor(st.st_dev);
	f->recorder = recorder_new();
	clock_gettime(CLOCK_REALTIME, &now);
	f->later_ns = (now.tv_sec + 3600) * SECOND;
	recorder_begin(f->recorder, START);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorded_clear(&f->recorded);
	sys_mounts_free(&f->mounts);
	recorder_free(f->recorder);
	sandbox_remove((void **)&f->s);
	free(f);
	return 0;
}

/* A line of the mount table: what lies in root of a device is found at target below the sandbox. */
static void mount_at(struct fixture *f, char *table, unsigned int id, uint32_t dev, const char *root,
		     const char *target, const char *type)
{
	sprintf(table + strlen(table), "%u %u %u:%u %s %s%s rw - %s x rw\n", id, id == 1 ? 0 : 1, dev >> 20,
		dev & 0xfffff, root, f->s->root, target, type);
}

static void use_table(struct fixture *f, const char *table)
{
	assert_int_equal(sys_mounts_parse(table, strlen(table), &f->mounts), 0);
}

/* The sandbox as the root of its file system, and nothing else. */
static void plain_table(struct fixture *f)
{
	char table[512] = "";

	mount_at(f, table, 1, f->dev, "/", "", "ext4");
	use_table(f, table);
}

static uint64_t inode(struct fixture *f, const char *below)
{
	struct stat st;

	assert_int_equal(lstat(sandbox_path(f->s, below), &st), 0);
	return st.st_ino;
}

/* inside: the path in the file system. */
static void name(struct fixture *f, uint32_t dev, uint64_t ino, const char *inside)
{
	struct aa_rec_file rec = { .ino = ino, .dev = dev, .complete = 1 };
	const char *end = inside + strlen(inside), *at;

	while (end > inside) {
		for (at = end; at[-1] != '/'; at--)
			;
		memcpy(rec.names + rec.bytes, at, (size_t)(end - at));
		rec.bytes += (uint32_t)(end - at) + 1;
		end = at - 1;
	}
	recorder_name(f->recorder, &rec);
}

static void miss(struct fixture *f, uint32_t dev, uint64_t ino, uint64_t index, uint32_t pages)
{
	static uint64_t clock; /* each a while after the one before */
	struct aa_rec_miss rec = { .ino = ino, .dev = dev, .index = index, .pages = pages };

	rec.h.time_ns = START + ++clock * 1000000;
	recorder_miss(f->recorder, &rec, 4096);
}

/* A file below the sandbox that was missed, whose path in its file system is inside. */
static void missed(struct fixture *f, const char *below, uint32_t dev, const char *inside)
{
	miss(f, dev, inode(f, below), 0, 2);
	name(f, dev, inode(f, below), inside);
}

static const struct profile *make(struct fixture *f, int64_t started_ns)
{
	assert_int_equal(recorded_make(f->recorder, &f->mounts, 0, &key, started_ns, &f->recorded), 0);
	return &f->recorded.profile;
}

static void assert_file(struct fixture *f, uint32_t i, const char *below)
{
	const struct profile *p = &f->recorded.profile;

	assert_true(i < p->nfiles);
	assert_string_equal(p->text + p->files[i].path, sandbox_path(f->s, below));
}

/* Files in the order of their first use, with their size and time. */
static void test_files(void **state)
{
	struct fixture *f = *state;
	const struct profile *p;
	struct stat st;

	sandbox_write(f->s, "/b", "0123456789");
	sandbox_write(f->s, "/d/a\n\xff", "x");
	plain_table(f);
	missed(f, "/d/a\n\xff", f->dev, "/d/a\n\xff");
	missed(f, "/b", f->dev, "/b");
	miss(f, f->dev, inode(f, "/d/a\n\xff"), 9, 1);
	p = make(f, f->later_ns);
	assert_int_equal(p->nfiles, 2);
	assert_file(f, 0, "/d/a\n\xff");
	assert_file(f, 1, "/b");
	assert_int_equal(stat(sandbox_path(f->s, "/b"), &st), 0);
	assert_int_equal(p->files[1].size, 10);
	assert_int_equal(p->files[1].mtime_ns, st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec);
	assert_int_equal(p->files[1].flags, 0);
	assert_int_equal(p->nranges, 3);
	assert_int_equal(p->ranges[0].file, 0);
	assert_int_equal(p->ranges[1].file, 1);
	assert_int_equal(p->ranges[2].file, 0);
	assert_int_equal(p->ranges[2].page, 9);
	assert_int_equal(f->recorded.bytes, 5 * PROFILE_PAGE);
	assert_string_equal(p->key.command, "cc");
}

/* What the run wrote is left out, also where its mtime was set to look old. */
static void test_outputs(void **state)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct fixture *f = *state;

	sandbox_write(f->s, "/out", "x");
	sandbox_write(f->s, "/old", "x");
	assert_int_equal(utimensat(AT_FDCWD, sandbox_path(f->s, "/old"), old, 0), 0);
	plain_table(f);
	missed(f, "/out", f->dev, "/out");
	missed(f, "/old", f->dev, "/old");
	assert_int_equal(make(f, f->later_ns - 7200 * SECOND)->nfiles, 0);
	assert_int_equal(f->recorded.outputs, 2);
	assert_int_equal(f->recorded.profile.nranges, 0);
	assert_int_equal(f->recorded.bytes, 0);
}

/* An mtime in the future is no sign of a write. */
static void test_future(void **state)
{
	struct fixture *f = *state;
	const struct timespec future[2] = { { .tv_sec = f->later_ns / SECOND + 7200 },
					    { .tv_sec = f->later_ns / SECOND + 7200 } };

	sandbox_write(f->s, "/in", "x");
	assert_int_equal(utimensat(AT_FDCWD, sandbox_path(f->s, "/in"), future, 0), 0);
	plain_table(f);
	missed(f, "/in", f->dev, "/in");
	assert_int_equal(make(f, f->later_ns)->nfiles, 1);
}

/* Deleted, replaced by another file, by a link to the same file or by a folder: all gone. */
static void test_gone(void **state)
{
	struct fixture *f = *state;

	sandbox_write(f->s, "/deleted", "x");
	sandbox_write(f->s, "/replaced", "x");
	sandbox_write(f->s, "/linked", "x");
	sandbox_write(f->s, "/folder/x", "x");
	plain_table(f);
	missed(f, "/deleted", f->dev, "/deleted");
	missed(f, "/replaced", f->dev, "/replaced");
	missed(f, "/linked", f->dev, "/linked");
	missed(f, "/folder", f->dev, "/folder");
	assert_int_equal(unlink(sandbox_path(f->s, "/deleted")), 0);
	sandbox_write(f->s, "/new", "y");
	assert_int_equal(rename(sandbox_path(f->s, "/new"), sandbox_path(f->s, "/replaced")), 0);
	assert_int_equal(rename(sandbox_path(f->s, "/linked"), sandbox_path(f->s, "/target")), 0);
	assert_int_equal(symlink(sandbox_path(f->s, "/target"), sandbox_path(f->s, "/linked")), 0);
	assert_int_equal(make(f, f->later_ns)->nfiles, 0);
	assert_int_equal(f->recorded.gone, 4);
}

/* Without names up to the root, there is no path. */
static void test_unnamed(void **state)
{
	struct fixture *f = *state;

	plain_table(f);
	miss(f, f->dev, 12345, 0, 1);
	assert_int_equal(make(f, f->later_ns)->nfiles, 0);
	assert_int_equal(f->recorded.unnamed, 1);
}

/* A file system that is mounted in parts: the file is found through the part that has it. */
static void test_bind(void **state)
{
	struct fixture *f = *state;
	char table[1024] = "";

	sandbox_write(f->s, "/mnt/sub/a", "x");
	sandbox_write(f->s, "/mnt/sub/b", "x");
	sandbox_write(f->s, "/etc/single", "x");
	mount_at(f, table, 1, ELSEWHERE + 1, "/", "", "ext4");
	mount_at(f, table, 2, f->dev, "/export/tree", "/mnt", "ext4");
	mount_at(f, table, 3, f->dev, "/var/single", "/etc/single", "ext4");
	use_table(f, table);
	missed(f, "/mnt/sub/a", f->dev, "/export/tree/sub/a");
	missed(f, "/mnt/sub/b", f->dev, "/export/tree/sub/b");
	missed(f, "/etc/single", f->dev, "/var/single");
	miss(f, f->dev, 777, 0, 1);
	name(f, f->dev, 777, "/export/other");
	assert_int_equal(make(f, f->later_ns)->nfiles, 3);
	assert_file(f, 0, "/mnt/sub/a");
	assert_file(f, 1, "/mnt/sub/b");
	assert_file(f, 2, "/etc/single");
	assert_int_equal(f->recorded.unreachable, 1);
}

/* A file mounted over another one in a folder that was looked up before is still told from it. */
static void test_hidden(void **state)
{
	struct fixture *f = *state;
	char table[1024] = "";

	sandbox_write(f->s, "/d/a", "x");
	sandbox_write(f->s, "/d/b", "above");
	mount_at(f, table, 1, f->dev, "/", "", "ext4");
	mount_at(f, table, 2, ELSEWHERE, "/x", "/d/b", "ext4");
	use_table(f, table);
	missed(f, "/d/a", f->dev, "/d/a");
	miss(f, f->dev, inode(f, "/d/b") + 1000000, 0, 1);
	name(f, f->dev, inode(f, "/d/b") + 1000000, "/d/b");
	assert_int_equal(make(f, f->later_ns)->nfiles, 1);
	assert_file(f, 0, "/d/a");
}

/* The layers of an overlay that are not mounted themselves: their files are found in the overlay. */
static void test_overlay(void **state)
{
	struct fixture *f = *state;
	char table[1024] = "";

	sandbox_write(f->s, "/usr/bin/cc", "x");
	sandbox_write(f->s, "/usr/lib/a.so", "x");
	mount_at(f, table, 1, ELSEWHERE, "/", "", "overlay");
	use_table(f, table);
	missed(f, "/usr/bin/cc", f->dev, "/var/layers/1/diff/usr/bin/cc");
	missed(f, "/usr/lib/a.so", f->dev, "/var/layers/22/diff/usr/lib/a.so");
	miss(f, f->dev, 777, 0, 1);
	name(f, f->dev, 777, "/var/layers/1/diff/usr/lib/a.so");
	assert_int_equal(make(f, f->later_ns)->nfiles, 2);
	assert_file(f, 0, "/usr/bin/cc");
	assert_file(f, 1, "/usr/lib/a.so");
	assert_int_equal(f->recorded.unreachable, 1);
}

/* The head of the program, which is read before the program is followed, comes first; once. */
static void test_head(void **state)
{
	struct fixture *f = *state;
	struct profile_key own = key;
	char program[PATH_MAX], large[20000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	sandbox_write(f->s, "/cc", large);
	sandbox_write(f->s, "/lib", "x");
	plain_table(f);
	strcpy(program, sandbox_path(f->s, "/cc"));
	own.program = program;
	missed(f, "/lib", f->dev, "/lib");
	assert_int_equal(recorded_make(f->recorder, &f->mounts, 0, &own, f->later_ns, &f->recorded), 0);
	assert_int_equal(f->recorded.profile.nranges, 2);
	assert_file(f, f->recorded.profile.ranges[0].file, "/cc");
	assert_int_equal(f->recorded.profile.ranges[0].page, 0);
	assert_int_equal(f->recorded.profile.ranges[0].pages, 4);
	assert_file(f, f->recorded.profile.ranges[1].file, "/lib");
	assert_int_equal(f->recorded.bytes, 6 * PROFILE_PAGE);

	recorded_clear(&f->recorded);
	recorder_begin(f->recorder, START);
	missed(f, "/cc", f->dev, "/cc");
	assert_int_equal(recorded_make(f->recorder, &f->mounts, 0, &own, f->later_ns, &f->recorded), 0);
	assert_int_equal(f->recorded.profile.nranges, 1);

	recorded_clear(&f->recorded);
	recorder_begin(f->recorder, START);
	assert_int_equal(recorded_make(f->recorder, &f->mounts, 0, &own, f->later_ns, &f->recorded), 0);
	assert_int_equal(f->recorded.profile.nranges, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outputs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_future, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unnamed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_head, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
