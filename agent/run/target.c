/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the words on the command line to marked processes. */
#include "run/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "catalogue.h"
#include "commands.h"
#include "trace/pattern.h"
#include "trace/targets.h"
#include "util/cleanup.h"
#include "util/log.h"

static int add_pattern(struct target_state *t, const char *glob, unsigned int app)
{
	int err = pattern_compile(glob, app, &t->patterns[t->npatterns]);

	if (err)
		return err;
	t->npatterns++;
	return 0;
}

static int compile_names(struct target_state *t)
{
	const struct config *c = t->config;
	const char *const *name;
	size_t i;
	int err;

	t->patterns = calloc(AA_MAX_PATTERNS, sizeof(*t->patterns));
	if (!t->patterns) {
		log_err("out of memory");
		return EXIT_UNSUPPORTED;
	}
	for (i = 0; i < c->napps; i++) {
		err = add_pattern(t, c->apps[i], (unsigned int)i);
		if (err == -E2BIG)
			log_err("--app %s: more than %d characters to match", c->apps[i], AA_PATTERN_TOKENS);
		else if (err)
			log_err("--app %s: not a name or a glob of a name (an open '[', a '/' or a last '\\')",
				c->apps[i]);
		if (err)
			return EXIT_USAGE;
	}
	for (name = pattern_interpreters; *name; name++)
		add_pattern(t, *name, AA_PATTERN_INTERPRETER);
	return 0;
}

/* The command line as it was given. NULL: out of memory; the report does without. */
static char *join_words(char *const words[])
{
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return NULL;
	for (; *words; words++)
		fprintf(out, "%s%s", *words, words[1] ? " " : "");
	fclose(out);
	return line;
}

void target_name(struct target_state *t, struct watch *watch)
{
	const struct config *c = t->config;
	struct watched *apps = watch->apps;
	const char *slash;
	size_t i;

	switch (c->target) {
	case TARGET_APPS:
		for (i = 0; i < c->napps; i++)
			snprintf(apps[i].name, sizeof(apps[i].name), "%s", c->apps[i]);
		break;
	case TARGET_PID:
		snprintf(apps[0].name, sizeof(apps[0].name), "pid %d", (int)c->pid);
		break;
	case TARGET_CGROUP:
		snprintf(apps[0].name, sizeof(apps[0].name), "cgroup %s", c->cgroup);
		break;
	default:
		slash = strrchr(c->command[0], '/');
		snprintf(apps[0].name, sizeof(apps[0].name), "%s", slash ? slash + 1 : c->command[0]);
		apps[0].limits_pid = getpid();
		apps[0].command = join_words(c->command);
	}
}

static int resolve_cgroup(struct target_state *t)
{
	int err = sys_cgroup_resolve("", t->config->cgroup, &t->cgroup);

	if (!err)
		err = sys_cgroup_id(t->cgroup.directory, &t->cgroup.id);
	if (!err) {
		t->hierarchy = targets_hierarchy(&t->cgroup);
		if (t->hierarchy)
			return 0;
		log_err("--cgroup %s: its hierarchy (%s) has no controller: name the group in one that has, or in "
			"cgroup v2",
			t->config->cgroup, t->cgroup.controller);
		return EXIT_UNSUPPORTED;
	}
	if (err == -EXDEV)
		log_err("--cgroup %s: not a control group", t->config->cgroup);
	else
		log_err("--cgroup %s: %s", t->config->cgroup,
			err == -ENOENT ? "no such control group" : strerror(-err));
	return EXIT_USAGE;
}

static int mark_pid(struct target_state *t, struct watch *watch)
{
	int err = targets_mark_pid(watch->tracer, 0, t->config->pid);

	if (!err) {
		watch_first(watch, 0, t->config->pid);
		return 0;
	}
	if (err == -ESRCH)
		log_err("--pid %d: no such process", (int)t->config->pid);
	else if (err == -ENODATA)
		log_err("--pid %d: it has just ended, or its threads cannot be seen from here", (int)t->config->pid);
	else
		log_err("--pid %d: %s", (int)t->config->pid, strerror(-err));
	return err == -EPERM ? EXIT_DENIED : EXIT_USAGE;
}

/* Removed, or made again under the same name: the kernel side goes by the id. */
bool target_cgroup_gone(const struct target_state *t)
{
	uint64_t id;

	return sys_cgroup_id(t->cgroup.directory, &id) || id != t->cgroup.id;
}

/* The app's first process, for its command line and its limits. */
static pid_t cgroup_first(const struct target_state *t)
{
	char path[PATH_MAX + 16];
	int pid = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", t->cgroup.directory);
	cleanup_file FILE *f = fopen(path, "re");

	return f && fscanf(f, "%d", &pid) == 1 ? pid : 0;
}

int target_mark_cgroup(struct target_state *t, struct watch *watch)
{
	int err;

	if (target_cgroup_gone(t)) {
		log_warn("--cgroup %s: it was removed", t->config->cgroup);
		t->gone = true;
		return 0;
	}
	err = targets_mark_cgroup(watch->tracer);
	if (err) {
		log_err("--cgroup %s: %s", t->config->cgroup, strerror(-err));
		return EXIT_UNSUPPORTED;
	}
	watch_first(watch, 0, cgroup_first(t));
	return 0;
}

static void say_known(const struct config *c, const struct watch *watch, const char *since)
{
	size_t i, seen = 0;

	log_info("following the apps of the catalogue %s; --help for more", catalogue_files(c->known));
	for (i = 0; i < c->napps; i++) {
		if (!watch->apps[i].seen)
			continue;
		log_info("%s runs already", c->apps[i]);
		seen++;
	}
	if (seen < c->napps)
		log_info("waiting for any of %zu %sknown app%s since %s", c->napps - seen, seen ? "other " : "",
			 c->napps - seen == 1 ? "" : "s", since);
}

static void say_waiting(struct target_state *t, struct watch *watch)
{
	const struct config *c = t->config;
	char since[16];
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	strftime(since, sizeof(since), "%H:%M:%S", localtime_r(&now, &tm));
	watch_tick(watch);
	if (c->target == TARGET_CGROUP && !watch->apps[0].seen)
		log_info("waiting for a process in cgroup %s since %s", c->cgroup, since);
	if (c->from_catalogue)
		say_known(c, watch, since);
	for (i = 0; c->target == TARGET_APPS && !c->from_catalogue && i < c->napps; i++)
		if (!watch->apps[i].seen)
			log_info("waiting for %s since %s", c->apps[i], since);
}

int target_mark(struct target_state *t, struct watch *watch)
{
	pid_t first[AA_MAX_APPS] = { 0 };
	unsigned int i;
	int err;

	switch (t->config->target) {
	case TARGET_APPS:
		err = targets_mark_names(watch->tracer, t->patterns, t->npatterns, first);
		if (err) {
			log_err("running processes could not be looked through: %s", strerror(-err));
			return EXIT_UNSUPPORTED;
		}
		for (i = 0; i < watch->napps; i++)
			watch_first(watch, i, first[i]);
		break;
	case TARGET_PID:
		return mark_pid(t, watch);
	case TARGET_CGROUP:
		err = target_mark_cgroup(t, watch);
		if (err)
			return err;
		break;
	default:
		return 0;
	}
	say_waiting(t, watch);
	return 0;
}

int target_prepare(const struct config *config, struct target_state *ret)
{
	int status = 0;

	*ret = (struct target_state){ .config = config };
	if (config->target == TARGET_APPS)
		status = compile_names(ret);
	else if (config->target == TARGET_CGROUP)
		status = resolve_cgroup(ret);
	if (status)
		target_clear(ret);
	return status;
}

void target_clear(struct target_state *t)
{
	free(t->patterns);
	t->patterns = NULL;
}
