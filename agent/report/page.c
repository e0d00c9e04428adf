/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A page of text: clean, wrapped, aligned, coloured where that is wanted. */
#include "report/page.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define ESCAPED 4 /* bytes that one may become: \\xNN */

void page_colour(const struct page *page, enum page_colour colour)
{
	static const char *const codes[] = {
		[PAGE_PLAIN] = "0",   [PAGE_BOLD] = "1",  [PAGE_DIM] = "2",  [PAGE_GREEN] = "32",
		[PAGE_YELLOW] = "33", [PAGE_BLUE] = "34", [PAGE_RED] = "31",
	};

	if (page->colour)
		fprintf(page->out, "\033[%sm", codes[colour]);
}

void page_plain(const struct page *page)
{
	page_colour(page, PAGE_PLAIN);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Columns that clean text takes; wide characters are taken as one. */
static size_t width_of(const char *text, size_t len)
{
	size_t i, width = 0;

	for (i = 0; i < len; i++)
		width += !is_continuation(text[i]);
	return width;
}

/* Bytes of clean text that fit into width columns. */
static size_t bytes_in(const char *text, size_t width)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (!is_continuation(text[i]) && !width--)
			break;
	return i;
}

/* Text of others, safe for this page; NULL: out of memory. The caller frees it. */
static char *clean(const struct page *page, const char *text, size_t len)
{
	char *ret = malloc(len * ESCAPED + ESCAPED + 1);
	size_t in, out = 0;

	if (!ret)
		return NULL;
	text_escape(text, len, ret, len * ESCAPED + ESCAPED + 1);
	if (page->utf8)
		return ret;
	for (in = 0; ret[in]; in++) {
		if (is_continuation(ret[in]))
			continue;
		ret[out++] = (char)((unsigned char)ret[in] < 0x80 ? ret[in] : '?');
	}
	ret[out] = '\0';
	return ret;
}

static void pad(const struct page *page, size_t width)
{
	fprintf(page->out, "%*s", (int)width, "");
}

unsigned int page_columns(unsigned int columns)
{
	if (columns < PAGE_MIN_COLUMNS)
		return PAGE_MIN_COLUMNS;
	return columns > PAGE_MAX_COLUMNS ? PAGE_MAX_COLUMNS : columns;
}

void page_heading(const struct page *page, const char *text)
{
	fputc('\n', page->out);
	page_colour(page, PAGE_BOLD);
	fputs(text, page->out);
	page_plain(page);
	fputc('\n', page->out);
}

/* Bytes up to where a line may be broken: at a blank, but not between a number and its unit. */
static size_t word_length(const char *text)
{
	static const char *const units[] = { "%", "s", "ms", "us", "min", "h", "B", "KiB", "MiB", "GiB", "TiB" };
	size_t len = strcspn(text, " "), next, i;

	if (!len || text[len] != ' ' || text[len - 1] < '0' || text[len - 1] > '9')
		return len;
	next = strcspn(text + len + 1, " ,;:).");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i]) == next && !strncmp(text + len + 1, units[i], next))
			return len + 1 + strcspn(text + len + 1, " ");
	return len;
}

void page_wrap(const struct page *page, unsigned int at, unsigned int indent, const char *text)
{
	cleanup_free char *safe = clean(page, text, strlen(text));
	const char *word = safe;
	bool first = true;

	while (word && *word) {
		size_t len = word_length(word), width = width_of(word, len);

		if (width > page->columns - indent) { /* longer than any line: cut hard */
			width = page->columns - indent;
			len = bytes_in(word, width);
		}
		if (at + !first + width > page->columns && at > indent) {
			fputc('\n', page->out);
			pad(page, indent);
			at = indent;
		} else if (!first) {
			fputc(' ', page->out);
			at++;
		}
		fwrite(word, 1, len, page->out);
		at += (unsigned int)width;
		word += len + (word[len] == ' ');
		first = false;
	}
	fputc('\n', page->out);
}

void page_cell(const struct page *page, int width, const char *text, size_t len)
{
	cleanup_free char *safe = clean(page, text, strnlen(text, len));
	size_t columns = (size_t)(width < 0 ? -width : width), bytes, used;

	if (!safe)
		return;
	bytes = bytes_in(safe, columns);
	used = width_of(safe, bytes);
	if (width < 0)
		pad(page, columns - used);
	fwrite(safe, 1, bytes, page->out);
	if (width > 0)
		pad(page, columns - used);
}

void page_path(const struct page *page, unsigned int width, const char *path)
{
	cleanup_free char *safe = clean(page, path, strlen(path));
	size_t total;

	if (!safe)
		return;
	total = width_of(safe, strlen(safe));
	if (total <= width)
		fputs(safe, page->out);
	else
		fprintf(page->out, "...%s", safe + bytes_in(safe, total - width + 3));
}

void page_bar(const struct page *page, unsigned int width, double share, enum page_colour colour)
{
	static const char *const eighths[] = {
		"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"
	};
	unsigned int parts = page->utf8 ? 8 : 1, filled, i;
	double clamped = share > 1 ? 1 : share;

	/* what is there at all shows */
	filled = clamped > 0 ? (unsigned int)(clamped * width * parts + 0.5) : 0;
	if (!filled && clamped > 0)
		filled = 1;
	page_colour(page, colour);
	for (i = 0; i < filled / parts; i++)
		fputs(page->utf8 ? "\u2588" : "#", page->out);
	fputs(eighths[filled % parts], page->out);
	page_plain(page);
	pad(page, width - filled / parts - (filled % parts > 0));
}
