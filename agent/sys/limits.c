/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a cgroup, or one above it, allows: CPU quota and memory limit, and what they did so far. */
#include "sys/limits.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sys/cgroup.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FILE_MAX_BYTES 65536
#define V1_UNLIMITED (1ULL << 62) /* "no limit" is LONG_MAX rounded down to a page, whose size differs */

/* The only line of a text. */
static struct span only_line(const char *text, size_t len)
{
	return (struct span){ text, len && text[len - 1] == '\n' ? len - 1 : len };
}

int sys_cpu_max_parse(const char *text, size_t len, double *ret_cpus)
{
	struct span line = only_line(text, len), quota, period;
	uint64_t quota_us, period_us;

	if (!span_next_word(&line, &quota) || !span_next_word(&line, &period) || line.len)
		return -EINVAL;
	if (parse_u64(period, UINT64_MAX, &period_us) || !period_us)
		return -EINVAL;
	if (span_equals(quota, "max")) {
		*ret_cpus = INFINITY;
		return 0;
	}
	if (parse_u64(quota, UINT64_MAX, &quota_us))
		return -EINVAL;
	*ret_cpus = (double)quota_us / (double)period_us;
	return 0;
}

int sys_cpu_stat_parse(const char *text, size_t len, uint64_t *ret_periods, double *ret_seconds)
{
	struct span rest = { text, len }, line, key, value;
	bool have_periods = false, have_time = false;
	uint64_t number, periods = 0;
	double seconds = 0;

	while (span_next(&rest, '\n', &line)) {
		if (!span_next_word(&line, &key) || !span_next_word(&line, &value) ||
		    parse_u64(value, UINT64_MAX, &number))
			continue;
		if (span_equals(key, "nr_throttled")) {
			periods = number;
			have_periods = true;
		} else if (span_equals(key, "throttled_usec")) { /* v2 */
			seconds = (double)number / 1e6;
			have_time = true;
		} else if (span_equals(key, "throttled_time")) { /* v1 */
			seconds = (double)number / 1e9;
			have_time = true;
		}
	}
	if (!have_periods || !have_time)
		return -EINVAL;
	*ret_periods = periods;
	*ret_seconds = seconds;
	return 0;
}

int sys_memory_bytes_parse(const char *text, size_t len, uint64_t *ret)
{
	struct span line = only_line(text, len);
	uint64_t bytes = UINT64_MAX;

	if (!span_equals(line, "max") && parse_u64(line, UINT64_MAX, &bytes))
		return -EINVAL;
	*ret = bytes < V1_UNLIMITED ? bytes : UINT64_MAX;
	return 0;
}

/* Names the cgroup by its path below the mount. */
static void name_cgroup(const struct sys_cgroup *cgroup, char *ret, size_t size)
{
	const char *path = cgroup->directory + cgroup->mount_len;
	size_t len = strlen(path);

	if (len >= size)
		snprintf(ret, size, "...%s", path + len - (size - 4));
	else
		snprintf(ret, size, "%s", len ? path : "/");
}

/*
 * Reads a file of the cgroup. Returns 0 or -errno: -ENOENT also where the top of the tree, or a group whose parent does
 * not hand the controller down, has no such file, and so no limit.
 */
static int read_text(const struct sys_cgroup *cgroup, const char *name, char **ret_text, size_t *ret_len)
{
	char path[PATH_MAX];
	int err = sys_path(path, sizeof(path), cgroup->directory, "/%s", name);

	return err ? err : sys_read("", path, FILE_MAX_BYTES, ret_text, ret_len);
}

static int read_cpus_v1(const struct sys_cgroup *cgroup, double *ret_cpus)
{
	cleanup_free char *quota = NULL, *period = NULL;
	uint64_t quota_us, period_us;
	size_t len;
	int err;

	err = read_text(cgroup, "cpu.cfs_quota_us", &quota, &len);
	if (err)
		return err;
	if (span_equals(only_line(quota, len), "-1")) {
		*ret_cpus = INFINITY;
		return 0;
	}
	if (parse_u64(only_line(quota, len), UINT64_MAX, &quota_us))
		return -EINVAL;
	err = read_text(cgroup, "cpu.cfs_period_us", &period, &len);
	if (err)
		return err;
	if (parse_u64(only_line(period, len), UINT64_MAX, &period_us) || !period_us)
		return -EINVAL;
	*ret_cpus = (double)quota_us / (double)period_us;
	return 0;
}

static int read_cpus(const struct sys_cgroup *cgroup, double *ret_cpus)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err;

	if (!cgroup->v2)
		return read_cpus_v1(cgroup, ret_cpus);
	err = read_text(cgroup, "cpu.max", &text, &len);
	return err ? err : sys_cpu_max_parse(text, len, ret_cpus);
}

static void read_throttling(const struct sys_cgroup *cgroup, struct sys_quota *quota)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (!read_text(cgroup, "cpu.stat", &text, &len) &&
	    !sys_cpu_stat_parse(text, len, &quota->throttled_periods, &quota->throttled_seconds))
		quota->throttling_known = true;
}

int sys_quota_read(const char *root, pid_t pid, struct sys_quota *ret)
{
	struct sys_quota quota = { .cpus = INFINITY };
	struct sys_cgroup cgroup, limiting;
	int err;

	err = sys_cgroup_of(root, pid, "cpu", &cgroup);
	if (err)
		return err;
	do {
		double cpus = INFINITY;

		err = read_cpus(&cgroup, &cpus);
		if (err && err != -ENOENT)
			return err;
		if (cpus < quota.cpus) {
			quota.limited = true;
			quota.cpus = cpus;
			limiting = cgroup;
		}
	} while (sys_cgroup_up(&cgroup));
	if (quota.limited) {
		name_cgroup(&limiting, quota.cgroup, sizeof(quota.cgroup));
		read_throttling(&limiting, &quota);
	}
	*ret = quota;
	return 0;
}

/* A limit or a counter. */
static int read_number(const struct sys_cgroup *cgroup, const char *name, uint64_t *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err = read_text(cgroup, name, &text, &len);

	return err ? err : sys_memory_bytes_parse(text, len, ret);
}

static int read_limit(const struct sys_cgroup *cgroup, uint64_t *ret)
{
	uint64_t high = UINT64_MAX;
	int err;

	err = read_number(cgroup, cgroup->v2 ? "memory.max" : "memory.limit_in_bytes", ret);
	if (err || !cgroup->v2)
		return err;
	/* past memory.high the kernel reclaims and slows down, which is what the app feels first */
	err = read_number(cgroup, "memory.high", &high);
	if (high < *ret)
		*ret = high;
	return err == -ENOENT ? 0 : err;
}

int sys_memory_limit_read(const char *root, pid_t pid, struct sys_memory_limit *ret)
{
	struct sys_memory_limit limit = { .limit_bytes = UINT64_MAX };
	struct sys_cgroup cgroup, limiting;
	int err;

	err = sys_cgroup_of(root, pid, "memory", &cgroup);
	if (err)
		return err;
	do {
		uint64_t bytes = UINT64_MAX;

		err = read_limit(&cgroup, &bytes);
		if (err && err != -ENOENT)
			return err;
		if (bytes < limit.limit_bytes) {
			limit.limited = true;
			limit.limit_bytes = bytes;
			limiting = cgroup;
		}
	} while (sys_cgroup_up(&cgroup));
	if (limit.limited) {
		name_cgroup(&limiting, limit.cgroup, sizeof(limit.cgroup));
		if (read_number(&limiting, limiting.v2 ? "memory.peak" : "memory.max_usage_in_bytes",
				&limit.peak_bytes))
			limit.peak_bytes = 0;
	}
	*ret = limit;
	return 0;
}

int sys_memory_stat_parse(const char *text, size_t len, const char *name, uint64_t *ret)
{
	struct span rest = { text, len }, line, key, value;

	while (span_next(&rest, '\n', &line)) {
		if (span_next_word(&line, &key) && span_equals(key, name) && span_next_word(&line, &value))
			return parse_u64(value, UINT64_MAX, ret);
	}
	return -EINVAL;
}

static int read_reread(const struct sys_cgroup *cgroup, struct sys_reread *ret)
{
	cleanup_free char *text = NULL;
	struct sys_reread r = { 0 };
	size_t len;
	int err = read_text(cgroup, "memory.stat", &text, &len);

	if (err)
		return err;
	if (sys_memory_stat_parse(text, len, "workingset_refault_file", &r.refaulted) ||
	    sys_memory_stat_parse(text, len, "workingset_restore_file", &r.restored) ||
	    sys_memory_stat_parse(text, len, "pgsteal", &r.stolen))
		return -ENOENT;
	name_cgroup(cgroup, r.cgroup, sizeof(r.cgroup));
	*ret = r;
	return 0;
}

int sys_reread_read(const char *root, pid_t pid, struct sys_reread *ret)
{
	struct sys_cgroup cgroup;
	int err = sys_cgroup_of(root, pid, "memory", &cgroup);

	if (err)
		return err;
	do {
		/* the top has the whole machine's */
		if (!cgroup.directory[cgroup.mount_len])
			return -ENOENT;
		err = read_reread(&cgroup, ret);
	} while (err == -ENOENT && sys_cgroup_up(&cgroup));
	return err;
}

static uint64_t more(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

uint64_t sys_reread_pages(const struct sys_reread *before, const struct sys_reread *now)
{
	uint64_t lost = more(before->stolen, now->stolen), again = more(before->refaulted, now->refaulted);

	return more(more(before->restored, now->restored), again < lost ? again : lost);
}

/* What a group may still take: up to its limit, and what it has of files that nobody has used lately. */
static int read_room(const struct sys_cgroup *cgroup, uint64_t *ret)
{
	uint64_t limit = UINT64_MAX, used = 0, inactive = 0;
	cleanup_free char *text = NULL;
	size_t len;
	int err;

	err = read_limit(cgroup, &limit);
	if (err || limit == UINT64_MAX)
		return err == -ENOENT ? 0 : err;
	err = read_number(cgroup, cgroup->v2 ? "memory.current" : "memory.usage_in_bytes", &used);
	if (!err)
		err = read_text(cgroup, "memory.stat", &text, &len);
	if (!err)
		err = sys_memory_stat_parse(text, len, cgroup->v2 ? "inactive_file" : "total_inactive_file", &inactive);
	if (err)
		return err;
	used -= inactive < used ? inactive : used;
	limit -= used < limit ? used : limit;
	if (limit < *ret)
		*ret = limit;
	return 0;
}

/* The top of the tree has no such files. */
static int read_tasks_room(const struct sys_cgroup *cgroup, uint64_t *ret)
{
	uint64_t most, now;
	int err = read_number(cgroup, "pids.max", &most);

	if (err || most == UINT64_MAX)
		return err == -ENOENT ? 0 : err;
	err = read_number(cgroup, "pids.current", &now);
	if (err)
		return err;
	most -= now < most ? now : most;
	if (most < *ret)
		*ret = most;
	return 0;
}

int sys_tasks_room_read(const char *root, pid_t pid, uint64_t *ret_tasks)
{
	uint64_t room = UINT64_MAX;
	struct sys_cgroup cgroup;
	int err;

	err = sys_cgroup_of(root, pid, "pids", &cgroup);
	if (err)
		return err;
	do {
		err = read_tasks_room(&cgroup, &room);
		if (err)
			return err;
	} while (sys_cgroup_up(&cgroup));
	*ret_tasks = room;
	return 0;
}

int sys_memory_room_read(const char *root, pid_t pid, uint64_t *ret_bytes)
{
	uint64_t room = UINT64_MAX;
	struct sys_cgroup cgroup;
	int err;

	err = sys_cgroup_of(root, pid, "memory", &cgroup);
	if (err)
		return err;
	do {
		err = read_room(&cgroup, &room);
		if (err)
			return err;
	} while (sys_cgroup_up(&cgroup));
	*ret_bytes = room;
	return 0;
}
