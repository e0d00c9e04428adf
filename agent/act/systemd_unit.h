/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Which control groups are systemd's to change, what unit each belongs to, and which property of a unit stands for
 * which file of its group. Looks, and asks nobody; see systemd.h.
 */
#ifndef SYSTEMD_UNIT_H
#define SYSTEMD_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/cgroup.h"

#define SYSTEMD_UNIT_MAX 256 /* bytes of a unit's name, its NUL included */
#define SYSTEMD_TEXT 256 /* of a property's value */

/* What the group above a group is. */
enum systemd_above {
	SYSTEMD_ABOVE_SLICE, /* a slice, or the root: units there are systemd's, others are not */
	SYSTEMD_ABOVE_DELEGATED, /* a unit with Delegate=, or below one: whoever runs there rules there */
	SYSTEMD_ABOVE_UNIT, /* another unit: systemd keeps all that is below to itself */
	SYSTEMD_ABOVE_STRANGER, /* neither a unit nor below one */
};

/*
 * Whether systemd runs as this machine's, or container's, init.
 */
bool systemd_runs(const char *root);

/*
 * What is above a v2 group (for the root of its mount: a slice), by the names on the way and by the mark (an extended
 * attribute) that systemd leaves on what it has delegated.
 */
enum systemd_above systemd_above(const struct sys_cgroup *group);

/*
 * The unit that a group belongs to by its name. Returns 0, or -EINVAL: no unit has that name.
 */
int systemd_unit_name(const char *directory, char ret[SYSTEMD_UNIT_MAX]);

/*
 * The slice that a group in which units are belongs to: as systemd_unit_name(), but for the root, which is "-.slice".
 */
int systemd_slice_name(const struct sys_cgroup *group, char ret[SYSTEMD_UNIT_MAX]);

enum systemd_type {
	SYSTEMD_WEIGHT, /* a number; UINT64_MAX: not set */
	SYSTEMD_BYTES, /* a number; UINT64_MAX: infinity */
	SYSTEMD_CPUS, /* a set, as bytes of bits, the first CPU in the lowest; empty: not set */
};

struct systemd_property {
	const char *file; /* of the control group */
	const char *name;
	enum systemd_type type;
	uint64_t min, max; /* that may be set, besides UINT64_MAX */
};

/*
 * The property that stands for a file. Returns NULL if systemd has none: it never writes that file, and so has no part
 * in it.
 */
const struct systemd_property *systemd_property(const char *file);

/*
 * From the file's text to the text of the property: a number, "idle" (a CPUWeight), "infinity" (bytes), "[not set]", or
 * a list of CPUs (empty: not set). Returns 0 or -EINVAL.
 */
int systemd_from_file(const struct systemd_property *property, const char *text, char ret[SYSTEMD_TEXT]);

/*
 * Numbers of properties as that text, and back. Return 0 or -EINVAL (no such value can be set).
 */
int systemd_number_print(const struct systemd_property *property, uint64_t number, char ret[SYSTEMD_TEXT]);
int systemd_number_parse(const struct systemd_property *property, const char *text, uint64_t *ret);

#define SYSTEMD_CPUS_BYTES 1024

/*
 * The same for sets of CPUs. Return 0 or -EINVAL; *ret_len is without trailing empty bytes.
 */
int systemd_cpus_print(const uint8_t *bytes, size_t len, char ret[SYSTEMD_TEXT]);
int systemd_cpus_parse(const char *text, uint8_t ret[SYSTEMD_CPUS_BYTES], size_t *ret_len);

#endif /* SYSTEMD_UNIT_H */
