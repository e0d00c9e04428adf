/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A control group for an app where systemd manages them: a scope of its own, or the unit that it is alone in. */
#include "act/place_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "act/place_name.h"
#include "act/systemd.h"
#include "sys/cgroup_tree.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define NAME_TRIES 16
#define ENABLE_TRIES 500
#define NAP_NS 2000000L

static int why_systemd(char why[PLACE_WHY], int err)
{
	if (err == -ENOSYS)
		return place_why(why, err,
				 "systemd manages this control group, and cannot be talked to without libsystemd");
	return place_why(why, err, "systemd manages this control group, and cannot be asked: %s", strerror(-err));
}

int place_systemd_find(const char *root, const struct sys_cgroup *home, bool ours, bool *ret, char why[PLACE_WHY])
{
	char version[SYSTEMD_VERSION_MAX], unit[SYSTEMD_UNIT_MAX];
	enum systemd_above above;
	int err;

	*ret = false;
	if (!home->v2 || !systemd_runs(root))
		return 0;
	above = systemd_above(home);
	if (above == SYSTEMD_ABOVE_UNIT)
		return place_why_group(why, -EBUSY, home, "is inside a unit of systemd that was not delegated");
	if (above != SYSTEMD_ABOVE_SLICE || (!ours && systemd_unit_name(home->directory, unit)))
		return 0;
	err = systemd_version(version);
	if (err)
		return why_systemd(why, err);
	*ret = true;
	return 0;
}

int place_systemd_controller(const struct sys_cgroup *home, const char *controller, char why[PLACE_WHY])
{
	struct sys_cgroup top = *home;
	cleanup_close int fd = -1;
	bool listed;
	int err;

	top.directory[top.mount_len] = '\0';
	top.id = 0;
	fd = sys_cgroup_open(&top);
	err = fd < 0 ? fd : sys_cgroup_lists(fd, "cgroup.controllers", controller, &listed);
	if (err)
		return place_why_group(why, err, &top, "cannot be read");
	return listed ? 0 : place_why(why, -ENOENT, "no hierarchy here has the controller \"%s\"", controller);
}

/* --- a scope --- */

/*
 * Ends with its parent, and with SIGTERM, for which systemd would otherwise wait. Holds nothing of it: a file that
 * stays open here would keep the lock of the journal.
 */
static void __attribute__((noreturn)) sleep_for(pid_t parent)
{
	static const int usual[] = { SIGTERM, SIGINT, SIGHUP };
	sigset_t none;
	size_t i;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_NAME, "accel-scope");
	if (syscall(SYS_close_range, 0, ~0U, 0)) /* since 5.9 */
		for (fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd >= 0; fd--)
			close(fd);
	for (;;)
		pause();
}

static pid_t start_sleeper(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		sleep_for(parent);
	return pid < 0 ? -errno : pid;
}

static int name_scope(const struct place *place, int number, char ret[PATH_MAX])
{
	static const char suffix[] = ".scope";
	size_t len = strlen(place->group.directory) - strlen(suffix);

	if (number == 1)
		return sys_path(ret, PATH_MAX, place->group.directory, "%s", "");
	return sys_path(ret, PATH_MAX, "", "%.*s-%d%s", (int)len, place->group.directory, number, suffix);
}

/* The limit that home has, so that it is not escaped: systemd's default for scopes is another one. */
static int read_tasks(const struct sys_cgroup *home, uint64_t *ret)
{
	cleanup_close int fd = sys_cgroup_open(home);
	char line[32];
	int err = fd < 0 ? fd : sys_cgroup_line(fd, "pids.max", line, sizeof(line));

	if (err == -ENOENT || (!err && !strcmp(line, "max"))) {
		*ret = UINT64_MAX;
		return 0;
	}
	return err ? err : parse_u64((struct span){ line, strlen(line) }, UINT64_MAX - 1, ret);
}

/* Starts a scope under the first name that is free. */
static int start_scope(struct place *place, const char *slice, pid_t sleeper, struct journal *journal,
		       char why[PLACE_WHY])
{
	char directory[PATH_MAX], group[PATH_MAX];
	uint64_t tasks;
	struct stat st;
	int number, err;

	err = read_tasks(&place->home, &tasks);
	if (err)
		return place_why_group(why, err, &place->home, "cannot be read");
	for (number = 1; number <= NAME_TRIES; number++) {
		if (name_scope(place, number, directory))
			return place_why(why, -ENAMETOOLONG, "its control group lies too deep");
		if (!lstat(directory, &st))
			continue;
		err = journal_scope(journal, directory, place->home.directory, place->home.id);
		if (err)
			return place_why(why, err, "the journal cannot be written: %s", strerror(-err));
		err = systemd_start_scope(strrchr(directory, '/') + 1, slice, sleeper, tasks, group);
		if (err == -EEXIST)
			continue;
		if (err)
			return place_why(why, err, "systemd could not start a scope in %s: %s", slice, strerror(-err));
		if (strcmp(group, directory + place->group.mount_len))
			return place_why(why, -EXDEV, "systemd shows its control groups elsewhere");
		strcpy(place->group.directory, directory);
		return 0;
	}
	return place_why(why, -EBUSY, "all names for a scope are taken");
}

int place_systemd_make(struct place *place, struct journal *journal, char why[PLACE_WHY])
{
	struct sys_cgroup parent = place->group;
	char slice[SYSTEMD_UNIT_MAX];
	cleanup_close int fd = -1;
	struct place made = *place;
	pid_t sleeper;
	int err;

	if (!sys_cgroup_up(&parent) || systemd_slice_name(&parent, slice))
		return place_why(why, -EINVAL, "its control group is in no slice");
	sleeper = start_sleeper();
	if (sleeper < 0)
		return place_why(why, sleeper, "no process can be started: %s", strerror(-sleeper));
	err = start_scope(&made, slice, sleeper, journal, why);
	if (!err) {
		fd = sys_cgroup_open(&made.group);
		err = fd < 0 ? fd : sys_cgroup_id_at(fd, &made.group.id);
		if (err)
			place_why(why, err, "the new scope cannot be used: %s", strerror(-err));
	}
	if (err) {
		kill(sleeper, SIGKILL); /* the scope, if there is one, goes with it */
		waitpid(sleeper, NULL, 0);
		return err;
	}
	made.prepared = true;
	*place = made;
	return 0;
}

/* --- a unit's controllers --- */

/*
 * systemd gives a unit a controller once something is set there that needs it; these are what is there without. What is
 * set already stays: the controller is on its way then.
 */
static int set_normal(const char *unit, const struct sys_cgroup *group, const char *file, const char *normal,
		      struct journal *journal)
{
	const struct systemd_property *p = systemd_property(file);
	char old[SYSTEMD_TEXT], text[SYSTEMD_TEXT], unset[SYSTEMD_TEXT];
	int err;

	err = systemd_from_file(p, normal, text);
	if (!err)
		err = systemd_number_print(p, UINT64_MAX, unset);
	if (!err)
		err = systemd_read(unit, file, old);
	if (err || strcmp(old, unset))
		return err;
	err = journal_unit(journal, group->directory, file, old, text);
	return err ? err : systemd_write(unit, file, text);
}

static bool is_given(const struct sys_cgroup *group, const char *controller)
{
	cleanup_close int fd = sys_cgroup_open(group);
	bool given = false;

	return fd >= 0 && !sys_cgroup_lists(fd, "cgroup.controllers", controller, &given) && given;
}

int place_systemd_enable(const struct place *place, const char *controller, struct journal *journal,
			 char why[PLACE_WHY])
{
	static const struct {
		const char *controller, *file, *normal;
	} rows[] = {
		{ "cpu", "cpu.weight", "100" },
		{ "io", "io.weight", "default 100" },
	};
	const struct timespec nap = { .tv_nsec = NAP_NS };
	char unit[SYSTEMD_UNIT_MAX];
	size_t i;
	int tries, err = -EBUSY;

	if (systemd_unit_name(place->group.directory, unit))
		return place_why(why, -EINVAL, "its control group is no unit's");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].controller, controller))
			err = set_normal(unit, &place->group, rows[i].file, rows[i].normal, journal);
	for (tries = 0; !err && tries < ENABLE_TRIES; tries++) {
		if (is_given(&place->group, controller))
			return 0;
		nanosleep(&nap, NULL);
	}
	if (err == -EBUSY || !err)
		return place_why(why, -EBUSY, "systemd did not give %s the controller \"%s\"", unit, controller);
	return place_why(why, err, "systemd could not give %s the controller \"%s\": %s", unit, controller,
			 strerror(-err));
}
