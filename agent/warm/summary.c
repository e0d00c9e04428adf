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

#define SCHEMA "accel-agent.warm/1"
#define SHOWN (4 * PATH_MAX + 1)

void summary_plan_begin(bool json, FILE *out)
{
	if (json)
		fputs("{\"schema\": \"" SCHEMA "\", \"plan\": [", out);
	else
		fprintf(out, "%15s %15s  %s\n", "bytes", "in memory", "file");
}

int summary_plan_file(bool json, const char *path, uint64_t bytes, uint64_t resident_bytes, bool first, FILE *out)
{
	char shown[SHOWN];
	json_t *row;

	if (!json) {
		text_escape(path, strlen(path), shown, sizeof(shown));
		fprintf(out, "%15llu %15llu  %s\n", (unsigned long long)bytes, (unsigned long long)resident_bytes,
			shown);
		return 0;
	}
	row = json_pack("{s:o, s:o, s:o}", "path", value_string(path), "bytes", value_count(bytes), "resident_bytes",
			value_count(resident_bytes));
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
	if (l->count[LEFTOVER_FAILED])
		fprintf(out, "could not be read: %s files or folders\n",
			units_count(UNITS_BUF, l->count[LEFTOVER_FAILED]));
}

static void print_amount(const char *what, uint64_t files, uint64_t bytes, FILE *out)
{
	fprintf(out, "%s %s file%s, %s", what, units_count(UNITS_BUF, files), files == 1 ? "" : "s",
		units_bytes(UNITS_BUF, bytes));
}

void summary_text(const struct summary *s, FILE *out)
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
	print_amount("\nin memory before:", c->resident_files, c->resident_bytes, out);
	if (c->unknown_files)
		fprintf(out, "; of %s files the kernel does not tell", units_count(UNITS_BUF, c->unknown_files));
	fprintf(out, "\nof %s files, %s\n", units_count(UNITS_BUF, c->files), units_bytes(UNITS_BUF, c->bytes));
	if (left) {
		print_amount("left out:", left, c->left_bytes, out);
		fprintf(out, ", that the budget of %s does not hold\n", units_bytes(UNITS_BUF, s->budget_bytes));
	}
	print_leftovers(s->leftovers, out);
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

static json_t *amount_object(uint64_t files, uint64_t bytes)
{
	return json_pack("{s:o, s:o}", "files", value_count(files), "bytes", value_count(bytes));
}

static json_t *stopped_value(int number)
{
	char text[32];

	snprintf(text, sizeof(text), "SIG%s", number ? sigabbrev_np(number) : "");
	return number ? json_string(text) : json_null();
}

int summary_json(const struct summary *s, FILE *out)
{
	const struct warm_counts *c = s->counts;
	json_t *root = json_pack(
		"{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "dry_run", s->dry_run,
		"files", value_count(c->files), "bytes", value_count(c->bytes), "planned",
		amount_object(c->planned_files, c->planned_bytes), "read", amount_object(c->read_files, c->read_bytes),
		"resident", amount_object(c->resident_files, c->resident_bytes), "resident_unknown_files",
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
