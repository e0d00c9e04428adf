/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which CPUs of a hybrid machine are the fast ones. */
#include "sys/topology.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FILE_MAX_BYTES 65536
#define LIST_BYTES (SYS_MAX_CPUS * 5) /* "8190," */

/*
 * How much faster (in percent) the slowest of the fast CPUs is than the fastest of the slow ones, at least. Kinds of
 * CPU are about 30 % and more apart (the nearest: 5.7 against 4.4 GHz on Intel's 14th generation). Cores of one kind
 * differ in turbo frequency: by 5 to 10 % where some are favoured, and some kernels show AMD's ranking of cores as
 * frequencies that are 40 % apart from first to last, but never more than a few from one to the next.
 */
#define GAP_PERCENT 25

struct cpu {
	unsigned int number;
	uint64_t speed; /* in whatever unit the source has */
};

static void set_add(struct sys_cpu_set *set, unsigned int cpu)
{
	set->bits[cpu / 64] |= 1ULL << (cpu % 64);
}

static bool set_has(const struct sys_cpu_set *set, unsigned int cpu)
{
	return set->bits[cpu / 64] >> (cpu % 64) & 1;
}

static int read_list(const char *root, const char *path, struct sys_cpu_set *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err = sys_read(root, path, FILE_MAX_BYTES, &text, &len);

	return err ? err : sys_cpu_list_parse(text, len, ret);
}

static int read_number(const char *root, const char *path, uint64_t *ret)
{
	cleanup_free char *text = NULL;
	struct span rest = { 0 }, line;
	int err = sys_read(root, path, FILE_MAX_BYTES, &text, &rest.len);

	if (err)
		return err;
	rest.text = text;
	return span_next(&rest, '\n', &line) && !rest.len ? parse_u64(line, UINT64_MAX, ret) : -EINVAL;
}

/* Whether every CPU that is online is in one of the sets. The sets are cut down to those. */
static bool settle(const struct sys_cpu_set *online, struct sys_topology *topology)
{
	uint64_t fast = 0, slow = 0, left = 0;
	size_t i;

	for (i = 0; i < SYS_MAX_CPUS / 64; i++) {
		topology->fast.bits[i] &= online->bits[i];
		topology->slow.bits[i] &= online->bits[i] & ~topology->fast.bits[i];
		fast |= topology->fast.bits[i];
		slow |= topology->slow.bits[i];
		left |= online->bits[i] & ~topology->fast.bits[i] & ~topology->slow.bits[i];
	}
	return fast && slow && !left;
}

/* Intel's driver names the two kinds outright. */
static bool split_by_kind(const char *root, const struct sys_cpu_set *online, struct sys_topology *ret)
{
	struct sys_topology topology = { .hybrid = true };

	if (read_list(root, "/sys/devices/cpu_core/cpus", &topology.fast) ||
	    read_list(root, "/sys/devices/cpu_atom/cpus", &topology.slow) || !settle(online, &topology))
		return false;
	*ret = topology;
	return true;
}

/* Threads of a core share its speed, also where only one of them tells. */
static void add_siblings(const char *root, const struct cpu *cpus, size_t count, struct sys_cpu_set *set)
{
	struct sys_cpu_set siblings;
	char path[128];
	size_t i, k;

	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
			 cpus[i].number);
		if (read_list(root, path, &siblings))
			continue;
		for (k = 0; k < SYS_MAX_CPUS / 64; k++)
			set->bits[k] |= siblings.bits[k];
	}
}

static int compare_speed(const void *a, const void *b)
{
	const struct cpu *x = a, *y = b;

	return x->speed < y->speed ? -1 : x->speed > y->speed;
}

/* The index of the first fast CPU, after the widest gap that is wide enough; 0: there is none. */
static size_t find_gap(const struct cpu *cpus, size_t count)
{
	double widest = 1 + GAP_PERCENT / 100.0;
	size_t i, first = 0;

	for (i = 1; i < count; i++) {
		double ratio = (double)cpus[i].speed / (double)cpus[i - 1].speed;

		if (ratio >= widest) {
			widest = ratio;
			first = i;
		}
	}
	return first;
}

/* Splits by a file that each CPU has in its folder. Returns 1 if that tells fast from slow, 0 if not, or -ENOMEM. */
static int split_by_speed(const char *root, const struct sys_cpu_set *online, const char *file,
			  struct sys_topology *ret)
{
	struct sys_topology topology = { .hybrid = true };
	cleanup_free struct cpu *cpus = calloc(SYS_MAX_CPUS, sizeof(*cpus));
	size_t count = 0, first, i;
	unsigned int number;
	char path[128];

	if (!cpus)
		return -ENOMEM;
	for (number = 0; number < SYS_MAX_CPUS; number++) {
		if (!set_has(online, number))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/%s", number, file);
		cpus[count].number = number;
		if (!read_number(root, path, &cpus[count].speed) && cpus[count].speed)
			count++;
	}
	qsort(cpus, count, sizeof(*cpus), compare_speed);
	first = find_gap(cpus, count);
	if (!first)
		return 0;
	for (i = 0; i < count; i++)
		set_add(i < first ? &topology.slow : &topology.fast, cpus[i].number);
	add_siblings(root, cpus, first, &topology.slow);
	add_siblings(root, cpus + first, count - first, &topology.fast);
	if (!settle(online, &topology))
		return 0;
	*ret = topology;
	return 1;
}

int sys_topology_read(const char *root, struct sys_topology *ret)
{
	/* the capacity holds more than the frequency: work done per cycle */
	static const char *const files[] = { "cpu_capacity", "cpufreq/cpuinfo_max_freq" };
	struct sys_cpu_set online;
	size_t i;
	int err;

	err = sys_cpus_online(root, &online);
	if (err)
		return err;
	if (split_by_kind(root, &online, ret))
		return 0;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		err = split_by_speed(root, &online, files[i], ret);
		if (err)
			return err < 0 ? err : 0;
	}
	*ret = (struct sys_topology){ .fast = online };
	return 0;
}

int sys_cpu_set_print(const struct sys_cpu_set *set, char *ret, size_t size)
{
	char text[LIST_BYTES];
	unsigned int cpu = 0, last;
	size_t used = 0;

	while (cpu < SYS_MAX_CPUS) {
		if (!set_has(set, cpu)) {
			cpu++;
			continue;
		}
		for (last = cpu; last + 1 < SYS_MAX_CPUS && set_has(set, last + 1); last++)
			;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u", used ? "," : "", cpu);
		if (last > cpu)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "-%u", last);
		cpu = last + 1;
	}
	if (used >= size)
		return -ENAMETOOLONG;
	memcpy(ret, text, used);
	ret[used] = '\0';
	return 0;
}
