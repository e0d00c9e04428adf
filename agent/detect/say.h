/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the detectors share: figures drawn from an app, and sentences put together from pieces. */
#ifndef SAY_H
#define SAY_H

#include "detect/detect.h"

/* One figure of a set of times, as the part that a bottleneck is about. */
typedef double times_part(const struct times *times);

/*
 * Appends to the evidence or the suggestion; what does not fit is cut.
 */
void say_evidence(struct verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_suggestion(struct verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Append to the evidence, or leave it as it is where there is nothing to say:
 * say_commands: " (cc1 3.10 s, ld 1.20 s)", the commands with the largest part
 * say_device: "; vda: 34,000 reads, 1.2 GiB, p95 2.10 ms, queue 3.2", the device with most reads (or writes) of the app
 * say_files: "; missed most: .../lib/libc.so.6 12 MiB"
 */
void say_commands(struct verdict *v, const struct app *app, times_part *part);
void say_device(struct verdict *v, const struct app *app, bool writes);
void say_files(struct verdict *v, const struct app *app);

/*
 * Returns the device with most reads (or writes) of the app, or NULL: it did none.
 */
const struct device *busiest_device(const struct app *app, bool writes);

/*
 * Returns seconds of wall time as a share of the run, 0 to 1. 0 where either is not known.
 */
double share_of_wall(const struct app *app, double seconds);

/*
 * Returns the share of the app's reads from disk, 0 to 1, that was of what it had lost for want of memory, without the
 * kernel calling that a stall. 0 where it is not known.
 */
double share_reread(const struct app *app);

/*
 * Returns the share of CPU time that the hypervisor left to the machine, 0 to 1; 1 where steal is not known.
 */
double share_kept(const struct app *app);

/*
 * Returns the wall seconds in which at least one thread wanted to get on.
 */
double active_seconds(const struct app *app);

/*
 * Return the mean number of threads on a CPU, and of threads that wanted one (on it, waiting for it, or held back by a
 * quota), over active_seconds(). 0 where that is 0.
 */
double mean_running(const struct app *app);
double mean_runnable(const struct app *app);

#endif /* SAY_H */
