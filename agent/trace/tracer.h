/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The BPF side as the rest of the agent sees it: load, attach, mark, drain, read. */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aa_map.h"
#include "trace/features.h"

struct tracer;

struct tracer_config {
	unsigned int apps; /* 1 to AA_MAX_APPS */
	unsigned int cpus; /* online */
	bool scans; /* what runs already is looked for, too: tracer_scan() */
	bool sessions; /* what they weigh is to be told: tracer_sessions() */
	bool use; /* which pages are looked at is to be told, where the kernel can: tracer_note_use() */
	enum aa_hierarchy hierarchy; /* of the cgroup that app 0 is; AA_CGROUP_NONE: it is none */
	uint64_t cgroup; /* its id */
	uint32_t ring_bytes; /* of each of the two rings; a power of two and of pages */
	const struct aa_pattern *patterns; /* not kept */
	unsigned int npatterns; /* at most AA_MAX_PATTERNS */
	/* called by tracer_drain() for each record; size is at least that of its kind */
	void (*record)(void *context, const struct aa_rec *record);
	void *context;
};

/*
 * Loads and attaches the programs that this kernel, whose types are kernel, has events for. Returns 0; -EPERM if the
 * caller may not; -ENOTSUP if the verifier refuses a program (log_debug has its reasons); -ENOMEM; -errno. Close with
 * tracer_close().
 */
int tracer_open(const struct tracer_config *config, const struct features *features, const struct btf *kernel,
		struct tracer **ret);

/*
 * What the kernel offers, as tracer_open() was told.
 */
const struct features *tracer_features(const struct tracer *tracer);

/*
 * Detaches and unloads. Accepts NULL.
 */
void tracer_close(struct tracer *tracer);

/*
 * Marks the process of a pidfd as app's: from its next exec on, or, with at_exec false, from the next tracer_scan() on.
 * Returns 0, -ESRCH if it is gone, or -errno.
 */
int tracer_seed(struct tracer *tracer, unsigned int app, int pidfd, bool at_exec);

/*
 * The app that the process of a pidfd belongs to. Returns its index, -ENOENT if it is not followed, or -errno.
 */
int tracer_app_of(const struct tracer *tracer, int pidfd);

/*
 * Tells the programs that scans are going on: from begin to end they keep in mind who descends from whom.
 */
void tracer_scan_begin(struct tracer *tracer);
void tracer_scan_end(struct tracer *tracer);

/*
 * One pass over all tasks: marks those of the followed cgroup, seeded processes, their threads and their descendants.
 * *ret_marked is the number of threads that are new. Returns 0 or -errno.
 */
int tracer_scan(struct tracer *tracer, uint64_t *ret_marked);

/*
 * What the sessions weigh, in sessions of nice 0, that compete for the CPUs now, but for what is followed and the agent: 0
 * if none does. Takes some 0.4 ms beside 1,000 threads. Returns 0, -ENOTSUP without tracer_config's sessions, or -errno.
 */
int tracer_sessions(const struct tracer *tracer, double *ret_weight);

/*
 * The level of detail: 0 nothing is followed yet, 1 the ledger, 2 block, page cache and wait records too. The programs
 * go from 0 to 2 on their own at the first mark.
 */
unsigned int tracer_level(const struct tracer *tracer);

/*
 * Sets level 1 or 2.
 */
void tracer_set_level(struct tracer *tracer, unsigned int level);

/*
 * Has page cache misses and the names of their files sent at level 1, too.
 */
void tracer_set_recording(struct tracer *tracer, bool wanted);

/*
 * Records who ends long waits, or stops it: another program at each wake-up of the machine. Returns 0, or -errno if it
 * could not be attached.
 */
int tracer_set_wakers(struct tracer *tracer, bool wanted);

/*
 * Watches the CPUs for threads of these apps (one bit each) that wait there; 0 stops it. Returns 0, or
 * -errno if the programs could not be attached.
 */
int tracer_set_spread(struct tracer *tracer, uint64_t apps);

/*
 * What they see: the kernel writes it at any time. Setting armed (aa_wanted) asks for one record AA_REC_QUEUED, at once.
 */
struct aa_cpus *tracer_cpus(struct tracer *tracer);

/*
 * Makes ready to note which pages of files followed threads look at. Returns 0, -ENOTSUP (this kernel does not tell), or
 * -errno.
 */
int tracer_note_use(struct tracer *tracer);

/*
 * Notes all of it from now on, until tracer_pace_use() finds that it tells nothing new. Apps that start from memory do not
 * pay for it if this is called no sooner than at their first miss. Returns 1; 0 if all programs were attached already; or
 * -errno if they could not be.
 */
int tracer_note_all_use(struct tracer *tracer);

/*
 * For when no app runs: who looks at what is in memory does not pay for it any more if nothing was missed for 10 s. Takes
 * tens of milliseconds then; now_ns is CLOCK_MONOTONIC.
 */
void tracer_rest_use(struct tracer *tracer, uint64_t now_ns);

/*
 * Has reads noted less where many tell nothing new: then a page that is read for the first time is mostly overlooked, for
 * at most 0.75 s, and one that is missed counts as looked at. To be called often while an app runs; now_ns is
 * CLOCK_MONOTONIC.
 */
void tracer_pace_use(struct tracer *tracer, uint64_t now_ns);

/*
 * Whether all of that was noted since tracer_note_all_use(), or since it was forgotten.
 */
bool tracer_use_known(const struct tracer *tracer);

/*
 * Forgets it, to start anew.
 */
void tracer_forget_use(struct tracer *tracer);

/*
 * Which of AA_USE_PAGES pages of a file were looked at, from block * AA_USE_PAGES on; dev is the kernel's dev_t. If any
 * were, *ret_since_ns is when the first one was, CLOCK_MONOTONIC, to 16 us.
 */
uint64_t tracer_use(const struct tracer *tracer, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns);

/*
 * A descriptor that becomes readable when records wait that should not wait.
 */
int tracer_fd(const struct tracer *tracer);

/*
 * Hands all records that are there to config->record. Returns how many, or -errno.
 */
int tracer_drain(struct tracer *tracer);

/*
 * Copies the ledger of app, consistent in itself, to ret. Returns 0 or -errno.
 */
int tracer_read_ledger(struct tracer *tracer, unsigned int app, struct aa_ledger *ret);

/*
 * Copies the counters of app to ret. Returns 0 or -errno.
 */
int tracer_read_counts(struct tracer *tracer, unsigned int app, struct aa_counts *ret);

/*
 * Calls each for every device and submitter (an app's index, or AA_NOBODY) that completed a request. Returns 0 or
 * -errno.
 */
int tracer_each_device(struct tracer *tracer,
		       void (*each)(void *context, const struct aa_dev_key *, const struct aa_dev *), void *context);

/* What was not seen since tracer_open(). */
struct tracer_losses {
	uint64_t records[AA_RECORD_KINDS]; /* found their ring full, by kind */
	uint64_t requests; /* block requests that found their table full */
	uint64_t runs; /* of programs, left out because the same one ran on that CPU, or did not get its lock */
};

void tracer_losses(const struct tracer *tracer, struct tracer_losses *ret);

/*
 * Records of one kind that found their ring full: known without a system call.
 */
uint64_t tracer_lost(const struct tracer *tracer, enum aa_record_kind kind);

/*
 * Page cache misses, of whatever app, for which the kernel left our program out because it ran on that CPU already, for
 * another task that was preempted there (7.2). A system call or two.
 */
uint64_t tracer_missed_misses(const struct tracer *tracer);

/*
 * Run time of the programs so far in seconds; NAN unless the administrator has turned kernel.bpf_stats_enabled on.
 */
double tracer_bpf_seconds(const struct tracer *tracer);

#endif /* TRACER_H */
