/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Which operations of one file must wait for which. A tree over the ranges between all starts and ends keeps, for each
 * range, the highest level of those that read or write it so far.
 */
#include "io/levels.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A write behind the end of the file has three ranges: what it writes, for other writes; that and the hole before it,
 * for reads. So writes that make a file grow need not wait for each other.
 */
enum { READS, WRITES, GROWTH, CHANNELS };

/* Levels are kept as level + 1; 0: none. */
struct node {
	uint32_t all[CHANNELS]; /* of what covers it as a whole */
	uint32_t highest[CHANNELS]; /* of what touches it, all of it above not counted */
};

struct tree {
	uint64_t *bound; /* sorted, each once */
	size_t bounds;
	size_t leaves; /* a power of two */
	struct node *node; /* 1 is the root; leaf i is node leaves + i */
};

struct range {
	size_t first, end; /* leaves */
};

static int compare_bounds(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t end_of(const struct accel_io_op *op)
{
	return op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;
}

static uint64_t growth_start(const struct accel_io_op *op, uint64_t file_bytes)
{
	return op->offset < file_bytes ? op->offset : file_bytes;
}

static int make_tree(const struct accel_io_op *ops, const uint32_t *which, uint32_t n, uint64_t file_bytes,
		     struct tree *ret)
{
	size_t count = 0, i;

	ret->bound = calloc(2 * (size_t)n + 1, sizeof(*ret->bound));
	if (!ret->bound)
		return -ENOMEM;
	ret->bound[count++] = file_bytes;
	for (i = 0; i < n; i++) {
		ret->bound[count++] = ops[which[i]].offset;
		ret->bound[count++] = end_of(&ops[which[i]]);
	}
	qsort(ret->bound, count, sizeof(*ret->bound), compare_bounds);
	for (ret->bounds = 1, i = 1; i < count; i++)
		if (ret->bound[i] != ret->bound[i - 1])
			ret->bound[ret->bounds++] = ret->bound[i];
	for (ret->leaves = 1; ret->leaves < ret->bounds; ret->leaves *= 2)
		;
	ret->node = calloc(2 * ret->leaves, sizeof(*ret->node));
	return ret->node ? 0 : -ENOMEM;
}

static size_t leaf_of(const struct tree *tree, uint64_t bound)
{
	size_t low = 0, high = tree->bounds - 1, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (tree->bound[middle] < bound)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct range range_of(const struct tree *tree, uint64_t start, uint64_t end)
{
	return (struct range){ leaf_of(tree, start), leaf_of(tree, end) };
}

static void raise_to(uint32_t *value, uint32_t level)
{
	if (*value < level)
		*value = level;
}

static void raise_node(struct tree *tree, size_t node, int channel, uint32_t level)
{
	raise_to(&tree->node[node].all[channel], level);
	raise_to(&tree->node[node].highest[channel], level);
}

/* From the leaves upwards: the nodes at the two edges of the range, then those above them. */
static void add(struct tree *tree, struct range range, int channel, uint32_t level)
{
	size_t first = range.first + tree->leaves, end = range.end + tree->leaves, left = first, right = end - 1;

	for (; first < end; first /= 2, end /= 2) {
		if (first & 1)
			raise_node(tree, first++, channel, level);
		if (end & 1)
			raise_node(tree, --end, channel, level);
	}
	for (left /= 2, right /= 2; left; left /= 2, right /= 2) {
		raise_to(&tree->node[left].highest[channel], level);
		raise_to(&tree->node[right].highest[channel], level);
	}
}

static uint32_t highest(const struct tree *tree, struct range range, int channel)
{
	size_t first = range.first + tree->leaves, end = range.end + tree->leaves, left = first, right = end - 1;
	uint32_t ret = 0;

	for (; first < end; first /= 2, end /= 2) {
		if (first & 1)
			raise_to(&ret, tree->node[first++].highest[channel]);
		if (end & 1)
			raise_to(&ret, tree->node[--end].highest[channel]);
	}
	for (left /= 2, right /= 2; left; left /= 2, right /= 2) {
		raise_to(&ret, tree->node[left].all[channel]);
		raise_to(&ret, tree->node[right].all[channel]);
	}
	return ret;
}

static uint32_t level_of_write(struct tree *tree, const struct accel_io_op *op, uint64_t file_bytes)
{
	struct range written = range_of(tree, op->offset, end_of(op)), grown = written;
	uint32_t level = 1;

	if (end_of(op) > file_bytes)
		grown = range_of(tree, growth_start(op, file_bytes), end_of(op));
	raise_to(&level, highest(tree, written, WRITES));
	raise_to(&level, highest(tree, grown, READS));
	add(tree, written, WRITES, level + 1);
	add(tree, grown, GROWTH, level + 1);
	return level;
}

static uint32_t level_of_read(struct tree *tree, const struct accel_io_op *op)
{
	struct range range = range_of(tree, op->offset, end_of(op));
	uint32_t level = highest(tree, range, GROWTH);

	add(tree, range, READS, level + 1);
	return level;
}

int levels_find(const struct accel_io_op *ops, const uint32_t *which, uint32_t n, uint64_t file_bytes, uint32_t *level)
{
	struct tree tree = { 0 };
	int err = make_tree(ops, which, n, file_bytes, &tree);
	uint32_t i;

	for (i = 0; i < n && !err; i++) {
		const struct accel_io_op *op = &ops[which[i]];

		level[which[i]] = op->kind == ACCEL_IO_WRITE ? level_of_write(&tree, op, file_bytes) :
							       level_of_read(&tree, op);
	}
	free(tree.bound);
	free(tree.node);
	return err;
}
