/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where an app's control group is, or could be made: looks, and changes nothing. */
#include "act/place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "act/place_escape.h"
#include "act/place_name.h"
#include "act/place_systemd.h"
#include "sys/cgroup_tree.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

struct search {
	const struct place_rules *rules;
	const char *controller; /* as v2 calls it */
	place_member member;
	void *context;
	char *why;
};

/* Whether a v1 directory is of the controller: they are called "cpu", or "cpu,cpuacct" where several share one. */
static bool names_controller(const char *directory, const char *controller)
{
	struct span rest = { directory, strlen(directory) }, piece;

	while (span_next(&rest, ',', &piece)) {
		if (span_equals(piece, controller))
			return true;
	}
	return false;
}

/* Writes the folder of a controller's v1 hierarchy below the settings' cgroup root; not the links that stand for it. */
static int find_v1_folder(const char *cgroups, const char *controller, char *ret, size_t size)
{
	cleanup_dir DIR *dir = opendir(cgroups);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_LNK && names_controller(entry->d_name, controller))
			return sys_path(ret, size, cgroups, "/%s", entry->d_name);
	}
	return -ENOENT;
}

/* What lies at path below the settings' cgroup root, which no mount table here tells anything about. */
static int find_below(const struct place_rules *rules, const char *path, bool v2, const char *controller,
		      struct sys_cgroup *ret)
{
	cleanup_free char *cgroups = NULL;
	struct sys_cgroup found = { .v2 = v2 };
	cleanup_close int fd = -1;
	char folder[PATH_MAX];
	struct statfs fs;
	int err;

	err = sys_path(folder, sizeof(folder), rules->root, "%s", rules->cgroup_root);
	if (err)
		return err;
	cgroups = realpath(folder, NULL); /* the setting may name a link, and no other part of a path is one */
	if (!cgroups)
		return -errno;
	err = v2 ? sys_path(folder, sizeof(folder), cgroups, "%s", "") :
		   find_v1_folder(cgroups, controller, folder, sizeof(folder));
	if (!err)
		err = sys_path(found.directory, sizeof(found.directory), folder, "%s", strcmp(path, "/") ? path : "");
	if (err)
		return err;
	found.mount_len = strlen(folder);
	if (!v2)
		snprintf(found.controller, sizeof(found.controller), "%s", controller);
	fd = open(found.directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* the files of another root are on whatever file system they were put on */
	if (!*rules->root && (fstatfs(fd, &fs) < 0 || fs.f_type != (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC)))
		return -EXDEV;
	*ret = found;
	return 0;
}

static bool is_kubernetes(const char *path)
{
	struct span rest = { path, strlen(path) }, piece;

	while (span_next(&rest, '/', &piece)) {
		if (span_starts(piece, PLACE_KUBERNETES))
			return true;
	}
	return false;
}

static int find_home(const struct search *s, pid_t pid, struct sys_cgroup *ret)
{
	const char *controller = strcmp(s->controller, "io") ? s->controller : "blkio";
	char path[PATH_MAX];
	bool v2;
	int err;

	err = sys_cgroup_path(s->rules->root, pid, controller, path, &v2);
	if (err == -ENOENT)
		return place_why(s->why, err, "no hierarchy here has the controller \"%s\"", s->controller);
	if (err == -ESRCH)
		return place_why(s->why, err, "process %d is gone", pid);
	if (err == -EINVAL)
		return place_why(s->why, err, "its control group is outside of what this container shows");
	if (!err && is_kubernetes(path) && !s->rules->kubepods)
		return place_why(s->why, -EPERM,
				 "its control group belongs to Kubernetes, and the settings do not allow to touch it");
	if (!err && s->rules->cgroup_root)
		err = find_below(s->rules, path, v2, controller, ret);
	else if (!err)
		err = sys_cgroup_mounted(s->rules->root, path, v2, controller, ret);
	if (err == -ENOENT)
		return place_why(s->why, err, "its control group for \"%s\" is not mounted here, or gone",
				 s->controller);
	if (err == -EXDEV)
		return place_why(s->why, err, "the settings' cgroup root leads to something else than cgroupfs");
	return err ? place_why(s->why, err, "its control group cannot be found: %s", strerror(-err)) : 0;
}

static int check_writable(const struct search *s, int home)
{
	struct statvfs fs;
	int err = 0;

	if (!fstatvfs(home, &fs) && fs.f_flag & ST_RDONLY)
		err = -EROFS;
	else if (faccessat(home, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		err = -errno;
	if (err == -EROFS)
		return place_why(s->why, err, "cgroupfs is mounted read-only here: report only");
	if (err == -EACCES)
		return place_why(s->why, err, "its control group may not be changed by this user");
	return err ? place_why(s->why, err, "its control group cannot be changed: %s", strerror(-err)) : 0;
}

struct census {
	const struct search *search;
	bool members, strangers;
};

static int count_group(void *context, int dirfd, const char *name)
{
	struct census *census = context;
	cleanup_free pid_t *pids = NULL;
	size_t n, i;
	int err = sys_cgroup_pids(dirfd, &pids, &n);

	(void)name;
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	for (i = 0; i < n && !census->strangers; i++) {
		/* one that this namespace does not show is not the app's */
		if (pids[i] && census->search->member(census->search->context, pids[i]))
			census->members = true;
		else
			census->strangers = true;
	}
	return census->strangers ? -EEXIST : 0; /* one is enough */
}

/* Whether nobody but the app is in home and below; more groups than can be looked through hide strangers. */
static int is_alone(const struct search *s, int home, bool *ret)
{
	struct census census = { .search = s };
	int err = sys_cgroup_walk(home, count_group, &census);

	if (err && err != -EEXIST && err != -E2BIG)
		return place_why(s->why, err, "its control group cannot be read: %s", strerror(-err));
	*ret = !err && census.members;
	return 0;
}

/* In v2 processes and groups with controllers exclude each other, but in the root. */
static int check_parent(const struct search *s, const struct sys_cgroup *parent, int fd)
{
	cleanup_free pid_t *pids = NULL;
	bool enabled, root;
	size_t n;
	int err;

	err = sys_cgroup_is_root(fd, true, &root);
	if (err)
		return place_why_group(s->why, err, parent, "cannot be read");
	err = sys_cgroup_lists(fd, "cgroup.subtree_control", s->controller, &enabled);
	if (!err && enabled)
		return 0;
	if (!err)
		err = sys_cgroup_lists(fd, "cgroup.controllers", s->controller, &enabled);
	if (err)
		return place_why_group(s->why, err, parent, "cannot be read");
	if (!enabled && root)
		return place_why(s->why, -ENOENT, "no hierarchy here has the controller \"%s\"", s->controller);
	if (!enabled)
		return place_why_group(s->why, -EBUSY, parent, "was not given the controller");
	err = root ? 0 : sys_cgroup_pids(fd, &pids, &n);
	if (err)
		return place_why_group(s->why, err, parent, "cannot be read");
	return !root && n ? place_why_group(s->why, -EBUSY, parent,
					    "has processes itself, so it cannot give its groups the controller") :
			    0;
}

/* In v2 the group above decides: the agent's group would be made there, the controller enabled there. */
static int check_v2(const struct search *s, const struct place *place, int home, bool root)
{
	struct sys_cgroup parent = place->home;
	cleanup_close int fd = -1;
	const char *escaped;
	char type[32];
	bool given;
	int err;

	if (root)
		return place->systemd ? place_systemd_controller(&parent, s->controller, s->why) :
					check_parent(s, &parent, home);
	err = sys_cgroup_line(home, "cgroup.type", type, sizeof(type));
	/* a "domain threaded" group is a group like others as long as nobody is taken out of it */
	if (err || (strcmp(type, "domain") && (place->ours || strcmp(type, "domain threaded"))))
		return place_why_group(s->why, -EBUSY, &parent, "is a threaded group");
	if (!place->ours) {
		err = sys_cgroup_lists(home, "cgroup.controllers", s->controller, &given);
		if (err)
			return place_why_group(s->why, err, &parent, "cannot be read");
		if (given)
			return 0;
	} else {
		/* every unit has a limit on tasks, which a scope of ours then has as well */
		err = place_escape(home, place->systemd ? "pids.max" : NULL, &escaped);
		if (err)
			return place_why_group(s->why, err, &parent, "cannot be searched for limits");
		if (escaped)
			return place_why(s->why, -EBUSY, "its control group has a limit (%s) that it would escape",
					 escaped);
	}
	if (place->systemd) /* who takes care of all groups above */
		return place_systemd_controller(&parent, s->controller, s->why);
	if (!sys_cgroup_up(&parent))
		return place_why(s->why, -EBUSY, "the group above this container's own is out of reach");
	fd = sys_cgroup_open(&parent);
	if (fd < 0)
		return place_why_group(s->why, fd, &parent, "cannot be opened");
	return check_parent(s, &parent, fd);
}

/* The place where a group of ours goes, and its name. */
static int name_group(const struct search *s, struct place *place, const char *name, bool root)
{
	struct sys_cgroup parent = place->home;

	if (parent.v2 && !root)
		sys_cgroup_up(&parent);
	place->group = parent;
	place->group.id = 0;
	if (sys_path(place->group.directory, sizeof(place->group.directory), parent.directory,
		     place->systemd ? "/" PLACE_SCOPE : "/" PLACE_PREFIX "%d.%s", getpid(), name))
		return place_why(s->why, -ENAMETOOLONG, "its control group lies too deep");
	return 0;
}

/* Writes into place, which the caller hands on only if all went well. */
static int find(const struct search *s, pid_t pid, const char *name, struct place *place)
{
	cleanup_close int home = -1;
	bool root, alone = false;
	int err;

	err = find_home(s, pid, &place->home);
	if (err)
		return err;
	home = sys_cgroup_open(&place->home);
	err = home < 0 ? home : sys_cgroup_id_at(home, &place->home.id);
	if (!err)
		err = sys_cgroup_is_root(home, place->home.v2, &root);
	if (err)
		return place_why(s->why, err, "its control group cannot be opened: %s", strerror(-err));
	err = check_writable(s, home);
	if (!err && !root)
		err = is_alone(s, home, &alone);
	if (err)
		return err;
	place->root = s->rules->root;
	place->ours = !alone;
	place->group = place->home;
	err = place_systemd_find(s->rules->root, &place->home, place->ours, &place->systemd, s->why);
	if (err)
		return err;
	err = place->home.v2 ? check_v2(s, place, home, root) : 0;
	return err || alone ? err : name_group(s, place, name, root);
}

int place_find(const struct place_rules *rules, const char *controller, pid_t pid, const char *name,
	       place_member member, void *context, struct place *ret, char why[PLACE_WHY])
{
	const struct search search = { rules, controller, member, context, why };
	struct place *place;
	size_t len = strlen(name), i;
	int err;

	for (i = 0; i < len && (isalnum((unsigned char)name[i]) || name[i] == '-'); i++)
		;
	if (!len || len > PLACE_NAME_MAX || i < len)
		return place_why(why, -EINVAL, "no name for a control group: letters, digits and '-'");
	place = calloc(1, sizeof(*place));
	if (!place)
		return place_why(why, -ENOMEM, "out of memory");
	err = find(&search, pid, name, place);
	if (!err)
		*ret = *place;
	free(place);
	return err;
}
