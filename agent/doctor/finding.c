// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor found: lines in groups, and what follows from them. */
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define STATE_COLUMNS 8

void findings_group(struct findings *f, const char *title)
{
	f->group = title;
}

static void __attribute__((format(printf, 5, 0)))
add(struct findings *f, enum finding_state state, enum finding_weight weight, const char *name, const char *format,
    va_list args)
{
	struct finding *row;

	if (f->used == FINDINGS_MAX)
		return;
	row = &f->rows[f->used++];
	row->group = f->group;
	row->state = state;
	row->weight = weight;
	snprintf(row->name, sizeof(row->name), "%s", name);
	vsnprintf(row->detail, sizeof(row->detail), format, args);
}

void findings_ok(struct findings *f, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, FINDING_OK, FINDING_PART, name, format, args);
	va_end(args);
}

void findings_missing(struct findings *f, enum finding_weight weight, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, FINDING_MISSING, weight, name, format, args);
	va_end(args);
}

void findings_unknown(struct findings *f, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, FINDING_UNKNOWN, FINDING_PART, name, format, args);
	va_end(args);
}

void findings_elsewhere(struct findings *f, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, FINDING_ELSEWHERE, FINDING_PART, name, format, args);
	va_end(args);
}

static bool is_missing(const struct finding *row, enum finding_weight weight)
{
	return row->state == FINDING_MISSING && row->weight == weight;
}

static bool misses(const struct findings *f, enum finding_weight weight)
{
	size_t i;

	for (i = 0; i < f->used; i++)
		if (is_missing(&f->rows[i], weight))
			return true;
	return false;
}

int findings_status(const struct findings *f)
{
	if (misses(f, FINDING_PERMISSION))
		return EXIT_DENIED;
	return misses(f, FINDING_SUPPORT) ? EXIT_UNSUPPORTED : EXIT_DONE;
}

static void print_state(const struct page *page, enum finding_state state)
{
	static const struct {
		const char *word;
		enum page_colour colour;
	} states[] = {
		[FINDING_OK] = { "ok", PAGE_GREEN },
		[FINDING_MISSING] = { "missing", PAGE_RED },
		[FINDING_UNKNOWN] = { "unknown", PAGE_YELLOW },
		[FINDING_ELSEWHERE] = { "n/a", PAGE_PLAIN },
	};

	page_colour(page, states[state].colour);
	fprintf(page->out, "%-*s", STATE_COLUMNS, states[state].word);
	page_plain(page);
}

/* "CAP_BPF, CAP_PERFMON": the names of what is missing with this weight. */
static void print_names(const struct findings *f, const struct page *page, enum finding_weight weight)
{
	const char *separator = "";
	size_t i;

	for (i = 0; i < f->used; i++) {
		if (!is_missing(&f->rows[i], weight))
			continue;
		fputs(separator, page->out);
		page_cell(page, (int)strlen(f->rows[i].name), f->rows[i].name, sizeof(f->rows[i].name));
		separator = ", ";
	}
}

static void print_conclusion(const struct findings *f, const struct page *page)
{
	enum finding_weight weight = FINDING_PART;

	fputc('\n', page->out);
	switch (findings_status(f)) {
	case EXIT_DENIED:
		weight = FINDING_PERMISSION;
		fputs("Apps cannot be followed: not permitted. Missing: ", page->out);
		break;
	case EXIT_UNSUPPORTED:
		weight = FINDING_SUPPORT;
		fputs("Apps cannot be followed. Missing: ", page->out);
		break;
	default:
		fputs("Apps can be followed.", page->out);
		if (misses(f, weight))
			fputs(" Missing, for a part of it: ", page->out);
	}
	print_names(f, page, weight);
	fputc('\n', page->out);
}

void findings_print(const struct findings *f, const struct page *page)
{
	unsigned int width = 0, at;
	const char *group = NULL;
	size_t i, len;

	for (i = 0; i < f->used; i++) {
		len = strlen(f->rows[i].name);
		if (len > width)
			width = (unsigned int)len;
	}
	at = 2 + width + 2 + STATE_COLUMNS + 1;
	for (i = 0; i < f->used; i++) {
		const struct finding *row = &f->rows[i];

		if (!group || strcmp(group, row->group))
			page_heading(page, row->group);
		group = row->group;
		fputs("  ", page->out);
		page_cell(page, (int)width, row->name, sizeof(row->name));
		fputs("  ", page->out);
		print_state(page, row->state);
		fputc(' ', page->out);
		page_wrap(page, at, at, row->detail);
	}
	print_conclusion(f, page);
}
