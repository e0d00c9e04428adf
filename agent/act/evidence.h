/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the app and the machine did between two looks: the numbers that decisions are made of. Pure. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Counters at one moment, in seconds since some start. */
struct act_sample {
	uint64_t now_ns;
	bool alive; /* the app has threads */
	uint32_t cpus; /* that it may use */
	double run, runq; /* thread time on a CPU, and ready for one */
	double wall_neighbour; /* wall time: others held its CPUs */
	double wall_reclaim, wall_disk, wall_fault; /* wall time: memory, reads and writes, page faults */
	double machine_idle; /* CPU time of the whole machine that nobody had; NAN: unknown */
	double others_ready; /* threads of others that run or want to, at this moment; NAN: unknown */
};

struct evidence {
	double seconds; /* between the two; 0: there is nothing to go by */
	double cpus; /* that the app may use */
	double run; /* CPUs that it had */
	double demand; /* CPUs that it could have used: its threads on a CPU or ready for one, at most cpus */
	double idle; /* CPUs that nobody had; NAN: unknown */
	double others_ready; /* threads of others that had or wanted a CPU at both moments, at least; NAN: unknown */
	double neighbour, reclaim, disk, fault; /* shares of the wall time, 0 to 1 */
};

/*
 * The difference of two samples of one app. seconds is 0 if they are not in order, or the app was not alive in both.
 */
struct evidence evidence_between(const struct act_sample *from, const struct act_sample *to);

#endif /* EVIDENCE_H */
