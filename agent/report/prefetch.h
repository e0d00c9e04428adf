/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a report says of prefetch profiles. */
#ifndef REPORT_PREFETCH_H
#define REPORT_PREFETCH_H

#include <jansson.h>

#include "report/page.h"

/*
 * The value of the key "prefetch": null where none is allowed or possible. NULL: out of memory.
 */
json_t *prefetch_object(const struct report *r);

/*
 * The section of the report for people, if there is something to say.
 */
void prefetch_section(const struct page *page, const struct report *r);

#endif /* REPORT_PREFETCH_H */
