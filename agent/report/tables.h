/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The tables of the text report. Each writes nothing where it has no row. */
#ifndef TABLES_H
#define TABLES_H

#include "report/page.h"

void table_operations(const struct page *page, const struct report *r); /* also nothing where no kind is known */
void table_commands(const struct page *page, const struct app *app);
void table_devices(const struct page *page, const struct app *app);
void table_page_cache(const struct page *page, const struct app *app);
void table_waits(const struct page *page, const struct app *app);

#endif /* TABLES_H */
