/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Moving processes into a group while they fork, in a folder of our own that stands for cgroupfs. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place.h"

static char root[64];
static int moves; /* what is written to the group's cgroup.procs comes out here: it is a FIFO */

/* Moving is in the journal already. */
int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal;
	(void)directory;
	(void)home;
	(void)home_id;
	fail();
	return -EIO;
}

int journal_scope(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	(void)journal, (void)directory, (void)home, (void)home_id;
	fail();
	return -EIO;
}

int journal_unit(struct journal *journal, const char *directory, const char *file, const char *old, const char *ours)
{
	(void)journal, (void)directory, (void)file, (void)old, (void)ours;
	fail();
	return -EIO;
}

int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller)
{
	(void)journal;
	(void)directory;
	(void)id;
	(void)controller;
	fail();
	return -EIO;
}

static const char *at(const char *path)
{
	static char full[4][PATH_MAX];
	static unsigned int next;
	char *ret = full[next++ % 4];

	snprintf(ret, sizeof(full[0]), "%s%s", root, path);
	return ret;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(at(path), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_text(const char *path, const char *expected)
{
	FILE *f = fopen(at(path), "r");
	char text[256];
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_string_equal(text, expected);
}

static int tree_make(void **state)
{
	static struct place place;

	strcpy(root, "/tmp/accel-agent-test-XXXXXX");
	if (!mkdtemp(root) || mkdir(at("/home"), 0755) || mkdir(at("/home/accel-agent.1.a"), 0755) ||
	    mkfifo(at("/home/accel-agent.1.a/cgroup.procs"), 0600))
		return -1;
	moves = open(at("/home/accel-agent.1.a/cgroup.procs"), O_RDWR | O_NONBLOCK);
	memset(&place, 0, sizeof(place));
	place.root = root;
	place.ours = true;
	place.home.mount_len = strlen(root);
	strcpy(place.home.controller, "cpu");
	strcpy(place.home.directory, at("/home"));
	place.group = place.home;
	strcpy(place.group.directory, at("/home/accel-agent.1.a"));
	*state = &place;
	return moves < 0 || sys_cgroup_id(place.home.directory, &place.home.id) ||
	       sys_cgroup_id(place.group.directory, &place.group.id);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int tree_remove(void **state)
{
	(void)state;
	close(moves);
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void assert_moved(const char *expected)
{
	char text[4096];
	ssize_t n = read(moves, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, expected);
}

/* One write with the pid; not into another group that has taken the name. */
static void move_writes_the_pid(void **state)
{
	struct place *place = *state;

	assert_int_equal(place_move(place, 4711, NULL, NULL), 0);
	assert_moved("4711\n");
	assert_int_equal(rename(at("/home/accel-agent.1.a"), at("/home/moved")), 0);
	assert_int_equal(place_move(place, 4711, NULL, NULL), -ENOENT);
	assert_int_equal(mkdir(at("/home/accel-agent.1.a"), 0755), 0);
	put("/home/accel-agent.1.a/cgroup.procs", "");
	assert_int_equal(place_move(place, 4711, NULL, NULL), -ENOENT);
	assert_text("/home/accel-agent.1.a/cgroup.procs", "");
}

#define MEMBER 5000000 /* the app's pids begin here: no process of this machine has one */

/* Stands for the kernel: pids leave home when they were moved, and fork while they are. */
struct app {
	const char *next[80]; /* what home's cgroup.procs says after each pass, before this process's own pid */
	unsigned int passes; /* seen so far */
	pid_t reused; /* a member when it is looked up, and another process after it was moved */
	unsigned int lookups; /* of that */
};

static void put_home(const char *pids)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%d\n", pids, getpid());
	put("/home/cgroup.procs", text);
}

static bool is_member(void *context, pid_t pid)
{
	struct app *app = context;

	if (pid == getpid() && app->next[app->passes])
		put_home(app->next[app->passes]);
	app->passes += pid == getpid();
	if (pid == app->reused)
		return app->lookups++ == 0;
	return pid >= MEMBER;
}

/* Who is no member any more once it was moved has the pid of one who ended: it goes home. */
static void move_returns_a_stranger(void **state)
{
	struct place *place = *state;
	struct app app = { .reused = 5000000 };

	put("/home/cgroup.procs", "");
	assert_int_equal(place_move(place, 5000001, is_member, &app), 0);
	assert_moved("5000001\n");
	assert_text("/home/cgroup.procs", "");
	app.lookups = 1;
	assert_int_equal(place_move(place, 5000000, is_member, &app), -ESRCH);
	assert_moved("5000000\n");
	assert_text("/home/cgroup.procs", "5000000\n");
	place->home.id++;
	assert_int_equal(place_move(place, 5000001, is_member, &app), -ENOENT); /* it could not go back */
	assert_moved("");
}

static void put_thread(const char *pid, const char *thread, const char *text)
{
	char path[128];

	mkdir(at("/proc"), 0755);
	snprintf(path, sizeof(path), "/proc/%s", pid);
	mkdir(at(path), 0755);
	strcat(path, "/task");
	mkdir(at(path), 0755);
	snprintf(path, sizeof(path), "/proc/%s/task/%s", pid, thread);
	mkdir(at(path), 0755);
	strcat(path, "/cgroup");
	put(path, text);
}

/* v1: threads in groups of their own stay in them, whether their process is to be moved or is one of many. */
static void move_leaves_threads_in_their_groups(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { NULL } };

	put_thread("5000000", "5000000", "1:cpu:/home\n");
	put_thread("5000000", "5000002", "1:cpu:/home/vcpu0\n");
	put_thread("5000001", "5000001", "1:cpu:/home\n");
	put_thread("5000001", "5000003", "1:cpu:/home\n");
	assert_int_equal(place_move(place, 5000000, NULL, NULL), -EXDEV);
	assert_moved("");
	app.next[0] = "5000000\n";
	put_home("5000000\n5000001\n");
	assert_int_equal(place_move_members(place, is_member, &app), 1);
	assert_moved("5000001\n");
	assert_int_equal(app.passes, 3); /* those who stay do not count as found */
	place->group.v2 = true; /* which has no such threads outside of threaded groups */
	assert_int_equal(place_move(place, 5000000, NULL, NULL), 0);
}

/* Children that were forked while their parents were moved are moved by the next pass, strangers are not. */
static void move_members_follows_forks(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { "5000002\n", "5000003\n", "" } };

	put_home("5000000\n5000001\n");
	assert_int_equal(mkdir(at("/home/below"), 0755), 0);
	put("/home/below/cgroup.procs", "");
	assert_int_equal(place_move_members(place, is_member, &app), 4);
	assert_moved("5000000\n5000001\n5000002\n5000003\n");
	assert_int_equal(place_move_members(place, is_member, &app), 0);
	assert_moved("");
}

/* One who ended before it was looked up may have been a member, with a child that only the next pass shows. */
static void move_members_minds_who_ended(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { NULL, NULL, "" } };
	pid_t child = fork();
	char pids[32];

	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(pids, sizeof(pids), "%d\n", child);
	put_home(pids);
	assert_int_equal(place_move_members(place, is_member, &app), 0);
	assert_int_equal(app.passes, 5); /* three with it, and two that find nobody */
}

/* Who is in a group below home stays there: it may have limits of its own. */
static void move_members_leaves_groups_below(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { NULL } };

	put("/home/cgroup.procs", "");
	assert_int_equal(mkdir(at("/home/below"), 0755), 0);
	put("/home/below/cgroup.procs", "5000000\n");
	assert_int_equal(place_move_members(place, is_member, &app), 0);
	assert_moved("");
}

/* What cannot be moved for good is not tried for ever. The file that stands for the kernel's keeps its pid. */
static void move_members_ends(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { NULL } };

	put("/home/cgroup.procs", "5000000\n0\n");
	app.passes = -1000;
	assert_int_equal(place_move_members(place, is_member, &app), -EAGAIN);
}

/* A process that ended meanwhile, and whose pid is another's now, goes back to where it was. */
static void move_members_returns_strangers(void **state)
{
	const struct timespec never[2] = { { 0 }, { 0 } };
	struct place *place = *state;
	struct app app = { .reused = getpid() };
	char expected[32];
	struct stat st;

	put_home("");
	assert_int_equal(utimensat(AT_FDCWD, at("/home/cgroup.procs"), never, 0), 0);
	assert_int_equal(place_move_members(place, is_member, &app), 0);
	snprintf(expected, sizeof(expected), "%d\n", getpid());
	assert_moved(expected);
	assert_text("/home/cgroup.procs", expected);
	assert_int_equal(stat(at("/home/cgroup.procs"), &st), 0);
	assert_true(st.st_mtime != 0); /* written to */
	assert_int_equal(app.lookups, 4); /* before and after it was moved, and in two passes that find nobody */
}

/* What the kernel refuses is told, after all passes that could move somebody. */
static void move_members_tells_refusals(void **state)
{
	struct place *place = *state;
	struct app app = { .next = { NULL } };

	assert_int_equal(remove(at("/home/accel-agent.1.a/cgroup.procs")), 0);
	put("/home/cgroup.procs", "5000000\n");
	assert_int_equal(place_move_members(place, is_member, &app), -ENOENT); /* the group is of no use */
	assert_int_equal(symlink("/dev/full", at("/home/accel-agent.1.a/cgroup.procs")), 0);
	assert_int_equal(place_move_members(place, is_member, &app), -ELOOP); /* no link is followed */
	put("/home/cgroup.procs", "garbage\n");
	assert_int_equal(place_move_members(place, is_member, &app), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(move_writes_the_pid, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_returns_a_stranger, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_leaves_threads_in_their_groups, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_follows_forks, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_minds_who_ended, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_leaves_groups_below, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_ends, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_returns_strangers, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(move_members_tells_refusals, tree_make, tree_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
