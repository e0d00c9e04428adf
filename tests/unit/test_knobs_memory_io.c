/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Knobs of memory and I/O. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/knob.h"
#include "tests/unit/fake_group.h"
#include "util/cleanup.h"

/* Formats value, and checks that parsing the text gives what is expected. */
static void assert_both(const struct knob *knob, const struct sys_cgroup *group, uint64_t value, const char *text,
			uint64_t parsed)
{
	char got[KNOB_TEXT];
	uint64_t back;

	assert_int_equal(knob->format(group, value, got), 0);
	assert_string_equal(got, text);
	assert_int_equal(knob->parse(group, got, &back), 0);
	assert_int_equal(back, parsed);
}

/* Writes another value, then what was read before: the file ends as it began. */
static void assert_restored(const struct fake *fake, const struct knob *knob, const struct sys_cgroup *group,
			    const char *path, const char *old, const char *ours)
{
	char text[KNOB_TEXT], contents[KNOB_TEXT + 1];

	snprintf(contents, sizeof(contents), "%s\n", old);
	fake_put(fake, path, contents);
	assert_int_equal(knob->read(group, text), 0);
	assert_string_equal(text, old);
	assert_int_equal(knob->write(group, ours), 0);
	fake_assert(fake, path, ours);
	assert_int_equal(knob->write(group, text), 0);
	fake_assert(fake, path, old);
}

static uint64_t page(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What the kernel shows in v1 for "no limit": as much as its counter of pages holds. */
static const char *unlimited_v1(char ret[KNOB_TEXT])
{
	snprintf(ret, KNOB_TEXT, "%" PRIu64, (uint64_t)LONG_MAX / page() * page());
	return ret;
}

/* Protected memory is rounded down to whole pages, as the kernel does; all there is becomes "max". */
static void memory_low_is_rounded(void **state)
{
	const struct fake *fake = *state;
	const struct knob *k = &knob_memory_low;
	char text[KNOB_TEXT];
	uint64_t value;

	assert_string_equal(k->file(&fake->v2), "memory.low");
	assert_both(k, &fake->v2, 0, "0", 0);
	assert_both(k, &fake->v2, page() - 1, "0", 0);
	assert_both(k, &fake->v2, (1U << 30) + page() - 1, "1073741824", 1U << 30);
	assert_both(k, &fake->v2, UINT64_MAX, "max", UINT64_MAX);
	assert_both(k, &fake->v2, LONG_MAX, "max", UINT64_MAX);
	snprintf(text, sizeof(text), "%" PRIu64, ((uint64_t)LONG_MAX / page() - 1) * page());
	assert_both(k, &fake->v2, ((uint64_t)LONG_MAX / page() - 1) * page(), text,
		    ((uint64_t)LONG_MAX / page() - 1) * page());
	assert_int_equal(k->parse(&fake->v2, "1G", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v2, "-1", &value), -EINVAL);
}

/* A protection is put back, "max" as well. */
static void memory_low_is_restored(void **state)
{
	const struct fake *fake = *state;

	assert_restored(fake, &knob_memory_low, &fake->v2, "/v2/app/memory.low", "0", "1073741824");
	assert_restored(fake, &knob_memory_low, &fake->v2, "/v2/app/memory.low", "max", "4096");
	assert_int_equal(knob_memory_low.write(&fake->v2, "lots"), -EINVAL);
	fake_assert(fake, "/v2/app/memory.low", "max");
}

/* v1 has a number for "no limit", and takes it back. */
static void soft_limit_is_rounded(void **state)
{
	const struct fake *fake = *state;
	const struct knob *k = &knob_memory_soft_limit;
	char text[KNOB_TEXT];
	uint64_t value;

	assert_string_equal(k->file(&fake->v1), "memory.soft_limit_in_bytes");
	assert_both(k, &fake->v1, 0, "0", 0);
	assert_both(k, &fake->v1, (1U << 30) + page() - 1, "1073741824", 1U << 30);
	assert_both(k, &fake->v1, UINT64_MAX, unlimited_v1(text), UINT64_MAX);
	assert_int_equal(k->parse(&fake->v1, "max", &value), -EINVAL);
	assert_restored(fake, k, &fake->v1, "/v1/app/memory.soft_limit_in_bytes", unlimited_v1(text), "1073741824");
}

/* Reclaim is an order, not a value: nothing to read, never empty, never everything. */
static void reclaim_is_an_order(void **state)
{
	const struct fake *fake = *state;
	const struct knob *k = &knob_memory_reclaim;
	char text[KNOB_TEXT];

	assert_true(k->one_shot);
	assert_string_equal(k->file(&fake->v2), "memory.reclaim");
	fake_put(fake, "/v2/app/memory.reclaim", "\n");
	assert_int_equal(k->read(&fake->v2, text), -ENODATA);
	assert_both(k, &fake->v2, (64U << 20) + 1, "67108864", 64U << 20);
	assert_int_equal(k->format(&fake->v2, page() - 1, text), -ERANGE);
	assert_int_equal(k->format(&fake->v2, UINT64_MAX, text), -ERANGE);
	assert_int_equal(k->write(&fake->v2, "67108864"), 0);
	fake_assert(fake, "/v2/app/memory.reclaim", "67108864");
	assert_int_equal(k->write(&fake->v2, ""), -EINVAL);
	assert_int_equal(k->write(&fake->v2, "0"), -EINVAL);
	assert_int_equal(k->write(&fake->v2, "1 swappiness=200"), -EINVAL);
	fake_assert(fake, "/v2/app/memory.reclaim", "67108864");
}

/* EAGAIN says that less was reclaimed than asked. A lease on the file makes it here; others call that an error. */
static void reclaim_of_less_is_no_error(void **state)
{
	const struct fake *fake = *state;
	cleanup_close int low = -1, reclaim = -1;
	char path[PATH_MAX];

	fake_put(fake, "/v2/app/memory.low", "0\n");
	fake_put(fake, "/v2/app/memory.reclaim", "\n");
	snprintf(path, sizeof(path), "%s/v2/app/memory.low", fake->root);
	low = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "%s/v2/app/memory.reclaim", fake->root);
	reclaim = open(path, O_RDONLY);
	signal(SIGIO, SIG_IGN);
	if (fcntl(low, F_SETLEASE, F_RDLCK) || fcntl(reclaim, F_SETLEASE, F_RDLCK))
		skip(); /* this file system has no leases */
	assert_int_equal(knob_memory_low.write(&fake->v2, "4096"), -EAGAIN);
	assert_int_equal(knob_memory_reclaim.write(&fake->v2, "4096"), 0);
}

static void put_scheduler(const struct fake *fake, const char *disk, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/%s/queue/scheduler", disk);
	fake_put(fake, path, text);
}

/* The schedulers in use are listed once each; a device without a choice says "none" without brackets. */
static void schedulers_are_listed(void **state)
{
	const struct fake *fake = *state;
	char list[KNOB_TEXT];

	assert_int_equal(knob_schedulers(fake->root, list), -ENOENT);
	put_scheduler(fake, "sda", "none [mq-deadline] kyber bfq \n");
	put_scheduler(fake, "sdb", "[mq-deadline] none\n");
	put_scheduler(fake, "nvme0n1", "[none] mq-deadline\n");
	put_scheduler(fake, "loop0", "none\n");
	put_scheduler(fake, "odd", "mq-deadline kyber\n");
	assert_int_equal(knob_schedulers(fake->root, list), 0);
	assert_string_equal(list, "mq-deadline, none");
	assert_true(knob_schedulers_have(list, "none"));
	assert_false(knob_schedulers_have(list, "deadline"));
	assert_false(knob_schedulers_have(list, "bfq"));
}

/* v1: BFQ alone heeds the weight, and only where a disk uses it. */
static void io_weight_v1_needs_bfq(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	assert_string_equal(knob_io_weight.file(&fake->v1), "blkio.bfq.weight");
	fake_put(fake, "/v1/app/blkio.bfq.weight", "100\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v1, why), -ENODEV);
	assert_string_equal(why, "no effect here: no disk uses BFQ (schedulers: none found)");
	put_scheduler(fake, "sda", "none [mq-deadline] bfq\n");
	put_scheduler(fake, "vda", "[none] mq-deadline bfq\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v1, why), -ENODEV);
	assert_string_equal(why, "no effect here: no disk uses BFQ (schedulers: mq-deadline, none)");
	put_scheduler(fake, "sda", "none mq-deadline [bfq]\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v1, why), 0);
}

/* v2: io.weight where iocost is enabled, else io.bfq.weight, else nothing has an effect. */
static void io_weight_v2_chooses_its_file(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v2/app/io.weight", "default 100\n");
	put_scheduler(fake, "vda", "[none] mq-deadline\n");
	assert_string_equal(knob_io_weight.file(&fake->v2), "io.weight");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), -ENODEV);
	assert_string_equal(why, "no effect here: no disk uses BFQ, and iocost is not enabled (schedulers: none)");
	put_scheduler(fake, "vda", "none [bfq]\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), -ENODEV);
	assert_string_equal(why, "no effect here: BFQ has no weights for control groups in this kernel, and iocost "
				 "is not enabled");
	fake_put(fake, "/v2/app/io.bfq.weight", "default 100\n");
	assert_string_equal(knob_io_weight.file(&fake->v2), "io.bfq.weight");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), 0);
	fake_put(fake, "/v2/io.cost.qos", "8:0 enable=0 ctrl=auto\n8:16 enable=0 ctrl=auto\n");
	assert_string_equal(knob_io_weight.file(&fake->v2), "io.bfq.weight");
	fake_put(fake, "/v2/io.cost.qos", "8:0 enable=0 ctrl=auto\n8:16 enable=1 ctrl=auto rpct=0.00\n");
	assert_string_equal(knob_io_weight.file(&fake->v2), "io.weight");
	put_scheduler(fake, "vda", "[none] mq-deadline\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), 0);
}

/* A group that was not given the controller yet: whether that would be of use is known before. */
static void io_without_the_controller(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	fake_put(fake, "/v2/app/cgroup.controllers", "cpu memory\n");
	put_scheduler(fake, "vda", "[none]\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), -ENODEV);
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v2, why), -ENODEV);
	put_scheduler(fake, "vda", "[bfq] none\n");
	put_scheduler(fake, "vdb", "[mq-deadline]\n");
	assert_int_equal(knob_io_weight.probe(fake->root, &fake->v2, why), -EOPNOTSUPP);
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v2, why), -EOPNOTSUPP);
}

/* Each of the three files has bounds and a form of its own. */
static void io_weight_has_bounds(void **state)
{
	const struct fake *fake = *state;
	const struct knob *k = &knob_io_weight;
	uint64_t value;

	assert_both(k, &fake->v1, UINT64_MAX, "1000", 10000);
	assert_both(k, &fake->v1, 0, "1", 10);
	assert_int_equal(k->parse(&fake->v1, "1001", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v1, "default 100", &value), -EINVAL); /* the kernel would not take it */
	assert_both(k, &fake->v2, KNOB_WEIGHT_DEFAULT, "default 100", KNOB_WEIGHT_DEFAULT);
	assert_both(k, &fake->v2, UINT64_MAX, "default 10000", 100000);
	assert_int_equal(k->parse(&fake->v2, "default 10001", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v2, "default 0", &value), -EINVAL);
	assert_int_equal(k->parse(&fake->v2, "default", &value), -EINVAL);
	fake_put(fake, "/v2/app/io.bfq.weight", "default 100\n");
	assert_both(k, &fake->v2, UINT64_MAX, "default 1000", 10000);
	assert_int_equal(k->parse(&fake->v2, "default 1001", &value), -EINVAL);
}

/* Weights are put back. */
static void io_weight_is_restored(void **state)
{
	const struct fake *fake = *state;

	assert_restored(fake, &knob_io_weight, &fake->v1, "/v1/app/blkio.bfq.weight", "100", "1000");
	assert_restored(fake, &knob_io_weight, &fake->v2, "/v2/app/io.weight", "default 100", "default 2000");
	assert_int_equal(knob_io_weight.write(&fake->v2, "8:0 200"), -EINVAL);
	fake_assert(fake, "/v2/app/io.weight", "default 100");
}

/* Only mq-deadline looks at the class that the group puts on a request. */
static void io_prio_needs_mq_deadline(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	assert_string_equal(knob_io_prio.file(&fake->v1), "blkio.prio.class");
	assert_string_equal(knob_io_prio.file(&fake->v2), "io.prio.class");
	fake_put(fake, "/v2/app/io.prio.class", "no-change\n");
	put_scheduler(fake, "vda", "none mq-deadline [bfq]\n");
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v2, why), -ENODEV);
	assert_string_equal(why, "no effect here: no disk uses mq-deadline (schedulers: bfq)");
	put_scheduler(fake, "vda", "none [mq-deadline] bfq\n");
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v2, why), 0);
}

/* In the root of a v1 hierarchy it is not changed, but tells whether the kernel has it: for groups yet to be made. */
static void io_prio_of_the_kernel(void **state)
{
	const struct fake *fake = *state;
	char why[KNOB_WHY];

	put_scheduler(fake, "vda", "[mq-deadline]\n");
	fake_put(fake, "/v1/app/release_agent", "\n");
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v1, why), -ENOENT);
	assert_string_equal(why, "this kernel has no blkio.prio.class here");
	fake_put(fake, "/v1/app/blkio.prio.class", "no-change\n");
	assert_int_equal(knob_io_prio.probe(fake->root, &fake->v1, why), -EACCES);
}

/* The class is a word that the kernel knows, and is put back. */
static void io_prio_is_restored(void **state)
{
	const struct fake *fake = *state;

	assert_restored(fake, &knob_io_prio, &fake->v1, "/v1/app/blkio.prio.class", "no-change", KNOB_IO_PRIO_FIRST);
	assert_restored(fake, &knob_io_prio, &fake->v2, "/v2/app/io.prio.class", "restrict-to-be",
			KNOB_IO_PRIO_FIRST_OLD);
	assert_int_equal(knob_io_prio.write(&fake->v2, "realtime"), -EINVAL);
	fake_assert(fake, "/v2/app/io.prio.class", "restrict-to-be");
}

#define ON_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_make, fake_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FAKE(memory_low_is_rounded),       ON_FAKE(memory_low_is_restored),
		ON_FAKE(soft_limit_is_rounded),       ON_FAKE(reclaim_is_an_order),
		ON_FAKE(reclaim_of_less_is_no_error), ON_FAKE(schedulers_are_listed),
		ON_FAKE(io_weight_v1_needs_bfq),      ON_FAKE(io_weight_v2_chooses_its_file),
		ON_FAKE(io_without_the_controller),   ON_FAKE(io_weight_has_bounds),
		ON_FAKE(io_weight_is_restored),       ON_FAKE(io_prio_needs_mq_deadline),
		ON_FAKE(io_prio_is_restored),         ON_FAKE(io_prio_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
