/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Numbers as people read them, and the list of warnings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "model/model.h"
#include "model/units.h"

/* The unit follows the size, with about three digits. */
static void test_seconds(void **state)
{
	(void)state;
	assert_string_equal(units_seconds(UNITS_BUF, 0), "0 s");
	assert_string_equal(units_seconds(UNITS_BUF, 0.00025), "250 us");
	assert_string_equal(units_seconds(UNITS_BUF, 0.0032), "3.20 ms");
	assert_string_equal(units_seconds(UNITS_BUF, 0.35), "350 ms");
	assert_string_equal(units_seconds(UNITS_BUF, 0.99996), "1.00 s");
	assert_string_equal(units_seconds(UNITS_BUF, 12.34), "12.3 s");
	assert_string_equal(units_seconds(UNITS_BUF, 605), "10 min 05 s");
	assert_string_equal(units_seconds(UNITS_BUF, 3600 * 26 + 61), "26 h 01 min");
}

/* What is not known is not a number. */
static void test_unknown(void **state)
{
	(void)state;
	assert_string_equal(units_seconds(UNITS_BUF, NAN), "unknown");
	assert_string_equal(units_percent(UNITS_BUF, NAN), "unknown");
	assert_string_equal(units_cpus(UNITS_BUF, NAN), "unknown");
}

static void test_bytes(void **state)
{
	(void)state;
	assert_string_equal(units_bytes(UNITS_BUF, 0), "0 B");
	assert_string_equal(units_bytes(UNITS_BUF, 1023), "1023 B");
	assert_string_equal(units_bytes(UNITS_BUF, 512ULL << 20), "512 MiB");
	assert_string_equal(units_bytes(UNITS_BUF, 3ULL << 29), "1.5 GiB");
	assert_string_equal(units_bytes(UNITS_BUF, UINT64_MAX), "16 EiB");
}

static void test_counts_and_shares(void **state)
{
	(void)state;
	assert_string_equal(units_count(UNITS_BUF, 999), "999");
	assert_string_equal(units_count(UNITS_BUF, 1234567), "1,234,567");
	assert_string_equal(units_count(UNITS_BUF, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(units_percent(UNITS_BUF, 0.004), "0.4 %");
	assert_string_equal(units_percent(UNITS_BUF, 0.45), "45 %");
	assert_string_equal(units_cpus(UNITS_BUF, 2), "2");
	assert_string_equal(units_cpus(UNITS_BUF, 1.5), "1.5");
	assert_string_equal(units_cpus(UNITS_BUF, 0.25), "0.25");
}

/* Warnings are kept in order; clearing twice is harmless. */
static void test_warnings(void **state)
{
	struct agent_cost cost = { 0 };

	(void)state;
	assert_int_equal(agent_cost_warn(&cost, "no %s, %d", "BTF", 3), 0);
	assert_int_equal(agent_cost_warn(&cost, "second"), 0);
	assert_int_equal(cost.nwarnings, 2);
	assert_string_equal(cost.warnings[0], "no BTF, 3");
	assert_string_equal(cost.warnings[1], "second");
	agent_cost_clear(&cost);
	assert_int_equal(cost.nwarnings, 0);
	assert_null(cost.warnings);
	agent_cost_clear(&cost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),           cmocka_unit_test(test_unknown),  cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_counts_and_shares), cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
