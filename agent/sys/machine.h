/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the machine as a whole is and does: CPUs, CPU time, memory, kernel. */
#ifndef SYS_MACHINE_H
#define SYS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;

#define SYS_MAX_CPUS 8192

struct sys_cpu_set {
	uint64_t bits[SYS_MAX_CPUS / 64];
};

/* CPU time of all CPUs since boot, in clock ticks. */
struct sys_cpu_time {
	uint64_t wanted; /* not idle: something ran, or would have run had the hypervisor let it */
	uint64_t steal; /* the hypervisor ran something else */
	uint64_t idle; /* nothing to run, a wait for the disk included */
};

/*
 * Reads a list as the kernel prints it ("0-3,8\n"; blank: no CPU). Returns 0, -EINVAL or -ERANGE (SYS_MAX_CPUS).
 */
int sys_cpu_list_parse(const char *text, size_t len, struct sys_cpu_set *ret);

/*
 * How many CPUs are in a set.
 */
uint32_t sys_cpu_set_count(const struct sys_cpu_set *set);

/*
 * Reads the CPUs that are online. Returns 0 or -errno.
 */
int sys_cpus_online(const char *root, struct sys_cpu_set *ret);

/*
 * Finds the sum over all CPUs in the text of /proc/stat. Returns 0, or -EINVAL if it is not there or has no steal
 * field.
 */
int sys_cpu_time_parse(const char *text, size_t len, struct sys_cpu_time *ret);

/*
 * Reads /proc/stat. Returns 0 or -errno.
 */
int sys_cpu_time_read(const char *root, struct sys_cpu_time *ret);

/*
 * Share of the CPU time that the machine wanted from before to after, and did not get, 0 to 1; NAN if it wanted none.
 */
double sys_steal_share(const struct sys_cpu_time *before, const struct sys_cpu_time *after);

/*
 * Whether the kernel parts the CPUs by session among what is in no control group (autogroup: sched(7)).
 */
bool sys_autogroup(const char *root);

/*
 * Finds MemTotal, in bytes, in the text of /proc/meminfo. Returns 0, or -EINVAL if it is not there.
 */
int sys_memory_total_parse(const char *text, size_t len, uint64_t *ret_bytes);

/*
 * Reads MemTotal and MemAvailable, in bytes. Returns 0 or -errno.
 */
int sys_memory_read(const char *root, uint64_t *ret_total, uint64_t *ret_available);

/*
 * Reads kernel release, CPUs online and memory size. Returns 0 or -errno.
 */
int sys_host_read(const char *root, struct host *ret);

#endif /* SYS_MACHINE_H */
