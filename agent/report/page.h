/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A page of text: clean, wrapped, aligned, coloured where that is wanted. */
#ifndef PAGE_H
#define PAGE_H

#include <stdio.h>

#include "report/report.h"

enum page_colour {
	PAGE_PLAIN,
	PAGE_BOLD,
	PAGE_DIM,
	PAGE_GREEN,
	PAGE_YELLOW,
	PAGE_BLUE,
	PAGE_RED,
};

struct page {
	FILE *out; /* errors are sticky there: the caller asks ferror() at the end */
	unsigned int columns; /* at least PAGE_MIN_COLUMNS */
	bool colour, utf8;
};

#define PAGE_MIN_COLUMNS 80
#define PAGE_MAX_COLUMNS 120 /* longer lines are hard to read */

/*
 * Returns how wide a page is on a terminal of that many columns, 0 if there is none.
 */
unsigned int page_columns(unsigned int columns);

/*
 * Writes a blank line and a heading.
 */
void page_heading(const struct page *page, const char *text);

/*
 * Writes text made safe to print, over several lines if need be: the first starts at column at (0: the first), where
 * the cursor already is, the others at column indent.
 */
void page_wrap(const struct page *page, unsigned int at, unsigned int indent, const char *text);

/*
 * Writes the first len bytes of text (or up to its NUL), made safe to print, cut or padded with blanks to width
 * columns; to the right if width is negative.
 */
void page_cell(const struct page *page, int width, const char *text, size_t len);

/*
 * The same for the end of a path: the beginning is what is cut. It is not padded.
 */
void page_path(const struct page *page, unsigned int width, const char *path);

/*
 * Writes a bar for share (0 to 1) of a field of width columns, padded with blanks.
 */
void page_bar(const struct page *page, unsigned int width, double share, enum page_colour colour);

/*
 * Write in colour until page_plain().
 */
void page_colour(const struct page *page, enum page_colour colour);
void page_plain(const struct page *page);

#endif /* PAGE_H */
