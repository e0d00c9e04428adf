/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a rule's value is made of, read from the group and from those beside it. */
#include "act/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "act/place_name.h"
#include "sys/machine.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

#define SIBLINGS_MAX 64 /* looked at; a farm has thousands, and this is done while the app waits */
#define FILE_MAX_BYTES 65536
#define SESSIONS_MAX \
	4 /* with the share of rules.c, a single one has 1.3 % beside a weight for so many, 5 % beside one for it */

int facts_parent(const struct sys_cgroup *group, struct sys_cgroup *ret)
{
	struct sys_cgroup parent = *group;
	char *slash = strrchr(parent.directory + parent.mount_len, '/');

	if (!slash)
		return -ENOENT;
	*slash = '\0';
	parent.id = 0;
	*ret = parent;
	return 0;
}

static int read_text(const struct sys_cgroup *group, const char *file, char **ret_text, size_t *ret_len)
{
	char path[PATH_MAX];
	int err = sys_path(path, sizeof(path), group->directory, "/%s", file);

	return err ? err : sys_read("", path, FILE_MAX_BYTES, ret_text, ret_len);
}

/* The value behind a key in a file of "key value" lines; 0 if there is none. */
static uint64_t keyed(const char *text, size_t len, const char *want)
{
	struct span rest = { text, len }, line, key, value;
	uint64_t number = 0;

	while (span_next(&rest, '\n', &line))
		if (span_next_word(&line, &key) && span_next_word(&line, &value) && span_equals(key, want) &&
		    !parse_u64(value, UINT64_MAX, &number))
			return number;
	return 0;
}

static bool has_processes(const struct sys_cgroup *group)
{
	cleanup_free char *text = NULL;
	size_t len = 0;
	int err = read_text(group, "cgroup.procs", &text, &len);

	return err ? err == -EFBIG : len > 0;
}

/* v2 says for the whole subtree; in v1 a group whose processes are all further down counts as empty. */
static bool populated(const struct sys_cgroup *group)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (!group->v2)
		return has_processes(group);
	return !read_text(group, "cgroup.events", &text, &len) && keyed(text, len, "populated");
}

/* Calls each() for every group beside this one, until it returns true. Returns whether it did. */
static bool beside(const struct sys_cgroup *group, bool (*each)(void *context, const struct sys_cgroup *),
		   void *context)
{
	const char *own = strrchr(group->directory, '/');
	struct sys_cgroup parent, sibling;
	struct dirent *entry;
	unsigned int seen = 0;

	if (!own || facts_parent(group, &parent))
		return false;
	cleanup_dir DIR *dir = opendir(parent.directory);

	while (dir && seen < SIBLINGS_MAX && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    !strcmp(entry->d_name, own + 1))
			continue;
		sibling = parent;
		if (sys_path(sibling.directory, sizeof(sibling.directory), parent.directory, "/%s", entry->d_name))
			continue;
		seen++;
		if (populated(&sibling) && each(context, &sibling))
			return true;
	}
	return false;
}

static bool stop_at_any(void *context, const struct sys_cgroup *sibling)
{
	(void)context, (void)sibling;
	return true;
}

bool facts_has_neighbours(const struct sys_cgroup *group)
{
	struct sys_cgroup parent;

	if (facts_parent(group, &parent))
		return false;
	if (has_processes(&parent))
		return true;
	return beside(group, stop_at_any, NULL);
}

struct weights {
	double weight[SIBLINGS_MAX];
	size_t n;
};

/*
 * Groups of agents do not count, this one's other apps or those of others: their weights are made of ours, and they would
 * drive each other up. With like weights they share what there is.
 */
static bool add_weight(void *context, const struct sys_cgroup *sibling)
{
	char text[KNOB_TEXT];
	struct weights *all = context;
	uint64_t weight;

	if (place_is_agents(strrchr(sibling->directory, '/') + 1))
		return false;
	if (knob_cpu_weight.read(sibling, text) || knob_cpu_weight.parse(sibling, text, &weight))
		weight = KNOB_WEIGHT_DEFAULT;
	all->weight[all->n++] = (double)weight / KNOB_WEIGHT_DEFAULT;
	return false;
}

static int heaviest_first(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

double facts_ready(void)
{
	char text[64];
	size_t len;
	unsigned long n;

	if (read_file_start_at(AT_FDCWD, "/proc/loadavg", text, sizeof(text) - 1, &len))
		return NAN;
	text[len] = '\0';
	return sscanf(text, "%*s %*s %*s %lu/", &n) == 1 && n > 0 ? (double)(n - 1) : NAN;
}

/*
 * Processes of the group above that are in no group below compete thread by thread; but in the root of the hierarchy,
 * with autogroup, session by session. At least one: who is asleep now may come later. And no more than SESSIONS_MAX: a
 * weight stays when they are gone, and one for many would starve the next that comes.
 */
static double loose_weight(const struct facts_machine *machine, const struct sys_cgroup *group, double ready)
{
	struct sys_cgroup parent;

	if (facts_parent(group, &parent) || !has_processes(&parent))
		return 0;
	if (!parent.directory[parent.mount_len] && machine->autogroup)
		return fmin(SESSIONS_MAX, fmax(1, machine->sessions ? machine->sessions(machine->context) : NAN));
	return ready > 1 ? ready : 1;
}

/*
 * Most groups of a machine only sleep, and a weight made of them all would leave nothing to the few that do not. Which
 * ones those are, one look does not tell; but there are no more of them than threads that are ready.
 */
static double siblings_weight(const struct facts_machine *machine, const struct sys_cgroup *group, double ready)
{
	struct weights all = { .n = 0 };
	double sum = loose_weight(machine, group, ready);
	size_t i;

	beside(group, add_weight, &all);
	qsort(all.weight, all.n, sizeof(*all.weight), heaviest_first);
	for (i = 0; i < all.n && (!i || !(ready <= (double)i)); i++) /* NAN: all of them */
		sum += all.weight[i];
	return sum;
}

static void read_memory(const struct sys_cgroup *group, struct facts_before *before, struct rule_facts *ret)
{
	cleanup_free char *current = NULL, *stat = NULL;
	uint64_t refaults, page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t len;

	if (!read_text(group, group->v2 ? "memory.current" : "memory.usage_in_bytes", &current, &len) && len)
		parse_u64((struct span){ current, len - 1 }, UINT64_MAX, &ret->group_bytes);
	if (!group->v2 || read_text(group, "memory.stat", &stat, &len))
		return;
	/* one name until 5.8 (170b04b7ae49), one for each kind of page since */
	refaults = keyed(stat, len, "workingset_refault") + keyed(stat, len, "workingset_refault_anon") +
		   keyed(stat, len, "workingset_refault_file");
	if (!before->known)
		before->refaults = refaults;
	before->known = true;
	if (refaults > before->refaults)
		ret->refaulted_bytes = (refaults - before->refaults) * page;
}

/*
 * Whether the fast CPUs are a part of those that the group may use, and not all of them: who was given others, by
 * whomever, keeps them.
 */
static bool may_choose(const struct facts_machine *machine, const struct sys_cgroup *group)
{
	struct sys_cpu_set fast, effective;
	bool more = false;
	size_t i;

	if (!machine->fast_cpus || knob_cpuset_effective(group, &effective) ||
	    sys_cpu_list_parse(machine->fast_list, strlen(machine->fast_list), &fast))
		return false;
	for (i = 0; i < sizeof(fast.bits) / sizeof(fast.bits[0]); i++) {
		if (fast.bits[i] & ~effective.bits[i])
			return false;
		more |= effective.bits[i] & ~fast.bits[i];
	}
	return more;
}

void facts_read(const struct facts_machine *machine, const struct sys_cgroup *group, const struct sys_cgroup *memory,
		double ready, struct facts_before *before, struct rule_facts *ret)
{
	struct rule_facts f = {
		.siblings = siblings_weight(machine, group, ready),
		.machine_bytes = machine->memory_bytes,
		.fast_cpus = machine->fast_cpus,
		.fast_list = machine->fast_list,
	};

	if (!may_choose(machine, group))
		f.fast_cpus = 0;
	if (memory)
		read_memory(memory, before, &f);
	*ret = f;
}
