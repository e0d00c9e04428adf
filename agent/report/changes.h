/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the text report says of changes. */
#ifndef CHANGES_H
#define CHANGES_H

#include "report/page.h"

/*
 * Writes a section for what was changed (or would be), and one for what was not; nothing for neither.
 */
void changes_sections(const struct page *page, const struct report *r);

/*
 * Writes the sentence that says how the machine was left.
 */
void changes_conclusion(const struct page *page, const struct report *r);

#endif /* CHANGES_H */
