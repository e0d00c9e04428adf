/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the machine as a whole is and does: CPUs, CPU time, memory, kernel. */
#include "sys/machine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define STAT_MAX_BYTES (4U << 20) /* a line a CPU, and one number an interrupt */

static int parse_cpu_range(struct span range, struct sys_cpu_set *set)
{
	size_t len = range.len;
	struct span piece;
	uint64_t first, last;
	int err;

	if (!span_next(&range, '-', &piece))
		return -EINVAL;
	err = parse_u64(piece, SYS_MAX_CPUS - 1, &first);
	if (err)
		return err;
	last = first;
	if (piece.len < len) {
		err = parse_u64(range, SYS_MAX_CPUS - 1, &last);
		if (err)
			return err;
	}
	if (last < first)
		return -EINVAL;
	for (; first <= last; first++)
		set->bits[first / 64] |= 1ULL << (first % 64);
	return 0;
}

int sys_cpu_list_parse(const char *text, size_t len, struct sys_cpu_set *ret)
{
	struct span rest = { text, len }, list, range;
	struct sys_cpu_set set = { 0 };
	int err;

	if (span_next(&rest, '\n', &list)) {
		if (rest.len)
			return -EINVAL;
		while (span_next(&list, ',', &range)) {
			err = parse_cpu_range(range, &set);
			if (err)
				return err;
		}
	}
	*ret = set;
	return 0;
}

uint32_t sys_cpu_set_count(const struct sys_cpu_set *set)
{
	uint32_t count = 0;
	size_t i;

	for (i = 0; i < SYS_MAX_CPUS / 64; i++)
		count += (uint32_t)__builtin_popcountll(set->bits[i]);
	return count;
}

int sys_cpus_online(const char *root, struct sys_cpu_set *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err;

	err = sys_read(root, "/sys/devices/system/cpu/online", 65536, &text, &len);
	return err ? err : sys_cpu_list_parse(text, len, ret);
}

#define FIELD_IDLE 3
#define FIELD_IOWAIT 4

int sys_cpu_time_parse(const char *text, size_t len, struct sys_cpu_time *ret)
{
	struct span rest = { text, len }, line, word;
	struct sys_cpu_time time = { 0 };
	unsigned int field;

	/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice"; user holds guest already */
	if (!span_next(&rest, '\n', &line) || !span_next_word(&line, &word) || !span_equals(word, "cpu"))
		return -EINVAL;
	for (field = 0; field < 8; field++) {
		if (!span_next_word(&line, &word) || parse_u64(word, UINT64_MAX / 16, &time.steal))
			return -EINVAL;
		if (field == FIELD_IDLE || field == FIELD_IOWAIT)
			time.idle += time.steal;
		else
			time.wanted += time.steal;
	}
	*ret = time;
	return 0;
}

int sys_cpu_time_read(const char *root, struct sys_cpu_time *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err;

	err = sys_read(root, "/proc/stat", STAT_MAX_BYTES, &text, &len);
	return err ? err : sys_cpu_time_parse(text, len, ret);
}

double sys_steal_share(const struct sys_cpu_time *before, const struct sys_cpu_time *after)
{
	if (after->wanted <= before->wanted)
		return NAN;
	/* the kernel may correct a counter downwards */
	if (after->steal <= before->steal)
		return 0;
	return fmin(1, (double)(after->steal - before->steal) / (double)(after->wanted - before->wanted));
}

/* Finds a line of /proc/meminfo, "NAME:   N kB". */
static int parse_memory(const char *text, size_t len, const char *name, uint64_t *ret_bytes)
{
	struct span rest = { text, len }, line, word;
	uint64_t kib;

	while (span_next(&rest, '\n', &line)) {
		if (!span_next_word(&line, &word) || !span_equals(word, name))
			continue;
		if (!span_next_word(&line, &word) || parse_u64(word, UINT64_MAX / 1024, &kib))
			return -EINVAL;
		if (!span_next_word(&line, &word) || !span_equals(word, "kB"))
			return -EINVAL;
		*ret_bytes = kib * 1024;
		return 0;
	}
	return -EINVAL;
}

int sys_memory_total_parse(const char *text, size_t len, uint64_t *ret_bytes)
{
	return parse_memory(text, len, "MemTotal:", ret_bytes);
}

bool sys_autogroup(const char *root)
{
	cleanup_free char *text = NULL;
	size_t len;

	return !sys_read(root, "/proc/sys/kernel/sched_autogroup_enabled", 16, &text, &len) && len && text[0] == '1';
}

int sys_memory_read(const char *root, uint64_t *ret_total, uint64_t *ret_available)
{
	cleanup_free char *text = NULL;
	uint64_t total, available;
	size_t len;
	int err;

	err = sys_read(root, "/proc/meminfo", 65536, &text, &len);
	if (!err)
		err = parse_memory(text, len, "MemTotal:", &total);
	if (!err)
		err = parse_memory(text, len, "MemAvailable:", &available);
	if (err)
		return err;
	*ret_total = total;
	*ret_available = available;
	return 0;
}

int sys_host_read(const char *root, struct host *ret)
{
	cleanup_free char *release = NULL, *memory = NULL;
	struct sys_cpu_set online;
	struct host host = { 0 };
	size_t len;
	int err;

	err = sys_cpus_online(root, &online);
	if (err)
		return err;
	host.cpus = sys_cpu_set_count(&online);
	err = sys_read(root, "/proc/meminfo", 65536, &memory, &len);
	if (!err)
		err = sys_memory_total_parse(memory, len, &host.memory_bytes);
	if (!err)
		err = sys_read(root, "/proc/sys/kernel/osrelease", 4096, &release, &len);
	if (err)
		return err;
	snprintf(host.kernel, sizeof(host.kernel), "%.*s", (int)strcspn(release, "\n"), release);
	*ret = host;
	return 0;
}
