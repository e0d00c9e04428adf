/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Each bottleneck: a run that it must name, and one in which it must keep quiet. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "detect/detect.h"

static const struct host host = { "6.18.0", 8, 16ULL << 30 };

/* Ten seconds in which nothing happened: each test puts its cause in. */
static struct app ten_seconds(void)
{
	return (struct app){ .name = "app", .seen = true, .wall_seconds = 10, .cpus = 2, .steal = NAN };
}

/* The verdict of that id, or NULL. */
static const struct verdict *verdict_of(const struct app *app, const char *id)
{
	static struct verdict verdicts[DETECT_MAX];
	size_t i, count = detect_all(app, &host, verdicts);

	for (i = 0; i < count; i++)
		if (!strcmp(verdicts[i].id, id))
			return &verdicts[i];
	return NULL;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

#define assert_share(v, share) assert_true((v) && fabs((v)->impact - (share)) < 1e-9)

static void test_cpu_bound(void **state)
{
	struct command commands[] = { { "cc1", 20, { .wall = { [STATE_RUN] = 8 } } } };
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.commands = commands;
	app.ncommands = 1;
	app.cpus = 8;
	app.times.wall[STATE_RUN] = 9;
	app.times.wall_alone = 1;
	app.concurrency[1] = 1;
	app.concurrency[8] = 8;
	v = verdict_of(&app, "cpu-bound");
	assert_share(v, 0.8);
	assert_says(v->evidence, "8 of 8 CPUs");
	assert_says(v->evidence, "cc1 8.00 s");
	assert_says(v->suggestion, "nothing to tune");

	/* half of the CPUs stood empty: that can be tuned */
	app.concurrency[8] = 0;
	app.concurrency[4] = 8;
	v = verdict_of(&app, "cpu-bound");
	assert_says(v->evidence, "4 of 8 CPUs");
	assert_says(v->suggestion, "make -j8");

	/* the same, but others held them: more jobs would not help */
	app.times.thread[STATE_RUNQ] = 32;
	assert_says(verdict_of(&app, "cpu-bound")->suggestion, "nothing to tune");
}

/* What one thread did alone is a serial step, not a lack of CPUs; on one CPU it is the other way round. */
static void test_serial_or_cpu_bound(void **state)
{
	struct command commands[] = {
		{ "cc1", 20, { .wall = { [STATE_RUN] = 4 }, .wall_alone = 1 } },
		{ "ld", 1, { .wall = { [STATE_RUN] = 5 }, .wall_alone = 5 } },
	};
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.commands = commands;
	app.ncommands = 2;
	app.times.wall[STATE_RUN] = 6;
	app.times.wall_alone = 6;
	app.concurrency[2] = 3;
	v = verdict_of(&app, "serial");
	assert_share(v, 0.6);
	assert_says(v->evidence, "(ld 5.00 s, cc1 1.00 s)");
	assert_says(v->evidence, "1 of 2 CPUs");
	assert_says(v->suggestion, "mold");
	assert_null(verdict_of(&app, "cpu-bound"));

	/* never more than one thread: it is not the linker's fault */
	app.concurrency[2] = 0;
	assert_says(verdict_of(&app, "serial")->suggestion, "one thread does all of the work");
	strcpy(commands[1].name, "ninja");
	assert_says(verdict_of(&app, "serial")->suggestion, "make -j2");

	app.cpus = 1;
	assert_null(verdict_of(&app, "serial"));
	assert_share(verdict_of(&app, "cpu-bound"), 0.6);
}

static void test_cpu_neighbour(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_RUN] = 2;
	app.times.wall[STATE_RUNQ] = 8;
	app.times.thread[STATE_RUN] = 5;
	app.times.wall_neighbour = 6;
	v = verdict_of(&app, "cpu-neighbour");
	assert_share(v, 0.6);
	assert_says(v->evidence, "75 % of its waits");
	assert_says(v->evidence, "0.50 of 2 CPUs");
	assert_share(verdict_of(&app, "cpu-oversubscribed"), 0.2);

	app.times.wall_neighbour = 0;
	assert_null(verdict_of(&app, "cpu-neighbour"));
}

static void test_cpu_oversubscribed(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_RUN] = 2;
	app.times.wall[STATE_RUNQ] = 8;
	app.times.thread[STATE_RUN] = 20;
	app.times.thread[STATE_RUNQ] = 60;
	v = verdict_of(&app, "cpu-oversubscribed");
	assert_share(v, 0.8);
	assert_says(v->evidence, "8 wanted a CPU, it has 2");
	assert_says(v->suggestion, "the machine's 8 CPUs");
	assert_says(v->suggestion, "-j2");

	/* more CPUs are of no use to threads that may not use them */
	app.times.wall_pinned = 6;
	v = verdict_of(&app, "cpu-oversubscribed");
	assert_share(v, 0.8);
	assert_says(v->evidence, "75 % of it by threads that may use only some");
	assert_says(v->suggestion, "taskset");
	app.times.wall_pinned = 0;

	/* an idle CPU that wakes up is nobody's fault */
	app.times.wall_wakeup = 3;
	assert_share(verdict_of(&app, "cpu-oversubscribed"), 0.5);

	app.times.wall_neighbour = 5;
	assert_null(verdict_of(&app, "cpu-oversubscribed"));
}

static void test_cpu_quota(void **state)
{
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_RUN] = 5;
	app.times.wall[STATE_THROTTLED] = 5;
	app.times.thread[STATE_RUN] = 10;
	app.times.thread[STATE_THROTTLED] = 10;
	app.quota = (struct quota){ true, "/ci/job7", 0.5, 98, 5.1 };
	v = verdict_of(&app, "cpu-quota");
	assert_share(v, 0.5);
	assert_says(v->evidence, "0.50 CPUs (cgroup /ci/job7), in 98 periods");
	assert_says(v->suggestion, "raise the quota to 2 CPUs");
	assert_says(v->suggestion, "-j1");

	/* a quota that could not be read is not printed as one of 0 CPUs */
	app.quota = (struct quota){ 0 };
	v = verdict_of(&app, "cpu-quota");
	assert_null(strstr(v->evidence, " of 0"));
	assert_null(strstr(v->evidence, "periods"));

	/* a quota that never stopped it is no bottleneck */
	app.quota = (struct quota){ true, "/ci/job7", 0.5, 0, 0 };
	app.times.wall[STATE_THROTTLED] = 0;
	assert_null(verdict_of(&app, "cpu-quota"));
}

/* Stolen time is taken out of what the other CPU detectors claim; unknown steal is no verdict. */
static void test_cpu_steal(void **state)
{
	struct app app = ten_seconds();

	(void)state;
	app.times.wall[STATE_RUN] = 6;
	app.times.wall[STATE_RUNQ] = 4;
	app.times.wall_neighbour = 1;
	app.times.wall_alone = 2;
	assert_null(verdict_of(&app, "cpu-steal"));
	assert_share(verdict_of(&app, "cpu-bound"), 0.4);

	app.steal = 0.25;
	assert_share(verdict_of(&app, "cpu-steal"), 0.25);
	assert_says(verdict_of(&app, "cpu-steal")->evidence, "25 % of this machine's CPU time");
	assert_share(verdict_of(&app, "cpu-bound"), 0.3);
	assert_share(verdict_of(&app, "serial"), 0.15);
	assert_share(verdict_of(&app, "cpu-neighbour"), 0.075);
	assert_share(verdict_of(&app, "cpu-oversubscribed"), 0.225);
}

static void test_memory_reclaim(void **state)
{
	struct device direct = { .name = "vda", .own = { .reads = 100, .read_bytes = 200 << 20 } };
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.times.wall[STATE_RECLAIM] = 7;
	app.memory_limit = (struct memory_limit){ true, "/ci/job7", 512 << 20, 512 << 20 };
	v = verdict_of(&app, "memory-reclaim");
	assert_share(v, 0.7);
	assert_says(v->evidence, "cgroup /ci/job7 is limited to 512 MiB, peak 512 MiB");
	assert_says(v->suggestion, "raise the cgroup's limit");

	/* far from its limit: that is not what to raise */
	app.memory_limit.peak_bytes = 100 << 20;
	assert_null(strstr(verdict_of(&app, "memory-reclaim")->suggestion, "raise"));

	/* of its reads, three quarters are of what it had */
	app.times.wall_disk_read = 2;
	app.missed_bytes = 40 << 20;
	app.reread_bytes = 30 << 20;
	v = verdict_of(&app, "memory-reclaim");
	assert_share(v, 0.85);
	assert_says(v->evidence, "waited 1.50 s for reads of what it had lost");
	assert_share(verdict_of(&app, "disk-read"), 0.05);
	app.reread_bytes = 50 << 20;
	assert_share(verdict_of(&app, "memory-reclaim"), 0.9);
	assert_null(verdict_of(&app, "disk-read"));

	/* direct I/O misses no page, and what is read by it is not what was lost */
	app.devices = &direct;
	app.ndevices = 1;
	app.reread_bytes = 20 << 20;
	assert_share(verdict_of(&app, "memory-reclaim"), 0.72);
	assert_share(verdict_of(&app, "disk-read"), 0.18);
	app.ndevices = 0;
	app.reread_bytes = 0;
	app.times.wall_disk_read = 0;

	app.memory_limit = (struct memory_limit){ .known = true };
	assert_says(verdict_of(&app, "memory-reclaim")->evidence, "no cgroup limits its memory: the machine's 16 GiB");

	app.memory_limit = (struct memory_limit){ 0 };
	assert_null(strstr(verdict_of(&app, "memory-reclaim")->evidence, "cgroup"));

	app.times.wall[STATE_RECLAIM] = 0;
	app.times.wall[STATE_FAULT] = 7;
	assert_null(verdict_of(&app, "memory-reclaim"));
}

static void test_lock(void **state)
{
	struct command commands[] = { { "touch", 20, { .wall = { [STATE_LOCK] = 4 } } } };
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.commands = commands;
	app.ncommands = 1;
	app.times.wall[STATE_LOCK] = 4;
	app.times.thread[STATE_LOCK] = 28;
	v = verdict_of(&app, "lock");
	assert_share(v, 0.4);
	assert_says(v->evidence, "touch 4.00 s");
	assert_says(v->evidence, "on average 7.0 threads");

	/* threads that wait in user space are not in the kernel */
	app.times.wall[STATE_LOCK] = 0;
	app.wall_sleep[SLEEP_FUTEX] = 4;
	assert_null(verdict_of(&app, "lock"));
}

static void test_waiting(void **state)
{
	struct long_wait waits[] = {
		{ "cc1", "jbd2", true, STATE_DISK, SLEEP_SOCKET, 9, 9 },
		{ "make", "sh", false, STATE_SLEEP, SLEEP_SOCKET, 8, 8 },
		{ "make", "curl", true, STATE_SLEEP, SLEEP_SOCKET, 3, 3 },
		{ "make", "getty", true, STATE_SLEEP, SLEEP_OTHER, 7, 7 },
	};
	struct app app = ten_seconds();
	const struct verdict *v;

	(void)state;
	app.waits = waits;
	app.nwaits = 4;
	app.wall_sleep[SLEEP_SOCKET] = 3;
	app.wall_sleep[SLEEP_CHILD] = 1;
	v = verdict_of(&app, "waiting");
	assert_share(v, 0.4);
	assert_says(v->evidence, "slept for 4.00 s, 75 % of that on a socket");
	assert_says(v->evidence, "make waited 3.00 s and was woken by curl, outside the app");

	/* threads that sleep while others work cost no wall time */
	app.wall_sleep[SLEEP_SOCKET] = 0;
	app.wall_sleep[SLEEP_CHILD] = 0;
	app.times.thread[STATE_SLEEP] = 500;
	assert_null(verdict_of(&app, "waiting"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_bound),      cmocka_unit_test(test_serial_or_cpu_bound),
		cmocka_unit_test(test_cpu_neighbour),  cmocka_unit_test(test_cpu_oversubscribed),
		cmocka_unit_test(test_cpu_quota),      cmocka_unit_test(test_cpu_steal),
		cmocka_unit_test(test_memory_reclaim), cmocka_unit_test(test_lock),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
