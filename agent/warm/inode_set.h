/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Files that were met already, by device and inode. */
#ifndef INODE_SET_H
#define INODE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inode_key {
	uint64_t dev, inode;
};

struct inode_set {
	struct inode_key *slots; /* owned */
	size_t room; /* 0 or a power of two */
	size_t used;
};

/*
 * Adds a file. Returns 1 if it is new, 0 if it was there, or -ENOMEM. Start with a zeroed set.
 */
int inode_set_add(struct inode_set *set, uint64_t dev, uint64_t inode);

bool inode_set_has(const struct inode_set *set, uint64_t dev, uint64_t inode);

/*
 * Frees and zeroes.
 */
void inode_set_free(struct inode_set *set);

#endif /* INODE_SET_H */
