/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The mount table: bind mounts, hidden mounts, escapes, and texts that make no sense. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "sys/mounts.h"

#define VDA1 (254U << 20 | 1)
#define VDB (254U << 20 | 16)
#define BTRFS 45U

/* One file system at /, one at /data with a folder of it also at /srv/web, a stack at /cover, and more. */
static const char table[] = "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
			    "22 21 0:21 / /proc rw - proc proc rw\n"
			    "30 21 254:16 / /data rw shared:2 master:3 propagate_from:4 - xfs /dev/vdb rw,attr2\n"
			    "31 21 254:16 /www/site /srv/web rw - xfs /dev/vdb rw\n"
			    "32 21 254:16 /old /srv/old\\040name\\012\\134x rw - xfs /dev/vdb rw\n"
			    "33 30 0:50 / /data/hidden rw - tmpfs tmpfs rw\n"
			    "34 21 254:32 / /cover rw - ext4 /dev/vdc rw\n"
			    "35 34 0:51 / /cover rw - tmpfs tmpfs rw\n"
			    "36 21 254:48 / /a/b rw - ext4 /dev/vdd rw\n"
			    "37 21 0:52 / /a rw - tmpfs tmpfs rw\n"
			    "38 21 0:45 /@home /home rw - btrfs /dev/vde rw,subvol=/@home\n"
			    "39 21 0:53 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/u\n"
			    "40 22 0:4 mnt:[4026531840] /proc/ns rw - nsfs nsfs rw";

static int table_parse(void **state)
{
	static struct sys_mounts mounts;

	*state = &mounts;
	return sys_mounts_parse(table, strlen(table), &mounts);
}

static int table_free(void **state)
{
	sys_mounts_free(*state);
	return 0;
}

static void assert_found(const struct sys_mounts *mounts, uint32_t dev, const char *path, const char *expected)
{
	char ret[PATH_MAX];

	assert_int_equal(sys_mounts_find(mounts, dev, path, ret, sizeof(ret)), 0);
	assert_string_equal(ret, expected);
}

/* The fields, with optional ones in any number, and the last line without a newline. */
static void lines_are_parsed(void **state)
{
	const struct sys_mounts *mounts = *state;

	assert_int_equal(mounts->count, 13);
	assert_int_equal(mounts->mounts[2].dev, VDB);
	assert_string_equal(mounts->mounts[2].type, "xfs");
	assert_string_equal(mounts->mounts[2].options, "rw,attr2");
	assert_string_equal(mounts->mounts[4].target, "/srv/old name\n\\x");
	assert_true(mounts->mounts[0].top);
	assert_false(mounts->mounts[2].top);
}

/* A path inside a file system becomes the path that users know. */
static void paths_are_found(void **state)
{
	assert_found(*state, VDA1, "/usr/lib/libc.so", "/usr/lib/libc.so");
	assert_found(*state, VDA1, "/", "/");
	assert_found(*state, VDB, "/other/file", "/data/other/file");
	assert_found(*state, VDB, "/", "/data");
	assert_found(*state, BTRFS, "/@home/me/x.c", "/home/me/x.c");
	assert_found(*state, 53, "/f", "/merged/f");
}

/* Of several mounts of one file system, the one whose root is nearest to the file; whole names have to match. */
static void nearest_root_wins(void **state)
{
	assert_found(*state, VDB, "/www/site/index.html", "/srv/web/index.html");
	assert_found(*state, VDB, "/www/site", "/srv/web");
	assert_found(*state, VDB, "/www/site2/index.html", "/data/www/site2/index.html");
	assert_found(*state, VDB, "/old/x", "/srv/old name\n\\x/x");
}

/* A file that other mounts hide has no path, rather than the path of another file. */
static void hidden_files_have_no_path(void **state)
{
	char ret[PATH_MAX] = "before";

	assert_int_equal(sys_mounts_find(*state, VDB, "/hidden/x", ret, sizeof(ret)), -ENOENT);
	assert_int_equal(sys_mounts_find(*state, VDA1, "/data/x", ret, sizeof(ret)), -ENOENT);
	assert_int_equal(sys_mounts_find(*state, 254U << 20 | 32, "/x", ret, sizeof(ret)), -ENOENT); /* covered */
	assert_int_equal(sys_mounts_find(*state, 254U << 20 | 48, "/x", ret, sizeof(ret)), -ENOENT); /* below /a */
	assert_int_equal(sys_mounts_find(*state, BTRFS, "/@/x", ret, sizeof(ret)), -ENOENT); /* not mounted */
	assert_int_equal(sys_mounts_find(*state, 4, "mnt:[4026531840]", ret, sizeof(ret)), -ENOENT);
	assert_int_equal(sys_mounts_find(*state, 9 << 20, "/x", ret, sizeof(ret)), -ENOENT);
	assert_int_equal(sys_mounts_find(*state, VDB, "/other/file", ret, 16), -ENAMETOOLONG);
	assert_string_equal(ret, "before");
	assert_found(*state, VDB, "/other/file", "/data/other/file");
}

/* A path leads to the mount that is seen there. */
static void mount_of_walks_down(void **state)
{
	const struct sys_mounts *mounts = *state;

	assert_int_equal(sys_mount_of(mounts, "/data/x")->id, 30);
	assert_int_equal(sys_mount_of(mounts, "/database")->id, 21);
	assert_int_equal(sys_mount_of(mounts, "/data/hidden")->id, 33);
	assert_int_equal(sys_mount_of(mounts, "/cover/x")->id, 35);
	assert_int_equal(sys_mount_of(mounts, "/a/b/c")->id, 37);
	assert_int_equal(sys_mount_of(mounts, "/")->id, 21);
}

/* Lines that are cut off, binary, or out of range are left out; mounts that are each other's parents do no harm. */
static void broken_lines_are_left_out(void **state)
{
	static const char text[] = "\n21 1 254:1 / /\n"
				   "22 1 254:1 / / rw shared:1\n"
				   "23 1 254:1 / / rw - ext4\n"
				   "24 1 9999:1 / / rw - ext4 x rw\n"
				   "25 1 1:99999999 / / rw - ext4 x rw\n"
				   "x 1 1:1 / / rw - ext4 x rw\n"
				   "26 1 1 / / rw - ext4 x rw\n"
				   "27 1 1:1 / relative rw - ext4 x rw\n"
				   "\x01\xff\x80 - - - -\n"
				   "40 41 1:1 / /x rw - ext4 x rw\n"
				   "41 40 1:2 / /x/y\\04 rw - ext4  rw\n";
	struct sys_mounts mounts;

	(void)state;
	assert_int_equal(sys_mounts_parse(text, strlen(text), &mounts), 0);
	assert_int_equal(mounts.count, 2);
	assert_string_equal(mounts.mounts[1].target, "/x/y\\04");
	assert_null(sys_mount_of(&mounts, "/x/y"));
	sys_mounts_free(&mounts);
	assert_int_equal(sys_mounts_parse("", 0, &mounts), 0);
	assert_int_equal(mounts.count, 0);
	sys_mounts_free(&mounts);
}

/* Whole components only. */
static void path_below_compares_components(void **state)
{
	(void)state;
	assert_string_equal(sys_path_below("/a", "/a/b"), "/b");
	assert_string_equal(sys_path_below("/a/", "/a/b"), "/b");
	assert_string_equal(sys_path_below("/", "/a"), "/a");
	assert_string_equal(sys_path_below("/", "/"), "");
	assert_string_equal(sys_path_below("/a", "/a"), "");
	assert_null(sys_path_below("/a", "/ab"));
	assert_null(sys_path_below("/a/b", "/a"));
}

/* On the running system, a file of the root file system is found at its own path. */
static void live_table_is_read(void **state)
{
	const struct sys_mount *mount;
	struct sys_mounts mounts;
	struct stat st;

	(void)state;
	assert_int_equal(sys_mounts_read("", &mounts), 0);
	mount = sys_mount_of(&mounts, "/proc/self");
	assert_non_null(mount);
	assert_string_equal(mount->type, "proc");
	assert_int_equal(stat("/proc", &st), 0);
	assert_int_equal(mount->dev, major(st.st_dev) << 20 | minor(st.st_dev));
	sys_mounts_free(&mounts);
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, table_parse, table_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(lines_are_parsed),
		TABLE_TEST(paths_are_found),
		TABLE_TEST(nearest_root_wins),
		TABLE_TEST(hidden_files_have_no_path),
		TABLE_TEST(mount_of_walks_down),
		cmocka_unit_test(broken_lines_are_left_out),
		cmocka_unit_test(path_below_compares_components),
		cmocka_unit_test(live_table_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
