/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a warm run did, or would do, as text and as JSON. */
#include "warm/summary.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "model/units.h"
#include "report/value.h"
#include "util/text.h"
#include "warm/counts.h"
#include "warm/leftover.h"
#include "warm/scan.h"

#define SCHEMA "accel-agent.warm/1"
#define SHOWN (4 * PATH_MAX + 1)

static json_t *value_known(bool known, uint64_t value)
{
	return known ? value_count(value) : json_null();
}

void summary_plan_begin(bool json, FILE *out)
{
	if (json)
		fputs("{\"schema\": \"" SCHEMA "\", \"plan\": [", out);
}

int summary_plan_file(bool json, const char *path, const struct scan_file *file, bool first, FILE *out)
{
	char shown[SHOWN], resident[24] = "unknown";
	json_t *row;

	if (!json) {
		if (first)
			fprintf(out, "%15s %15s  %s\n", "bytes", "in memory", "file");
		text_escape(path, strlen(path), shown, sizeof(shown));
		if (file->resident_known)
			snprintf(resident, sizeof(resident), "%llu", (unsigned long long)file->resident_bytes);
		fprintf(out, "%15llu %15s  %s\n", (unsigned long long)file->data_bytes, resident, shown);
		return 0;
	}
	row = json_pack("{s:o, s:o, s:o, s:o}", "path", value_string(path), "bytes", value_count(file->bytes),
			"data_bytes", value_count(file->data_bytes), "resident_bytes",
			value_known(file->resident_known, file->resident_bytes));
	if (!row)
		return -ENOMEM;
	fputs(first ? "\n" : ",\n", out);
	json_dumpf(row, out, JSON_COMPACT);
	json_decref(row);
	return 0;
}

/* "2 FIFOs (/x/fifo, ...)" */
static void print_leftover(const struct leftovers *l, enum leftover_why why, bool first, FILE *out)
{
	char shown[SHOWN] = "";

	if (l->first[why])
		text_escape(l->first[why], strlen(l->first[why]), shown, sizeof(shown));
	fprintf(out, "%s%s %s", first ? "passed over: " : ", ", units_count(UNITS_BUF, l->count[why]),
		leftover_name(why, l->count[why]));
	if (*shown)
		fprintf(out, " (%s%s)", shown, l->count[why] > 1 ? ", ..." : "");
}

static void print_leftovers(const struct leftovers *l, FILE *out)
{
	bool first = true;
	unsigned int why;

	for (why = 0; why < LEFTOVER_REASONS; why++) {
		if (!l->count[why] || why == LEFTOVER_FAILED || why == LEFTOVER_BUDGET)
			continue;
		print_leftover(l, why, first, out);
		first = false;
	}
	if (!first)
		fputc('\n', out);
}

static void print_amount(const char *what, uint64_t files, uint64_t bytes, FILE *out)
{
	fprintf(out, "%s %s file%s, %s", what, units_count(UNITS_BUF, files), files == 1 ? "" : "s",
		units_bytes(UNITS_BUF, bytes));
}

/* The kernel tells only those who own a file or may write it. */
static bool is_resident_known(const struct warm_counts *c)
{
	return c->known_files || !c->unknown_files;
}

static void print_resident(const struct warm_counts *c, FILE *out)
{
	if (!is_resident_known(c)) {
		fputs("in memory before: unknown, the kernel does not tell this user\n", out);
		return;
	}
	print_amount("in memory before:", c->resident_files, c->resident_bytes, out);
	if (c->unknown_files)
		fprintf(out, "; unknown of %s file%s", units_count(UNITS_BUF, c->unknown_files),
			c->unknown_files == 1 ? "" : "s");
	fputc('\n', out);
}

/* Only where something is missing. */
static void print_evicted(const struct warm_counts *c, FILE *out)
{
	if (!c->after_missing_bytes)
		return;
	fprintf(out, "no longer in memory: %s of %s that was read", units_bytes(UNITS_BUF, c->after_missing_bytes),
		units_bytes(UNITS_BUF, c->after_bytes));
	if (c->after_files < c->read_files)
		fprintf(out, " in the %s files that were looked at again", units_count(UNITS_BUF, c->after_files));
	fputc('\n', out);
}

/* What failed was named; if there was nothing else, figures of nothing would only hide that. */
static bool is_empty(const struct summary *s)
{
	return !s->counts->files && !s->signal && s->leftovers->count[LEFTOVER_FAILED];
}

static void print_figures(const struct summary *s, FILE *out)
{
	const struct warm_counts *c = s->counts;
	uint64_t left = s->leftovers->count[LEFTOVER_BUDGET];

	if (s->dry_run) {
		print_amount("would read", c->planned_files, c->planned_bytes, out);
	} else {
		print_amount("read", c->read_files, c->read_bytes, out);
		fprintf(out, ", in %s (%s/s) by %s", units_seconds(UNITS_BUF, s->seconds),
			units_bytes(UNITS_BUF, s->seconds > 0 ? (uint64_t)((double)c->read_bytes / s->seconds) : 0),
			s->backend);
	}
	fputc('\n', out);
	print_resident(c, out);
	print_amount("of", c->files, c->bytes, out);
	if (c->hole_bytes)
		fprintf(out, ", %s of it holes", units_bytes(UNITS_BUF, c->hole_bytes));
	fputc('\n', out);
	print_evicted(c, out);
	if (left) {
		print_amount("left out:", left, c->left_bytes, out);
		fprintf(out, ", that the budget of %s does not hold\n", units_bytes(UNITS_BUF, s->budget_bytes));
	}
}

void summary_text(const struct summary *s, FILE *out)
{
	uint64_t failed = s->leftovers->count[LEFTOVER_FAILED];

	if (!is_empty(s))
		print_figures(s, out);
	print_leftovers(s->leftovers, out);
	if (failed && !is_empty(s))
		fprintf(out, "could not be read: %s file%s or folder%s\n", units_count(UNITS_BUF, failed),
			failed == 1 ? "" : "s", failed == 1 ? "" : "s");
	if (s->signal)
		fprintf(out, "stopped by SIG%s before the end\n", sigabbrev_np(s->signal));
}

/* {"fifos": {"count": 2, "first": "/x/fifo"}, ...} */
static json_t *skipped_object(const struct leftovers *l)
{
	static const char *const keys[LEFTOVER_REASONS] = {
		[LEFTOVER_VANISHED] = "vanished", [LEFTOVER_REPEATED] = "repeated",  [LEFTOVER_LINK] = "links",
		[LEFTOVER_FIFO] = "fifos",        [LEFTOVER_SOCKET] = "sockets",     [LEFTOVER_DEVICE] = "devices",
		[LEFTOVER_PSEUDO] = "pseudo",     [LEFTOVER_BUDGET] = "over_budget",
	};
	json_t *ret = json_object();
	unsigned int why;

	for (why = 0; why < LEFTOVER_REASONS; why++) {
		if (keys[why] && json_object_set_new(ret, keys[why],
						     json_pack("{s:o, s:o}", "count", value_count(l->count[why]),
							       "first", value_string(l->first[why])))) {
			json_decref(ret);
			return NULL;
		}
	}
	return ret;
}

static json_t *error_object(const void *entry)
{
	const struct leftover_error *error = entry;

	return json_pack("{s:o, s:s}", "path", value_string(error->path), "error", strerror(-error->err));
}

static json_t *errors_array(const struct leftovers *l)
{
	uint64_t n = l->count[LEFTOVER_FAILED];

	return value_array(l->errors, n < LEFTOVER_ERRORS_MAX ? n : LEFTOVER_ERRORS_MAX, sizeof(l->errors[0]),
			   error_object);
}

static json_t *amount_object(bool known, uint64_t files, uint64_t bytes)
{
	return json_pack("{s:o, s:o}", "files", value_known(known, files), "bytes", value_known(known, bytes));
}

static json_t *stopped_value(int number)
{
	char text[32];

	snprintf(text, sizeof(text), "SIG%s", number ? sigabbrev_np(number) : "");
	return number ? json_string(text) : json_null();
}

static json_t *after_object(const struct summary *s)
{
	const struct warm_counts *c = s->counts;
	bool known = !s->dry_run && (c->after_files || !c->read_files);

	return json_pack("{s:o, s:o, s:o}", "files", value_known(known, c->after_files), "bytes",
			 value_known(known, c->after_bytes), "missing_bytes",
			 value_known(known, c->after_missing_bytes));
}

int summary_json(const struct summary *s, FILE *out)
{
	const struct warm_counts *c = s->counts;
	json_t *root = json_pack(
		"{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "dry_run",
		s->dry_run, "files", value_count(c->files), "bytes", value_count(c->bytes), "hole_bytes",
		value_count(c->hole_bytes), "planned", amount_object(true, c->planned_files, c->planned_bytes), "read",
		amount_object(true, c->read_files, c->read_bytes), "after", after_object(s), "resident",
		amount_object(is_resident_known(c), c->resident_files, c->resident_bytes), "resident_unknown_files",
		value_count(c->unknown_files), "over_budget_bytes", value_count(c->left_bytes), "skipped",
		skipped_object(s->leftovers), "errors", value_count(s->leftovers->count[LEFTOVER_FAILED]),
		"first_errors", errors_array(s->leftovers), "seconds", value_number(s->seconds), "backend",
		value_string(s->backend), "budget_bytes", value_count(s->budget_bytes), "stopped",
		stopped_value(s->signal));

	if (!root)
		return -ENOMEM;
	fputs(s->dry_run ? "\n], " : "{\"schema\": \"" SCHEMA "\", ", out);
	json_dumpf(root, out, JSON_EMBED);
	fputs("}\n", out);
	json_decref(root);
	return 0;
}
