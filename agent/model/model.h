/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What we know of one app in one run: plain data, no I/O. trace/ and sys/ fill it, detect/ and report/ read it. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aa_ledger.h"

/* The states that users read (INTERFACE). */
enum state {
	STATE_RUN,
	STATE_RUNQ,
	STATE_THROTTLED,
	STATE_DISK,
	STATE_FAULT,
	STATE_RECLAIM,
	STATE_LOCK,
	STATE_SLEEP,
	STATES,
};

/* The causes of a sleep that users read. */
enum sleep_cause {
	SLEEP_CHILD,
	SLEEP_FUTEX,
	SLEEP_PIPE,
	SLEEP_SOCKET,
	SLEEP_TIMER,
	SLEEP_OTHER,
	SLEEP_CAUSES,
};

extern const char *const state_names[STATES];
extern const char *const sleep_cause_names[SLEEP_CAUSES];

/* All times are seconds. A double that could not be measured is NAN. */

struct times {
	double thread[STATES]; /* sum over threads */
	double sleep[SLEEP_CAUSES]; /* thread[STATE_SLEEP] by cause */
	double wall[STATES]; /* wall time charged; [STATE_SLEEP]: time in which no thread was active */
	double wall_disk_read; /* parts of wall[STATE_DISK] */
	double wall_disk_write;
	double wall_neighbour; /* part of wall[STATE_RUNQ] that threads of others caused; waits that are over */
	double wall_wakeup; /* part of wall[STATE_RUNQ] while an idle CPU woke up; waits that are over */
	double wall_pinned; /* the same: threads that may use fewer CPUs than the app waited for others of it */
	double wall_alone; /* part of wall[STATE_RUN]: one thread runs, no other is active */
};

struct command {
	char name[AA_COMM_LEN];
	uint64_t processes;
	struct times times;
};

struct device_io {
	uint64_t reads, read_bytes, writes, write_bytes, flushes;
	double busy_seconds; /* sum of request latencies */
	double sequential; /* share of requests that start where the one before ended, 0 to 1; NAN: no requests */
};

struct device {
	char name[32]; /* "vda"; "8:16" where sysfs has no name */
	uint32_t dev; /* the kernel's dev_t */
	bool rotational;
	struct device_io own; /* submitted by threads of the app */
	struct device_io others; /* everybody else, the kernel's own write-back included */
	double p50_us, p95_us, p99_us, max_us; /* own reads and writes, queued to completed; NAN: none */
};

struct file_miss {
	char *path; /* owned */
	uint32_t dev;
	uint64_t bytes; /* read because the page cache did not have them */
};

struct long_wait {
	char command[AA_COMM_LEN];
	char waker[AA_COMM_LEN]; /* "": unknown */
	bool waker_outside; /* the waker does not belong to the app */
	enum state state;
	enum sleep_cause cause; /* valid with STATE_SLEEP */
	uint32_t count;
	double seconds; /* sum of these waits */
};

/* CPU quota of the nearest limited cgroup on the app's path; from cpu.stat (v2) or cpu.stat and cpu.cfs_* (v1). */
struct quota {
	bool known;
	char cgroup[256]; /* path below the mount, "": no limit on the path */
	double cpus; /* quota / period */
	uint64_t throttled_periods; /* during the run */
	double throttled_seconds; /* during the run, as the kernel counts it */
};

struct memory_limit {
	bool known;
	char cgroup[256]; /* "": no limit on the path */
	uint64_t limit_bytes;
	uint64_t peak_bytes; /* 0: not known */
};

/* Why the run ended. */
enum ending {
	ENDING_NOT_YET, /* an interim report */
	ENDING_APP, /* the app ended */
	ENDING_DURATION,
	ENDING_SIGNAL,
};

struct app {
	char name[64]; /* as --app said it, the command's basename, "pid N", "cgroup PATH" */
	char *command; /* command line of its first process, owned; NULL: unknown */
	enum ending ending;
	bool seen; /* some thread was followed */
	double started, ended; /* seconds since the epoch */
	double wall_seconds; /* ended - started on the monotonic clock */
	double idle; /* part of wall_seconds without any thread */
	double wall_sleep[SLEEP_CAUSES]; /* times.wall[STATE_SLEEP] by cause */
	uint64_t processes, execs;
	uint32_t threads_peak;
	uint32_t cpus; /* that the app may use */
	struct times times;
	double concurrency[AA_CONCURRENCY]; /* wall seconds by number of running threads; last: that many or more */

	struct command *commands; /* owned; largest wall time first */
	size_t ncommands;
	struct device *devices; /* owned; largest busy time first */
	size_t ndevices;
	struct file_miss *files; /* owned; most bytes first; only files that missed while events were recorded */
	size_t nfiles;
	struct long_wait *waits; /* owned; longest sum first */
	size_t nwaits;

	uint64_t missed_pages, missed_bytes, major_faults;
	uint64_t reread_bytes; /* by its cgroup, see struct sys_reread; 0 also: not known */
	double steal; /* share of the CPU time that the machine wanted and the hypervisor stole, 0 to 1; NAN: unknown */
	struct quota quota;
	struct memory_limit memory_limit;
};

struct host {
	char kernel[65];
	uint32_t cpus; /* online */
	uint64_t memory_bytes;
};

/* What watching itself cost. NAN, or known = false: not measured. */
struct agent_cost {
	double cpu_seconds; /* user + system time of the agent */
	double start_seconds; /* from its own beginning to that of the command, or of watching */
	double start_cpu_seconds; /* part of cpu_seconds: before it began to watch */
	double bpf_seconds; /* run time of its BPF programs; NAN unless kernel.bpf_stats_enabled could be used */
	uint64_t max_rss_kib;
	uint64_t events; /* ring buffer records read */
	uint64_t lost_events;
	uint64_t lost_by_kind[16]; /* enum aa_record_kind */
	char **warnings; /* owned */
	size_t nwarnings;
};

/*
 * Frees what app owns and zeroes it. Accepts a zeroed app.
 */
void app_clear(struct app *app);

/*
 * Appends a formatted warning to cost->warnings. Returns 0 or -ENOMEM.
 */
int agent_cost_warn(struct agent_cost *cost, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Frees what cost owns and zeroes it.
 */
void agent_cost_clear(struct agent_cost *cost);

/*
 * Fills the time fields of app (wall_seconds, idle, wall_sleep, threads_peak, cpus, times, concurrency, commands) from
 * a snapshot of its ledger, advanced to now_ns first if the app still lives. started and ended are left alone. Returns
 * 0 or -ENOMEM, with app untouched then.
 */
int app_read_ledger(struct app *app, const struct aa_ledger *snapshot, uint64_t now_ns);

#endif /* MODEL_H */
