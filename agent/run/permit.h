/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Whether we may, and whether this kernel can: what is missing is named, with what would provide it. */
#ifndef PERMIT_H
#define PERMIT_H

#include <stddef.h>

#include "trace/tracer.h"

/*
 * Whether this process has a capability (linux/capability.h) in effect.
 */
bool permit_has(int capability);

/*
 * Names those capabilities that tracing needs and this process lacks, in ret. Returns how many.
 */
unsigned int permit_missing(char *ret, size_t size);

/*
 * tracer_open() with the reasons of a failure told on stderr. Returns 0, EXIT_DENIED or EXIT_UNSUPPORTED.
 */
int permit_open(const struct tracer_config *config, struct tracer **ret);

#endif /* PERMIT_H */
