/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which CPUs of a hybrid machine are the fast ones. */
#ifndef SYS_TOPOLOGY_H
#define SYS_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/machine.h"

struct sys_topology {
	bool hybrid; /* some kinds of CPU are much faster than others, by design */
	struct sys_cpu_set fast; /* with all their SMT siblings; not hybrid: all that are online */
	struct sys_cpu_set slow; /* the others that are online */
};

/*
 * Sorts the CPUs that are online into fast and slow ones. What cannot be told apart with certainty is not hybrid.
 * Returns 0, -ENOMEM or -errno (the CPUs that are online are not known).
 */
int sys_topology_read(const char *root, struct sys_topology *ret);

/*
 * Writes a set as the kernel prints it, without a newline: "0-3,8"; "" for no CPU. Returns 0, or -ENAMETOOLONG if it
 * does not fit (ret is untouched then).
 */
int sys_cpu_set_print(const struct sys_cpu_set *set, char *ret, size_t size);

#endif /* SYS_TOPOLOGY_H */
