/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor makes of what it finds: words, layout, exit status. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "doctor/checks.h"
#include "trace/features.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct findings));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static const struct finding *find(const struct findings *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->used; i++)
		if (!strcmp(f->rows[i].name, name))
			return &f->rows[i];
	fail_msg("nothing is said about %s", name);
	return NULL;
}

static void assert_finding(const struct findings *f, const char *name, enum finding_state state, const char *part)
{
	const struct finding *row = find(f, name);

	if (row->state != state || !strstr(row->detail, part))
		fail_msg("%s: state %d, %s", name, row->state, row->detail);
}

static void clear(struct findings *f)
{
	memset(f, 0, sizeof(*f));
}

/* The worst finding decides: what is not permitted before what is not supported; parts and unknowns do not count. */
static void test_status(void **state)
{
	struct findings *f = *state;

	findings_group(f, "Group");
	assert_int_equal(findings_status(f), EXIT_DONE);
	findings_ok(f, "a", "x");
	findings_unknown(f, "b", "x");
	findings_missing(f, FINDING_PART, "c", "x");
	assert_int_equal(findings_status(f), EXIT_DONE);
	findings_missing(f, FINDING_SUPPORT, "d", "x");
	assert_int_equal(findings_status(f), EXIT_UNSUPPORTED);
	findings_missing(f, FINDING_PERMISSION, "e", "x");
	assert_int_equal(findings_status(f), EXIT_DENIED);
	findings_missing(f, FINDING_SUPPORT, "g", "x");
	assert_int_equal(findings_status(f), EXIT_DENIED);
}

static char *print(const struct findings *f, bool colour, unsigned int columns)
{
	struct page page = { .columns = columns, .colour = colour };
	char *text = NULL;
	size_t len;

	page.out = open_memstream(&text, &len);
	assert_non_null(page.out);
	findings_print(f, &page);
	assert_int_equal(fclose(page.out), 0);
	return text;
}

/* Groups with aligned lines, and what follows in one sentence. */
static void test_print(void **state)
{
	struct findings *f = *state;
	char *text;

	findings_group(f, "First");
	findings_ok(f, "a", "is %d", 1);
	findings_missing(f, FINDING_PART, "longer", "needs x");
	findings_group(f, "Second");
	findings_unknown(f, "c", "who knows");
	findings_missing(f, FINDING_PART, "d", "needs y");
	text = print(f, false, INT_MAX);
	assert_string_equal(text, "\nFirst\n"
				  "  a       ok       is 1\n"
				  "  longer  missing  needs x\n"
				  "\nSecond\n"
				  "  c       unknown  who knows\n"
				  "  d       missing  needs y\n"
				  "\nApps can be followed. Missing, for a part of it: longer, d\n");
	free(text);
}

/* The sentence at the end names only what decides. */
static void test_conclusions(void **state)
{
	struct findings *f = *state;
	char *text;

	findings_group(f, "Group");
	findings_ok(f, "a", "x");
	text = print(f, false, INT_MAX);
	assert_non_null(strstr(text, "\nApps can be followed.\n"));
	free(text);
	findings_missing(f, FINDING_PART, "part", "x");
	findings_missing(f, FINDING_SUPPORT, "BTF", "x");
	text = print(f, false, INT_MAX);
	assert_non_null(strstr(text, "\nApps cannot be followed. Missing: BTF\n"));
	free(text);
	findings_missing(f, FINDING_PERMISSION, "CAP_A", "x");
	findings_missing(f, FINDING_PERMISSION, "CAP_B", "x");
	text = print(f, false, INT_MAX);
	assert_non_null(strstr(text, "\nApps cannot be followed: not permitted. Missing: CAP_A, CAP_B\n"));
	free(text);
}

/* Colour where it is wanted; long lines wrapped below their beginning; nothing that drives a terminal from outside. */
static void test_terminal(void **state)
{
	struct findings *f = *state;
	char *text, *plain, *line, *rest;

	findings_group(f, "Group");
	findings_ok(f, "a\033[2J", "a long line that has to be wrapped more than once %s %s", "and that has words",
		    "as others chose them: \033[31m, before it comes to its end");
	plain = rest = print(f, false, 80);
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(plain, "\\x1b"));
	assert_non_null(strstr(plain, "\n                  "));
	while ((line = strsep(&rest, "\n")))
		assert_in_range(strlen(line), 0, 80);
	text = print(f, true, 80);
	assert_non_null(strstr(text, "\033[32mok"));
	free(plain);
	free(text);
}

/* Findings that do not fit are left out, text that does not fit is cut: no harm is done. */
static void test_bounds(void **state)
{
	struct findings *f = *state;
	char text[1000];
	int i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	findings_group(f, "Group");
	for (i = 0; i < FINDINGS_MAX + 10; i++)
		findings_ok(f, text, "%s", text);
	assert_int_equal(f->used, FINDINGS_MAX);
	assert_int_equal(strlen(f->rows[0].name), sizeof(f->rows[0].name) - 1);
	assert_int_equal(strlen(f->rows[FINDINGS_MAX - 1].detail), sizeof(f->rows[0].detail) - 1);
}

/* The choice is what stands in brackets. */
static void test_choice(void **state)
{
	char ret[8] = "before";

	(void)state;
	assert_int_equal(check_choice("none", 4, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("[none", 5, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("[none]", 5, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("none]", 5, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("a [] b", 6, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("[12345678]", 10, ret, sizeof(ret)), -EINVAL);
	assert_int_equal(check_choice("", 0, ret, sizeof(ret)), -EINVAL);
	assert_string_equal(ret, "before");
	assert_int_equal(check_choice("[1234567]", 9, ret, sizeof(ret)), 0);
	assert_string_equal(ret, "1234567");
	assert_int_equal(check_choice("none [bfq] kyber\n", 17, ret, sizeof(ret)), 0);
	assert_string_equal(ret, "bfq");
}

static bool has_all(int capability)
{
	(void)capability;
	return true;
}

static bool has_none(int capability)
{
	(void)capability;
	return false;
}

static bool has_admin(int capability)
{
	return capability == CAP_SYS_ADMIN;
}

static bool has_bpf_only(int capability)
{
	return capability == CAP_BPF;
}

static bool has_perfmon_only(int capability)
{
	return capability == 38;
}

/* Each capability by its name; CAP_SYS_ADMIN stands for two of them. */
static void test_privileges(void **state)
{
	struct findings *f = *state;

	check_privileges(f, has_all);
	assert_int_equal(findings_status(f), EXIT_DONE);
	clear(f);
	check_privileges(f, has_none);
	assert_int_equal(findings_status(f), EXIT_DENIED);
	assert_finding(f, "CAP_BPF", FINDING_MISSING, "needs sudo");
	assert_finding(f, "CAP_PERFMON", FINDING_MISSING, "needs sudo");
	clear(f);
	check_privileges(f, has_bpf_only);
	assert_int_equal(findings_status(f), EXIT_DENIED);
	assert_finding(f, "CAP_BPF", FINDING_OK, "");
	clear(f);
	check_privileges(f, has_perfmon_only);
	assert_int_equal(findings_status(f), EXIT_DENIED);
	assert_finding(f, "CAP_PERFMON", FINDING_OK, "");
	clear(f);
	check_privileges(f, has_admin);
	assert_int_equal(findings_status(f), EXIT_DONE);
	assert_finding(f, "CAP_PERFMON", FINDING_OK, "CAP_SYS_ADMIN");
	assert_finding(f, "CAP_SYS_PTRACE", FINDING_MISSING, "needs sudo");
}

static const struct features everything = {
	.btf = true,
	.task_storage = true,
	.first_pids = true,
	.ring_buffer = true,
	.task_iterator = true,
	.user_registers = true,
	.sched_switch = 4,
	.sched_wakeup = 1,
	.task_newtask = 2,
	.sched_process_exec = 3,
	.sched_process_exit = 2,
	.cgroup_attach_task = 5,
	.block_io_start = 1,
	.block_rq_issue = 1,
	.block_rq_complete = 3,
	.add_to_page_cache = 1,
	.folios = true,
	.page_use = true,
	.direct_reclaim = 2,
	.memcg_reclaim = 2,
};

static void look(struct findings *f, const struct features *features)
{
	clear(f);
	check_kernel(f, features);
	check_events(f, features);
}

/* A kernel with everything misses nothing, and an old one has its ways around. */
static void test_features(void **state)
{
	struct findings *f = *state;
	struct features old = everything;
	size_t i;

	look(f, &everything);
	for (i = 0; i < f->used; i++) {
		assert_int_equal(f->rows[i].state, FINDING_OK);
		assert_ptr_equal(find(f, f->rows[i].name), &f->rows[i]); /* each is said once */
	}
	assert_finding(f, "scheduler", FINDING_OK, "4 arguments");
	assert_finding(f, "block requests", FINDING_OK, "block_io_start: ");
	assert_finding(f, "page cache", FINDING_OK, "folios");

	old.sched_switch = 3;
	old.block_io_start = -1;
	old.block_rq_issue = 2;
	old.folios = false;
	old.task_storage = false;
	old.user_registers = false;
	old.page_use = false;
	look(f, &old);
	assert_int_equal(findings_status(f), features_old_ways() ? EXIT_DONE : EXIT_UNSUPPORTED);
	assert_finding(f, "task storage", FINDING_MISSING, "Linux 5.13");
	assert_finding(f, "user registers", features_old_ways() ? FINDING_OK : FINDING_MISSING, "Linux 5.15");
	assert_finding(f, "page use", FINDING_MISSING, "Linux 6.12");
	assert_finding(f, "scheduler", FINDING_OK, "3 arguments");
	assert_finding(f, "block requests", FINDING_OK, "block_rq_insert");
	assert_finding(f, "page cache", FINDING_OK, "pages");
}

/* Whatever the main job cannot do without decides the status; features_missing() is of the same opinion. */
static void test_needed_features(void **state)
{
	struct findings *f = *state;
	struct features without[11];
	size_t i;

	for (i = 0; i < 11; i++)
		without[i] = everything;
	memset(&without[0], 0, sizeof(without[0]));
	without[1].ring_buffer = false;
	without[2].task_storage = false;
	without[2].first_pids = false;
	without[3].sched_process_exit = -1;
	without[4].task_iterator = false;
	without[5].sched_switch = -1;
	without[6].sched_wakeup = -1;
	without[7].task_newtask = -1;
	without[8].sched_process_exec = -1;
	without[9].reads_refused = true;
	for (i = 0; i < 11; i++) {
		look(f, &without[i]);
		assert_int_equal(findings_status(f), i < 10 ? EXIT_UNSUPPORTED : EXIT_DONE);
		assert_int_equal(features_missing(&without[i]) != NULL, i < 10);
	}
}

/* What only a part of the report needs is missed without stopping the main job, and says what it needs. */
static void test_optional_features(void **state)
{
	struct findings *f = *state;
	struct features less = everything;
	size_t i;

	less.block_rq_complete = 2;
	look(f, &less);
	assert_finding(f, "block requests", FINDING_MISSING, "no devices");
	less.block_io_start = less.block_rq_issue = less.block_rq_complete = less.add_to_page_cache = -1;
	less.direct_reclaim = less.memcg_reclaim = less.cgroup_attach_task = -1;
	look(f, &less);
	assert_int_equal(findings_status(f), EXIT_DONE);
	assert_finding(f, "block requests", FINDING_MISSING, "no devices");
	assert_finding(f, "page cache", FINDING_MISSING, "which files");
	assert_finding(f, "direct reclaim", FINDING_MISSING, "CONFIG_");
	assert_finding(f, "memcg reclaim", FINDING_MISSING, "CONFIG_MEMCG");
	assert_finding(f, "cgroup moves", FINDING_MISSING, "--cgroup");
	for (i = 0; i < f->used; i++)
		if (f->rows[i].state == FINDING_MISSING)
			assert_non_null(strstr(f->rows[i].detail, "needs "));
}

/* The load is not tried where it would only repeat what is known. */
static void test_load_not_tried(void **state)
{
	struct findings *f = *state;

	check_privileges(f, has_none);
	check_load(f, &everything, NULL, 4096);
	assert_finding(f, "load", FINDING_UNKNOWN, "not tried");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_print, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conclusions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_privileges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_features, setup, teardown),
		cmocka_unit_test_setup_teardown(test_needed_features, setup, teardown),
		cmocka_unit_test_setup_teardown(test_optional_features, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_not_tried, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
