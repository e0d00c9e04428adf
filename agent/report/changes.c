/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What was changed, what came of it, what was left alone, and how the machine was left: in words. */
#include "report/changes.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "model/units.h"

#define INDENT 10 /* as the bottlenecks above */
#define LINE 1024 /* bytes: a knob and two texts of a change, or a reason, fit */

_Static_assert(LINE > 3 * CHANGE_TEXT, "a line has room for a change");

static void __attribute__((format(printf, 2, 3))) append(char text[LINE], const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, LINE - used, format, args);
	va_end(args);
}

/* Three digits, as the times have them. */
static const char *figure(char ret[UNITS_LEN], double value)
{
	if (!isfinite(value))
		snprintf(ret, UNITS_LEN, "unknown");
	else if (fabs(value) < 99.95)
		snprintf(ret, UNITS_LEN, "%.*f", fabs(value) < 9.995 ? 2 : 1, value);
	else
		snprintf(ret, UNITS_LEN, fabs(value) < 1e9 ? "%.0f" : "%.3g", value);
	return ret;
}

/*
 * "+273 %": a difference, so its sign is always there, and never one of nothing ("-0.0 %"). From almost nothing it is
 * "12 times as much", as percentages of that order are hard to read.
 */
static const char *difference(char ret[UNITS_LEN], double percent)
{
	double rounded = round(percent * 10) / 10;

	if (fabs(rounded) < 9.95)
		snprintf(ret, UNITS_LEN, "%+.1f %%", rounded + 0.0);
	else if (percent < 999.5)
		snprintf(ret, UNITS_LEN, percent > -1e9 ? "%+.0f %%" : "%+.3g %%", percent);
	else
		snprintf(ret, UNITS_LEN, percent < 1e9 ? "%.0f times as much" : "%.3g times as much",
			 1 + percent / 100);
	return ret;
}

/*
 * Whether things are as before. What was undone is, until the end of the run shows whether that failed; and what is kept
 * is not, though a window without it may be what measures it just now.
 */
static bool is_back(const struct report *r, const struct change *c)
{
	return r->interim ? c->state == CHANGE_UNDONE : c->restored;
}

static bool undone(const struct report *r, const struct change *c)
{
	return c->state == CHANGE_UNDONE && is_back(r, c);
}

/* "ran 0.52 -> 1.94 CPU seconds a second: +273 % (95 % sure: +240 % to +300 %), 6 windows" */
static void append_measured(char text[LINE], const struct effect *e)
{
	static const struct {
		const char *metric, *verb, *unit;
	} words[] = {
		{ "run_per_second", "ran", " CPU seconds a second" },
	};
	const char *verb = e->metric, *unit = "";
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i].metric, e->metric)) {
			verb = words[i].verb;
			unit = words[i].unit;
		}
	}
	append(text, "%s %s -> %s%s", verb, figure(UNITS_BUF, e->before), figure(UNITS_BUF, e->after), unit);
	if (isfinite(e->percent))
		append(text, ": %s", difference(UNITS_BUF, e->percent));
	if (isfinite(e->percent) && isfinite(e->low) && isfinite(e->high))
		append(text, " (95 %% sure: %s to %s)", difference(UNITS_BUF, e->low), difference(UNITS_BUF, e->high));
	append(text, ", %u window%s", e->windows, e->windows == 1 ? "" : "s");
}

static void write_effect(const struct page *page, const struct report *r, const struct change *c)
{
	const struct effect *e = &c->effect;
	enum page_colour colour = PAGE_DIM;
	char text[LINE] = "";

	switch (e->verdict) {
	case EFFECT_NOT_MEASURED:
		if (!e->metric) /* a move, or what works at once: there is nothing to compare */
			return;
		append(text, "effect not measured");
		if (c->measured_after > 0)
			append(text, ": that begins after %.0f s at the earliest", c->measured_after);
		break;
	case EFFECT_INCONCLUSIVE:
		if (isfinite(e->low) && isfinite(e->high)) {
			append(text, "inconclusive: ");
			append_measured(text, e);
		} else {
			append(text, "inconclusive: too few windows (%u)", e->windows);
		}
		break;
	case EFFECT_HELPS:
		colour = PAGE_GREEN;
		append_measured(text, e);
		break;
	case EFFECT_HARMS:
		colour = PAGE_RED;
		append(text, undone(r, c) ? "it harmed: undone; " : "it harmed: ");
		append_measured(text, e);
		break;
	case EFFECT_NONE:
		append(text, "no measurable difference: ");
		append_measured(text, e);
		break;
	}
	page_colour(page, colour);
	fprintf(page->out, "%*s", INDENT, "");
	page_wrap(page, INDENT, INDENT, text);
	page_plain(page);
}

/* What became of it, where the effect did not say that yet. */
static void write_state(const struct page *page, const struct report *r, const struct change *c)
{
	enum page_colour colour = PAGE_DIM;
	const char *text;

	if (undone(r, c)) {
		if (c->effect.verdict == EFFECT_HARMS)
			return;
		text = "undone during the run";
	} else if (is_back(r, c)) {
		text = c->old[0] ? "put back at the end" : "nothing is left of it";
	} else if (c->state == CHANGE_KEPT && r->interim) {
		text = "in force";
	} else if (c->state == CHANGE_KEPT && r->keep) {
		text = "kept (--on-exit keep)";
	} else {
		colour = PAGE_YELLOW;
		text = "not put back";
	}
	page_colour(page, colour);
	fprintf(page->out, "%*s%s", INDENT, "", text);
	page_plain(page);
	fputc('\n', page->out);
}

static void write_id(const struct page *page, const struct change *c)
{
	fputs("  ", page->out);
	page_cell(page, -(INDENT - 4), c->id, sizeof(c->id));
	fputs("  ", page->out);
}

static void write_target(const struct page *page, unsigned int at, const char *target)
{
	fputs("on ", page->out);
	page_path(page, page->columns - at - 3, target[0] ? target : "an unknown group");
	fputc('\n', page->out);
}

static void write_reason(const struct page *page, const struct change *c)
{
	char text[LINE] = "";

	if (c->bottleneck)
		append(text, "for %s%s", c->bottleneck, c->reason[0] ? ": " : "");
	append(text, "%s", c->reason);
	fprintf(page->out, "%*s", INDENT, "");
	page_wrap(page, INDENT, INDENT, text);
}

static void write_change(const struct page *page, const struct report *r, const struct change *c)
{
	char text[LINE] = "";

	/* without a value before, there was no group, or the knob has none: a write to it just does something */
	if (c->old[0])
		append(text, "%s %s -> %s", c->knob, c->old, c->new);
	else
		append(text, "%s set to %s", c->knob, c->new);
	write_id(page, c);
	page_colour(page, PAGE_BOLD);
	page_wrap(page, INDENT, INDENT, text);
	page_plain(page);
	if (strcmp(c->target, c->new)) { /* else it was moved there */
		fprintf(page->out, "%*s", INDENT, "");
		write_target(page, INDENT, c->target);
	}
	write_reason(page, c);
	if (c->state == CHANGE_PLANNED)
		return;
	write_effect(page, r, c);
	write_state(page, r, c);
}

static void write_refused(const struct page *page, const struct change *c)
{
	write_id(page, c);
	fprintf(page->out, "%s ", c->knob);
	write_target(page, INDENT + (unsigned int)strlen(c->knob) + 1, c->target);
	write_reason(page, c);
}

void changes_sections(const struct page *page, const struct report *r)
{
	size_t i, rows = 0;

	for (i = 0; i < r->nchanges; i++) {
		if (r->changes[i].state == CHANGE_REFUSED)
			continue;
		if (rows++ == 0)
			page_heading(page, r->dry_run ? "What would be changed (--dry-run)" : "What was changed");
		write_change(page, r, &r->changes[i]);
	}
	rows = 0;
	for (i = 0; i < r->nchanges; i++) {
		if (r->changes[i].state != CHANGE_REFUSED)
			continue;
		if (rows++ == 0)
			page_heading(page, "Not changed");
		write_refused(page, &r->changes[i]);
	}
}

/* Why there is no change that was made: the caller's words, or what the list says. */
static const char *why_unchanged(const struct report *r)
{
	size_t i;

	if (r->unchanged)
		return r->unchanged;
	if (!r->app->seen)
		return "the app did not run while the agent watched";
	for (i = 0; i < r->nchanges; i++)
		if (r->changes[i].state == CHANGE_PLANNED)
			return "this was a dry run";
	if (r->nchanges)
		return "the reasons are above";
	return r->restricted ? "nothing that --only and --without leave held the app back" :
			       "nothing that the agent can tune held the app back";
}

void changes_conclusion(const struct page *page, const struct report *r)
{
	size_t i, made = 0, left = 0, kept = 0;
	char text[LINE] = "";

	for (i = 0; i < r->nchanges; i++) {
		const struct change *c = &r->changes[i];

		if (c->state != CHANGE_KEPT && c->state != CHANGE_UNDONE)
			continue;
		made++;
		left += !is_back(r, c);
		kept += !is_back(r, c) && c->state == CHANGE_KEPT && (r->keep || r->interim);
	}
	if (!made) {
		append(text, "Nothing was changed: %s", why_unchanged(r));
		append(text, "%s", text[strlen(text) - 1] == '.' ? "" : ".");
	} else if (!left) {
		append(text, "Everything is as it was before.");
	} else if (left > kept) {
		append(text, "Not everything is as it was before: %s change%s put back.",
		       units_count(UNITS_BUF, left - kept), left - kept == 1 ? " was not" : "s were not");
	} else {
		append(text, "%s change%s in force%s.", units_count(UNITS_BUF, kept), kept == 1 ? " is" : "s are",
		       r->interim ? "" : ", as --on-exit keep asked for");
	}
	fputc('\n', page->out);
	page_wrap(page, 0, 0, text);
}
