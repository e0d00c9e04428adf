/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Making a control group for an app, and moving its processes into it while they fork. */
#include "act/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/place_name.h"
#include "act/place_realtime.h"
#include "act/place_systemd.h"
#include "act/place_threads.h"
#include "sys/cgroup_tree.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/text.h"

#define NAME_TRIES 16
#define PASSES_MAX 64
#define QUIET_PASSES 2 /* v1 counts before it lists: who is forked in between can push a member off the end */

bool place_is_agents(const char *name)
{
	size_t len = strlen(PLACE_PREFIX); /* that of a scope is as long */

	if (strncmp(name, PLACE_PREFIX, len) && strncmp(name, PLACE_SCOPE_PREFIX, len))
		return false;
	return name[len] >= '0' && name[len] <= '9'; /* a pid: not "accel-agent.service" */
}

int place_why(char why[PLACE_WHY], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PLACE_WHY, format, args);
	va_end(args);
	return err;
}

int place_why_group(char why[PLACE_WHY], int err, const struct sys_cgroup *group, const char *what)
{
	const char *path = group->directory + group->mount_len;
	char name[PLACE_WHY / 2];

	text_escape(*path ? path : "/", *path ? strlen(path) : 1, name, sizeof(name));
	if (err == -EBUSY)
		return place_why(why, err, "control group %s %s", name, what);
	return place_why(why, err, "control group %s %s: %s", name, what, strerror(-err));
}

/* Opens the group above one that is there, and still is the one it was. */
static int open_above(const struct sys_cgroup *group, struct sys_cgroup *ret_parent)
{
	const char *slash = strrchr(group->directory + group->mount_len, '/');
	cleanup_close int fd = -1, same = -1;
	struct sys_cgroup parent = *group;
	uint64_t id;
	int err;

	if (!sys_cgroup_up(&parent))
		return -EBUSY;
	fd = sys_cgroup_open(&parent);
	err = fd < 0 ? fd : sys_cgroup_id_at(fd, &parent.id);
	if (err)
		return err;
	same = openat(fd, slash + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	err = same < 0 ? -errno : sys_cgroup_id_at(same, &id);
	if (err)
		return err;
	if (id != group->id)
		return -ENOENT;
	*ret_parent = parent;
	err = fd;
	fd = -1;
	return err;
}

/* Opens where a group of ours goes: home, or the group above it. */
static int open_parent(const struct place *place, struct sys_cgroup *ret_parent)
{
	struct sys_cgroup parent = place->group;
	int fd;

	if (!sys_cgroup_up(&parent))
		return -EINVAL;
	if (strcmp(parent.directory, place->home.directory))
		return open_above(&place->home, ret_parent);
	fd = sys_cgroup_open(&place->home);
	if (fd >= 0)
		*ret_parent = place->home;
	return fd;
}

static int enable_controller(const struct sys_cgroup *parent, int fd, const char *controller, struct journal *journal,
			     char why[PLACE_WHY])
{
	char text[32];
	bool enabled;
	int err;

	err = sys_cgroup_lists(fd, "cgroup.subtree_control", controller, &enabled);
	if (err)
		return place_why_group(why, err, parent, "cannot be read");
	if (enabled)
		return 0;
	err = journal_controller(journal, parent->directory, parent->id, controller);
	if (err)
		return place_why(why, err, "the journal cannot be written: %s", strerror(-err));
	snprintf(text, sizeof(text), "+%s", controller);
	err = sys_cgroup_write(fd, "cgroup.subtree_control", text);
	if (err == -EBUSY)
		return place_why_group(why, err, parent,
				       "has processes itself, so it cannot give its groups the controller");
	return err ? place_why_group(why, err, parent, "cannot give its groups the controller") : 0;
}

/* Until both are set, a v1 cpuset takes no process. */
static int fill_cpuset(int home, int group)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char value[4096];
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(files) / sizeof(files[0]); i++) {
		err = sys_cgroup_line(home, files[i], value, sizeof(value));
		if (!err)
			err = sys_cgroup_write(group, files[i], value);
	}
	return err;
}

/* Makes the folder under the first name that is free; made for this process only, so that undoing finds no stranger. */
static int make_folder(struct place *place, int parent, struct journal *journal, char why[PLACE_WHY])
{
	char directory[PATH_MAX];
	const char *name = strrchr(place->group.directory, '/') + 1 - place->group.directory + directory;
	struct stat st;
	int tries, err;

	for (tries = 1; tries <= NAME_TRIES; tries++) {
		char suffix[8] = "";

		if (tries > 1)
			snprintf(suffix, sizeof(suffix), ".%d", tries);
		err = sys_path(directory, sizeof(directory), place->group.directory, "%s", suffix);
		if (err)
			return place_why(why, err, "its control group lies too deep");
		if (!fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		err = journal_group(journal, directory, place->home.directory, place->home.id);
		if (err)
			return place_why(why, err, "the journal cannot be written: %s", strerror(-err));
		if (!mkdirat(parent, name, 0755)) {
			strcpy(place->group.directory, directory);
			return 0;
		}
		if (errno != EEXIST)
			return place_why(why, -errno, "no control group can be made: %s", strerror(errno));
	}
	return place_why(why, -EBUSY, "all names for a control group are taken");
}

static int make_group(struct place *place, int parent, const char *controller, struct journal *journal,
		      char why[PLACE_WHY])
{
	cleanup_close int fd = -1;
	int err;

	err = make_folder(place, parent, journal, why);
	if (err)
		return err;
	fd = sys_cgroup_open(&place->group);
	err = fd < 0 ? fd : sys_cgroup_id_at(fd, &place->group.id);
	if (!err && !place->group.v2 && !strcmp(controller, "cpuset"))
		err = fill_cpuset(parent, fd);
	if (!err && !place->group.v2)
		place_realtime(parent, fd);
	if (!err)
		return 0;
	unlinkat(parent, strrchr(place->group.directory, '/') + 1, AT_REMOVEDIR);
	return place_why(why, err, "the new control group cannot be used: %s", strerror(-err));
}

/* Whether v2 gives the group the controller. */
static int is_given(const struct sys_cgroup *group, const char *controller, bool *ret)
{
	cleanup_close int fd = sys_cgroup_open(group);

	return fd < 0 ? fd : sys_cgroup_lists(fd, "cgroup.controllers", controller, ret);
}

int place_enable(const struct place *place, const char *controller, struct journal *journal, char why[PLACE_WHY])
{
	cleanup_close int fd = -1;
	struct sys_cgroup parent;
	bool given = true;
	int err;

	err = place->group.v2 ? is_given(&place->group, controller, &given) : 0;
	if (!err && given)
		return 0;
	if (!err && place->systemd)
		return place_systemd_enable(place, controller, journal, why);
	fd = err ? err : open_above(&place->group, &parent);
	if (fd < 0)
		return place_why(why, fd, "its control group is not what it was: %s", strerror(-fd));
	return enable_controller(&parent, fd, controller, journal, why);
}

int place_make(struct place *place, const char *controller, struct journal *journal, char why[PLACE_WHY])
{
	cleanup_close int fd = -1;
	struct sys_cgroup parent;
	struct place made;
	int err;

	if (!place->ours)
		return place_enable(place, controller, journal, why);
	if (place->systemd)
		return place_systemd_make(place, journal, why);
	fd = open_parent(place, &parent);
	if (fd < 0)
		return place_why(why, fd, "its control group is not what it was: %s", strerror(-fd));
	err = parent.v2 ? enable_controller(&parent, fd, controller, journal, why) : 0;
	if (err)
		return err;
	made = *place;
	err = make_group(&made, fd, controller, journal, why);
	if (err)
		return err;
	made.prepared = true;
	*place = made;
	return 0;
}

/* The kernel takes one pid a write. */
static int move_pid(int group, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	return sys_cgroup_write(group, "cgroup.procs", text);
}

/* Moves a process, which may end meanwhile: if its pid then belongs to a stranger, that one goes back. */
static int move_process(const struct place *place, int group, int home, pid_t pid, place_member member, void *context)
{
	bool apart = false;
	int err;

	err = place->group.v2 ? 0 : place_threads(place->root, pid, place->home.controller, &apart);
	if (!err && apart)
		err = -EXDEV;
	if (!err)
		err = move_pid(group, pid);
	if (err || !member || member(context, pid))
		return err;
	err = move_pid(home, pid);
	return err ? err : -ESRCH;
}

int place_move(const struct place *place, pid_t pid, place_member member, void *context)
{
	cleanup_close int group = sys_cgroup_open(&place->group), home = -1;

	if (group < 0)
		return group;
	/* for one who is to go back; without it, nobody is moved whose pid might be another's */
	home = member ? sys_cgroup_open(&place->home) : -1;
	return member && home < 0 ? home : move_process(place, group, home, pid, member, context);
}

struct move {
	const struct place *place;
	int group; /* place->group */
	place_member member;
	void *context;
	size_t found, moved; /* in this pass */
	bool missed; /* somebody in the list ended before we looked: it may have been a member, and have a child */
	int refused; /* the first error of a process that is there and was not moved */
};

static bool has_ended(pid_t pid)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return errno == ESRCH;
	return poll(&ended, 1, 0) > 0;
}

/* One pass over home. Returns 0 or -errno: home cannot be read. */
static int move_pass(struct move *move, int home)
{
	cleanup_free pid_t *pids = NULL;
	size_t n, i;
	int err = sys_cgroup_pids(home, &pids, &n);

	if (err)
		return err == -ENOENT ? 0 : err;
	for (i = 0; i < n; i++) {
		if (!pids[i])
			continue;
		if (!move->member(move->context, pids[i])) {
			move->missed = move->missed || has_ended(pids[i]);
			continue;
		}
		err = move_process(move->place, move->group, home, pids[i], move->member, move->context);
		if (err == -ENOENT) /* the group itself is gone */
			return err;
		if (err == -EXDEV) /* its threads stay where they are, in every pass */
			continue;
		move->found++;
		if (!err)
			move->moved++;
		else if (err != -ESRCH && !move->refused)
			move->refused = err;
	}
	return 0;
}

int place_move_members(const struct place *place, place_member member, void *context)
{
	cleanup_close int home = sys_cgroup_open(&place->home), group = sys_cgroup_open(&place->group);
	struct move move = { .place = place, .group = group, .member = member, .context = context };
	int passes, quiet = 0, err;
	size_t total = 0;

	if (home < 0 || group < 0)
		return home < 0 ? home : group;
	if (place->home.id == place->group.id)
		return 0;
	for (passes = 0; passes < PASSES_MAX && quiet < QUIET_PASSES; passes++) {
		move.found = 0;
		move.moved = 0;
		move.refused = 0;
		move.missed = false;
		err = move_pass(&move, home);
		if (err)
			return err;
		total += move.moved;
		quiet = move.found || move.missed ? 0 : quiet + 1;
		if (move.refused && !move.moved)
			break;
	}
	log_debug("moved %zu processes to %s in %d passes", total, place->group.directory, passes);
	if (move.refused)
		return move.refused;
	return move.found ? -EAGAIN : (int)total;
}
