/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a cgroup, or one above it, allows: CPU quota and memory limit, and what they did so far. */
#ifndef SYS_LIMITS_H
#define SYS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* limited = false says that there is no limit on the path; that it is not known, is an error of the function. */

struct sys_quota {
	bool limited;
	char cgroup[256]; /* with the limit: path below the mount; its start is "..." if it is longer */
	double cpus; /* quota / period */
	bool throttling_known;
	uint64_t throttled_periods; /* since the cgroup was made */
	double throttled_seconds; /* since then, summed over CPUs */
};

struct sys_memory_limit {
	bool limited;
	char cgroup[256];
	uint64_t limit_bytes; /* v2: the smaller of memory.high and memory.max */
	uint64_t peak_bytes; /* since the cgroup was made; 0: the kernel does not tell */
};

/*
 * Parses cpu.max ("QUOTA PERIOD" or "max PERIOD", microseconds). Returns 0, with INFINITY for "max", or -EINVAL.
 */
int sys_cpu_max_parse(const char *text, size_t len, double *ret_cpus);

/*
 * Finds the throttling counters in the text of cpu.stat, v1 or v2. Returns 0, or -EINVAL if they are not both there.
 */
int sys_cpu_stat_parse(const char *text, size_t len, uint64_t *ret_periods, double *ret_seconds);

/*
 * Parses one memory limit or counter. Returns 0, with UINT64_MAX for "max" or v1's number for it, or -EINVAL.
 */
int sys_memory_bytes_parse(const char *text, size_t len, uint64_t *ret);

/*
 * Read the smallest limit on the path of a process, from its cgroup up to the top of what is mounted; of equal ones,
 * the nearest. Return 0, or -errno: not known (-ENOENT: no such process, or no such hierarchy is mounted).
 */
int sys_quota_read(const char *root, pid_t pid, struct sys_quota *ret);
int sys_memory_limit_read(const char *root, pid_t pid, struct sys_memory_limit *ret);

/* Counters of the pages of files that a cgroup lost for want of memory and read again, since it was made. */
struct sys_reread {
	char cgroup[256]; /* the nearest one that counts them */
	uint64_t refaulted; /* read again, whenever they were lost */
	uint64_t restored; /* of these, those whose readers are in a stall for memory in the kernel's eyes */
	uint64_t stolen; /* taken, of all kinds */
};

/*
 * Reads them for the cgroup of a process. Returns 0, or -errno: not known (-ENOENT: the process is in no cgroup below the
 * top that has them, as in v1 before 6.2).
 */
int sys_reread_read(const char *root, pid_t pid, struct sys_reread *ret);

/*
 * The pages that were lost and read again between two readings of one cgroup, without the kernel calling that a stall: it
 * does so of pages that were used often before. What was lost longer ago is not counted, as far as that can be told: not
 * more is than was taken meanwhile.
 */
uint64_t sys_reread_pages(const struct sys_reread *before, const struct sys_reread *now);

/*
 * Finds a counter in the text of memory.stat. Returns 0, or -EINVAL if it is not there.
 */
int sys_memory_stat_parse(const char *text, size_t len, const char *name, uint64_t *ret);

/*
 * Reads how much more memory the limits on that path leave to the process, counting what the groups hold of files that
 * were not used lately as free; UINT64_MAX if there is no limit. Returns as those above.
 */
int sys_memory_room_read(const char *root, pid_t pid, uint64_t *ret_bytes);

/*
 * The same for processes and threads: how many more the limits on that path allow.
 */
int sys_tasks_room_read(const char *root, pid_t pid, uint64_t *ret_tasks);

#endif /* SYS_LIMITS_H */
