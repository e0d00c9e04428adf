/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The table of blocks that were looked at, filled as the programs fill it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "aa_use.h"

/* Puts a block into a table as the programs do. Returns whether there was room. */
static bool note(struct aa_use_bucket *table, uint64_t tag)
{
	struct aa_use_slot *slot = NULL;
	uint32_t probe;
	int taken = 0;

	for (probe = 0; probe < AA_USE_PROBES && !slot; probe++)
		slot = aa_use_take(&table[aa_use_bucket(tag, probe)], tag, &taken);
	if (slot)
		slot->bits |= tag;
	return slot;
}

/* 100,000 blocks have room, each is found with its own bits, and no other is. */
static void test_all_found(void **state)
{
	struct aa_use_bucket *table = calloc(AA_USE_BUCKETS, sizeof(*table));
	uint64_t ino;
	uint32_t place, last = 0;

	(void)state;
	assert_non_null(table);
	for (ino = 1; ino <= 100000; ino++)
		assert_true(note(table, aa_use_tag(8, ino, ino % 7)));
	for (ino = 1; ino <= 100000; ino++) {
		assert_int_equal(aa_use_bits(table, aa_use_tag(8, ino, ino % 7), &place), aa_use_tag(8, ino, ino % 7));
		assert_int_equal(table[place / AA_USE_SLOTS].slot[place % AA_USE_SLOTS].tag,
				 aa_use_tag(8, ino, ino % 7));
		assert_int_not_equal(place, last);
		last = place;
		assert_int_equal(aa_use_bits(table, aa_use_tag(8, ino, ino % 7 + 1), &place), 0);
		assert_int_equal(aa_use_bits(table, aa_use_tag(9, ino, ino % 7), &place), 0);
	}
	free(table);
}

/* Of more than there are slots, those that found room stay, and the others are refused. */
static void test_full(void **state)
{
	struct aa_use_bucket *table = calloc(AA_USE_BUCKETS, sizeof(*table));
	uint64_t block, refused = 0, found = 0;
	uint32_t place;

	(void)state;
	assert_non_null(table);
	for (block = 0; block < 1000000; block++)
		refused += !note(table, aa_use_tag(8, 12, block));
	for (block = 0; block < 1000000; block++)
		found += aa_use_bits(table, aa_use_tag(8, 12, block), &place) != 0;
	assert_int_equal(found + refused, 1000000);
	assert_in_range(found, AA_USE_BUCKETS * AA_USE_SLOTS / 2, AA_USE_BUCKETS * AA_USE_SLOTS);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_found),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
