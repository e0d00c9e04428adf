/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is said of kernels that lack something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trace/features.h"

static const struct features linux_5_10 = {
	.btf = true,
	.first_pids = true,
	.ring_buffer = true,
	.task_iterator = true,
	.sched_switch = 3,
	.sched_wakeup = 1,
	.task_newtask = 2,
	.sched_process_exec = 3,
	.sched_process_exit = 1,
	.cgroup_attach_task = 5,
	.block_io_start = -1,
	.block_rq_issue = 1,
	.block_rq_complete = 3,
	.add_to_page_cache = 1,
	.direct_reclaim = 2,
	.memcg_reclaim = 2,
};

/* One line that names what is missing and what would provide it. */
static void assert_missing(const struct features *f, const char *what, const char *provider)
{
	const char *text = features_missing(f);

	assert_non_null(text);
	assert_non_null(strstr(text, what));
	assert_non_null(strstr(text, provider));
	assert_null(strchr(text, '\n'));
}

/* Older than 5.8, with BTF or without. */
static void test_too_old(void **state)
{
	struct features none = { 0 }, old = linux_5_10;

	(void)state;
	assert_missing(&none, "describe its types", "CONFIG_DEBUG_INFO_BTF=y");
	old.ring_buffer = false;
	old.task_iterator = false;
	assert_missing(&old, "ring buffers", "Linux 5.8 or later");
	old = linux_5_10;
	old.task_iterator = false;
	if (features_old_ways())
		assert_missing(&old, "task iterator", "Linux 5.8 or later");
}

/* 5.10 is enough where there are ways around what it lacks; but a pid namespace hides the pids that the kernel knows. */
static void test_old(void **state)
{
	struct features contained = linux_5_10, newer = linux_5_10;

	(void)state;
	if (features_old_ways())
		assert_null(features_missing(&linux_5_10));
	else
		assert_missing(&linux_5_10, "task storage", "Linux 5.13 or later");
	contained.first_pids = false;
	assert_missing(&contained, "task storage", "Linux 5.13 or later");
	newer.task_storage = true;
	newer.first_pids = false;
	if (features_old_ways())
		assert_null(features_missing(&newer));
	else
		assert_missing(&newer, "bpf_task_pt_regs()", "Linux 5.15 or later");
	newer.user_registers = true;
	assert_null(features_missing(&newer));
	newer.reads_refused = true;
	assert_missing(&newer, "locked down", "lockdown=integrity");
	newer.sched_switch = -1; /* without any BPF events, reads are refused as well */
	assert_missing(&newer, "trace its scheduler", "CONFIG_BPF_EVENTS=y");
}

/* A report says what it lacks, and nothing where nothing is lacking. */
static void test_lacks(void **state)
{
	struct features f = linux_5_10;
	const char *lacks[FEATURES_LACKS];

	(void)state;
	assert_int_equal(features_lacks(&f, lacks), 2);
	assert_non_null(strstr(lacks[0], "no more than 32768 threads"));
	assert_non_null(strstr(lacks[1], "Linux 5.18"));
	f.task_storage = true;
	f.sched_switch = 4;
	assert_int_equal(features_lacks(&f, lacks), 0);
	f.block_rq_complete = f.add_to_page_cache = f.direct_reclaim = -1;
	assert_int_equal(features_lacks(&f, lacks), 3);
	assert_non_null(strstr(lacks[0], "no devices"));
	assert_non_null(strstr(lacks[1], "which files"));
	assert_non_null(strstr(lacks[2], "freeing memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_old),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
