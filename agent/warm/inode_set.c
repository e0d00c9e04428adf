/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Files that were met already, by device and inode: a hash table of keys, each in the first free slot from its own. */
#include "warm/inode_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64
#define NO_DEVICE UINT64_MAX /* marks a free slot: bytes of 0xff */

static size_t first_slot(const struct inode_set *set, uint64_t dev, uint64_t inode)
{
	uint64_t hash = (inode ^ dev * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;

	return (hash ^ hash >> 32) & (set->room - 1);
}

/* The slot that holds the key, or the free one where it belongs. There is always a free one. */
static struct inode_key *find(const struct inode_set *set, uint64_t dev, uint64_t inode)
{
	size_t i = first_slot(set, dev, inode);

	while (set->slots[i].dev != NO_DEVICE && (set->slots[i].dev != dev || set->slots[i].inode != inode))
		i = (i + 1) & (set->room - 1);
	return &set->slots[i];
}

static int grow(struct inode_set *set)
{
	struct inode_set larger = { .room = set->room ? set->room * 2 : FIRST_ROOM, .used = set->used };
	size_t i;

	larger.slots = calloc(larger.room, sizeof(*larger.slots)); /* calloc: the product may overflow */
	if (!larger.slots)
		return -ENOMEM;
	memset(larger.slots, 0xff, larger.room * sizeof(*larger.slots));
	for (i = 0; i < set->room; i++) {
		if (set->slots[i].dev != NO_DEVICE)
			*find(&larger, set->slots[i].dev, set->slots[i].inode) = set->slots[i];
	}
	free(set->slots);
	*set = larger;
	return 0;
}

int inode_set_add(struct inode_set *set, uint64_t dev, uint64_t inode)
{
	struct inode_key *slot;

	if (set->used >= set->room / 4 * 3) {
		int err = grow(set);

		if (err)
			return err;
	}
	slot = find(set, dev, inode);
	if (slot->dev != NO_DEVICE)
		return 0;
	*slot = (struct inode_key){ dev, inode };
	set->used++;
	return 1;
}

bool inode_set_has(const struct inode_set *set, uint64_t dev, uint64_t inode)
{
	return set->room && find(set, dev, inode)->dev != NO_DEVICE;
}

void inode_set_free(struct inode_set *set)
{
	free(set->slots);
	*set = (struct inode_set){ 0 };
}
