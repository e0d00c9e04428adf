/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which knob is for which trouble. A new knob is one file and one row here. */
#include <math.h>

#include "act/rule.h"

#define MS 1000000ULL

#define SHARE_MAX 0.95 /* of its CPUs that an app may take from its neighbours: nobody is starved */
#define WANTS 0.05 /* CPUs: an app that wants less is not held back by anybody */
#define OTHERS 0.02 /* of the CPUs: fewer threads of others are noise, and so is less than one */
#define IDLE 0.10 /* of the CPUs: with more of them idle, nobody waits for long */
#define SHOWS 0.05 /* of the wall time: a bottleneck that takes less is not worth a change */

/*
 * Where a weight keeps others away already, they show only as threads that are ready and get little. What they get is no
 * help: the kernel tells that in ticks, which between two looks are as many as the others of a small machine have.
 */
bool rule_crowded(const struct evidence *e)
{
	if (e->demand < WANTS)
		return false;
	if (e->neighbour > SHOWS)
		return true;
	return e->idle < IDLE * e->cpus && e->others_ready >= fmax(1, OTHERS * e->cpus);
}

static bool computes(const struct evidence *e)
{
	return e->run > 0.5;
}

static bool memory_short(const struct evidence *e)
{
	return e->reclaim > SHOWS;
}

/* Pages that were there and are read again: the group's refaults tell it apart from a cold start; see value. */
static bool memory_or_disk(const struct evidence *e)
{
	return memory_short(e) || e->disk + e->fault > SHOWS;
}

static bool disk_waits(const struct evidence *e)
{
	return e->disk + e->fault > 2 * SHOWS;
}

/*
 * The weight with which the app gets what it wants, up to SHARE_MAX of each CPU that it uses: it is spread over demand
 * CPUs, what competes over all of them.
 */
static uint64_t weight(const struct evidence *e, const struct rule_facts *f)
{
	double siblings = f->siblings > 1 ? f->siblings : 1, cpus = e->cpus > 1 ? e->cpus : 1;
	double demand = e->demand > 1 ? e->demand : 1;
	double times = SHARE_MAX / (1 - SHARE_MAX) * siblings * demand / cpus;

	return (uint64_t)(times * KNOB_WEIGHT_DEFAULT);
}

static uint64_t one(const struct evidence *e, const struct rule_facts *f)
{
	(void)e, (void)f;
	return 1;
}

/*
 * What the group has, what it had to read again because it was taken away, and as much again: what is protected counts
 * only as far as the group has it, and without room to grow it would lose what it reads until the next look. Never more
 * than half of the memory.
 */
static uint64_t working_set(const struct evidence *e, const struct rule_facts *f)
{
	uint64_t want = 2 * (f->group_bytes + f->refaulted_bytes), half = f->machine_bytes / 2;

	if (!memory_short(e) && !f->refaulted_bytes)
		return 0;
	return want < half ? want : half;
}

/* Of what a background group has, this much is taken first when memory is short. */
static uint64_t half_of_it(const struct evidence *e, const struct rule_facts *f)
{
	(void)e;
	return f->group_bytes / 2;
}

static uint64_t tenfold(const struct evidence *e, const struct rule_facts *f)
{
	(void)e, (void)f;
	return 10 * KNOB_WEIGHT_DEFAULT;
}

/* A little at a time: the kernel takes the coldest first, and the agent waits for it. */
static uint64_t reclaim_step(const struct evidence *e, const struct rule_facts *f)
{
	(void)e, (void)f;
	return 32ULL << 20;
}

/* Only if they are enough: an app that could use more CPUs than the fast ones would lose the others. */
static const char *fast_cpus(const struct evidence *e, const struct rule_facts *f)
{
	return f->fast_cpus && e->demand <= f->fast_cpus && f->fast_cpus < e->cpus ? f->fast_list : NULL;
}

/* One thread at a time waits for neighbours only, who have little. */
static const char *spread(const struct evidence *e, const struct rule_facts *f)
{
	(void)f;
	return e->cpus > 1 && e->demand > 1.1 ? "on" : NULL;
}

static const char *first_in_line(const struct evidence *e, const struct rule_facts *f)
{
	(void)e, (void)f;
	return KNOB_IO_PRIO_FIRST;
}

/*
 * Weights act within a turn of the run queue: three slices a neighbour, at most. The quick windows are short, because
 * each one without the change costs the app what the change brings. But where the threads are, and so what the others
 * get, goes on changing for 100 ms: seen in windows of 16 ms, a weight of 38911 in place of 1024 brought a build 54 %,
 * in the long run 70 %. One slow window without it is off by 9 % of what it shows.
 *
 * What is measured is paid for by the app: without the quick windows a contended build of 2.6 s took 50 to 90 ms less,
 * and with all of them one took 34.2 s instead of 32.8 (bench/effect.py). So neither begins before the app has run for so
 * long that this is little.
 */
#define CPU_WINDOWS \
	{ \
		.metric = "run_per_second", .settle_ns = 8 * MS, .window_ns = 16 * MS, .slow_settle_ns = 80 * MS, \
		.slow_off_ns = 200 * MS, .slow_on_ns = 2400 * MS, .pairs_max = 12, .smallest = 2 \
	}
#define CPU_AFTER (4000 * MS)
#define CPU_SLOW_AFTER (15000 * MS)
/* A few percent, between windows that differ by more: many of them, and later. */
#define SPREAD_WINDOWS \
	{ \
		.metric = "run_per_second", .settle_ns = 8 * MS, .window_ns = 120 * MS, .pairs_max = 12, .smallest = 1 \
	}
#define SPREAD_AFTER (10000 * MS)
/* Memory comes back page by page. */
#define MEMORY_WINDOWS \
	{ \
		.metric = "run_per_second", .settle_ns = 500 * MS, .window_ns = 1500 * MS, .pairs_max = 8, \
		.smallest = 2 \
	}
#define IO_WINDOWS \
	{ \
		.metric = "run_per_second", .settle_ns = 100 * MS, .window_ns = 400 * MS, .pairs_max = 12, \
		.smallest = 2 \
	}

const struct rule rules[] = {
	{ .knob = &knob_cpu_weight,
	  .bottleneck = "cpu-neighbour",
	  .reason = "others run on the CPUs that it waits for",
	  .where = RULE_APP,
	  .at_start = true,
	  .due = rule_crowded,
	  .value = weight,
	  .measure = CPU_WINDOWS,
	  .measure_after_ns = CPU_AFTER,
	  .slow_after_ns = CPU_SLOW_AFTER },
	{ .knob = &knob_spread,
	  .bottleneck = "cpu-neighbour",
	  .reason = "its threads wait while others have a CPU that they could use",
	  .at_start = true,
	  .where = RULE_APP,
	  .due = rule_crowded,
	  .text = spread,
	  .measure = SPREAD_WINDOWS,
	  .measure_after_ns = SPREAD_AFTER },
	{ .knob = &knob_cpu_weight,
	  .bottleneck = "cpu-neighbour",
	  .reason = "others beside a group above it run on its CPUs",
	  .where = RULE_ABOVE,
	  .due = rule_crowded,
	  .value = weight,
	  .measure = CPU_WINDOWS,
	  .measure_after_ns = CPU_AFTER,
	  .slow_after_ns = CPU_SLOW_AFTER },
	{ .knob = &knob_cpu_idle,
	  .bottleneck = "cpu-neighbour",
	  .reason = "its work is background by the settings, and may wait",
	  .where = RULE_BACKGROUND,
	  .due = rule_crowded,
	  .value = one,
	  .measure = CPU_WINDOWS,
	  .measure_after_ns = CPU_AFTER,
	  .slow_after_ns = CPU_SLOW_AFTER },
	{ .knob = &knob_cpuset_cpus,
	  .bottleneck = "cpu-bound",
	  .reason = "it computes, and the fast CPUs are enough for it",
	  .where = RULE_APP,
	  .due = computes,
	  .text = fast_cpus }, /* not measured: CPU time says nothing about how fast the CPU is */
	{ .knob = &knob_memory_low,
	  .bottleneck = "memory-reclaim",
	  .reason = "what is protected below it counts only up to its own value",
	  .where = RULE_ABOVE,
	  .support = true,
	  .due = memory_or_disk,
	  .value = working_set },
	/* not measured: what a window without it loses is read again in the next one with it, and costs more than it tells */
	{ .knob = &knob_memory_low,
	  .bottleneck = "memory-reclaim",
	  .reason = "its memory is taken away and read again",
	  .where = RULE_APP,
	  .due = memory_or_disk,
	  .value = working_set },
	{ .knob = &knob_memory_reclaim,
	  .bottleneck = "memory-reclaim",
	  .reason = "its work is background by the settings, and may wait",
	  .where = RULE_BACKGROUND,
	  .due = memory_short,
	  .value = reclaim_step },
	{ .knob = &knob_memory_soft_limit,
	  .bottleneck = "memory-reclaim",
	  .reason = "its work is background by the settings, and may wait",
	  .where = RULE_BACKGROUND,
	  .due = memory_short,
	  .value = half_of_it,
	  .measure = MEMORY_WINDOWS },
	{ .knob = &knob_io_weight,
	  .bottleneck = "disk-read",
	  .reason = "it waits for the disk",
	  .where = RULE_APP,
	  .due = disk_waits,
	  .value = tenfold,
	  .measure = IO_WINDOWS },
	{ .knob = &knob_io_prio,
	  .bottleneck = "disk-read",
	  .reason = "it waits for the disk",
	  .where = RULE_APP,
	  .due = disk_waits,
	  .text = first_in_line,
	  .measure = IO_WINDOWS },
};

const size_t rules_count = sizeof(rules) / sizeof(rules[0]);

struct evidence rule_assumed(uint32_t cpus)
{
	return (struct evidence){ .cpus = cpus, .demand = cpus, .idle = NAN, .others_ready = NAN };
}
