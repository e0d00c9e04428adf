// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What was brought ahead of the app, and what was recorded for the next run. */
#include "report/prefetch.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/units.h"
#include "report/value.h"

static json_t *left_out_object(const struct prefetch_recorded *p)
{
	return json_pack("{so so so so so}", "outputs", value_count(p->outputs), "gone", value_count(p->gone),
			 "unnamed", value_count(p->unnamed), "unreachable", value_count(p->unreachable),
			 "dropped_ranges", value_count(p->dropped));
}

static json_t *recorded_object(const struct prefetch_recorded *p)
{
	return json_pack("{ss so so so so so so so so so}", "state", recorded_state_names[p->state], "runs",
			 value_count(p->runs), "skipped", value_count(p->skipped), "files", value_count(p->files),
			 "ranges", value_count(p->ranges), "bytes", value_count(p->bytes), "added",
			 json_boolean(p->added), "lost", value_count(p->lost), "left_out", left_out_object(p), "error",
			 p->state == RECORDED_FAILED ? value_string(strerror(p->error)) : json_null());
}

static json_t *next_object(const struct replayed *p)
{
	if (!p->next_command[0])
		return json_null();
	return json_pack("{so so}", "command", value_string_n(p->next_command, sizeof(p->next_command)), "bytes",
			 value_count(p->next_bytes));
}

static json_t *replayed_object(const struct replayed *p)
{
	static const char *const states[] = {
		[REPLAYED_NOTHING] = "nothing",       [REPLAYED_UNNEEDED] = "not needed",
		[REPLAYED_NO_PROFILE] = "no profile", [REPLAYED_DISABLED] = "disabled",
		[REPLAYED_MEASURED] = "measured",     [REPLAYED_RUNNING] = "running",
		[REPLAYED_FAILED] = "failed",         [REPLAYED_DONE] = "done",
	};

	return json_pack("{ss so so so so so so so so so so so so so so so so so so so}", "state", states[p->state],
			 "files", value_count(p->files), "gone", value_count(p->gone), "refused",
			 value_count(p->refused), "changed", value_count(p->changed), "bytes", value_count(p->bytes),
			 "resident_bytes", value_count(p->resident_bytes), "failed_bytes", value_count(p->failed_bytes),
			 "seconds", value_number(p->seconds), "coverage", value_number(p->coverage), "accuracy",
			 value_number(p->accuracy), "timely", value_number(p->timely), "gain_percent",
			 value_number(p->gain * 100), "wait_seconds", value_number(p->waits_seconds),
			 "wait_seconds_without", value_number(p->waits_seconds_without), "stopped",
			 p->stopped ? value_string(p->stopped) : json_null(), "engine",
			 p->engine[0] ? value_string(p->engine) : json_null(), "error",
			 p->error[0] ? value_string(p->error) : json_null(), "disabled_now",
			 json_boolean(p->disabled_now), "next", next_object(p));
}

json_t *prefetch_object(const struct report *r)
{
	if (!r->recorded && !r->replayed)
		return json_null();
	return json_pack("{so so}", "recorded", r->recorded ? recorded_object(r->recorded) : json_null(), "replayed",
			 r->replayed ? replayed_object(r->replayed) : json_null());
}

static size_t add_left_out(char *text, size_t size, size_t used, uint64_t n, const char *one, const char *many)
{
	int len;

	if (!n)
		return used;
	len = snprintf(text + used, size - used, "%s%s %s", used ? ", " : "; left out: ", units_count(UNITS_BUF, n),
		       n == 1 ? one : many);
	return used + (len > 0 ? (size_t)len : 0);
}

static void describe_written(const struct prefetch_recorded *p, char *text, size_t size)
{
	char left[256] = "";
	size_t used = 0;

	used = add_left_out(left, sizeof(left), used, p->outputs, "file that was written meanwhile",
			    "files that were written meanwhile");
	used = add_left_out(left, sizeof(left), used, p->gone, "file that is gone", "files that are gone");
	add_left_out(left, sizeof(left), used, p->unnamed + p->unreachable, "that has no path here",
		     "that have no path here");
	snprintf(text, size, "%s for the next run: %s in %s range%s of %s file%s%s%s.",
		 p->added ? "Read by the app itself, and noted" : "Recorded", units_bytes(UNITS_BUF, p->bytes),
		 units_count(UNITS_BUF, p->ranges), p->ranges == 1 ? "" : "s", units_count(UNITS_BUF, p->files),
		 p->files == 1 ? "" : "s", left,
		 p->dropped ? "; more than a profile holds" :
		 p->lost    ? "; some records were lost" :
			      "");
}

/* What to say of the recording; "": nothing was read from the disk, so nothing. */
static void describe_recorded(const struct prefetch_recorded *p, char *text, size_t size)
{
	switch (p->state) {
	case RECORDED_WRITTEN:
		describe_written(p, text, size);
		break;
	case RECORDED_INCOMPLETE:
		snprintf(text, size,
			 "Nothing was recorded for the next run: %s records were lost; --ring-size gives more room.",
			 units_count(UNITS_BUF, p->lost));
		break;
	case RECORDED_UNKNOWN:
		snprintf(text, size,
			 "Nothing was recorded for the next run: the program was gone before its path and its rights "
			 "could be read.");
		break;
	case RECORDED_FAILED:
		snprintf(text, size, "What was read could not be recorded for the next run: %s.", strerror(p->error));
		break;
	case RECORDED_WRITING:
		snprintf(text, size, "What was read is still being recorded for the next run.");
		break;
	case RECORDED_SKIPPED:
		snprintf(text, size,
			 "Nothing was recorded for the next run: those before it were still being written.");
		break;
	default:
		break;
	}
}

static void __attribute__((format(printf, 3, 4))) append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

static void append_share(char *text, size_t size, double share, const char *of_what)
{
	if (isfinite(share))
		append(text, size, ", %s %s", units_percent(UNITS_BUF, share), of_what);
}

static void describe_brought(const struct replayed *p, char *text, size_t size)
{
	snprintf(text, size, "Brought ahead of the app: %s of %s file%s, in %s", units_bytes(UNITS_BUF, p->bytes),
		 units_count(UNITS_BUF, p->files), p->files == 1 ? "" : "s", units_seconds(UNITS_BUF, p->seconds));
	append_share(text, size, p->coverage, "of what it would have missed");
	append_share(text, size, p->accuracy, "of it used");
	append_share(text, size, p->timely, "in time");
	if (p->failed_bytes)
		append(text, size, "; %s could not be read", units_bytes(UNITS_BUF, p->failed_bytes));
	if (p->stopped && strcmp(p->stopped, "done") != 0)
		append(text, size, "; stopped: %s", p->stopped);
	append(text, size, ".");
	if (isfinite(p->gain))
		append(text, size, " The app waited %s for the disk; the last run without, %s: %s of its time %s.",
		       units_seconds(UNITS_BUF, p->waits_seconds), units_seconds(UNITS_BUF, p->waits_seconds_without),
		       units_percent(UNITS_BUF, fabs(p->gain)), p->gain < 0 ? "lost" : "saved");
	if (p->disabled_now)
		append(text, size,
		       " Three on end did not pay, so it is left out for this command, and tried again later.");
}

/* The same of the replay. */
static void describe_replayed(const struct replayed *p, char *text, size_t size)
{
	if (p->state == REPLAYED_DISABLED)
		snprintf(text, size,
			 "Nothing was brought ahead of the app, because that did not pay three times on end; it is "
			 "tried again later. 'accel-agent profile forget' makes it start anew.");
	else if (p->state == REPLAYED_MEASURED)
		snprintf(
			text, size,
			"Nothing was brought ahead of the app, for once: there is no run like the last ones without it "
			"to compare them with.");
	else if (p->state == REPLAYED_FAILED)
		snprintf(text, size, "Nothing could be brought ahead of the app: %s.", p->error);
	else if (p->state == REPLAYED_UNNEEDED)
		snprintf(text, size, "Nothing had to be brought ahead of the app: it missed nothing.");
	else if (p->state == REPLAYED_DONE && p->bytes)
		describe_brought(p, text, size);
	else if (p->state == REPLAYED_DONE && p->resident_bytes)
		snprintf(text, size, "Nothing had to be brought ahead of the app: it was in memory.");
}

static void write_line(const struct page *page, const char *text)
{
	if (!*text)
		return;
	fputs("  ", page->out);
	page_wrap(page, 2, 2, text);
}

void prefetch_section(const struct page *page, const struct report *r)
{
	char recorded[512] = "", replayed[512] = "";

	if (r->recorded)
		describe_recorded(r->recorded, recorded, sizeof(recorded));
	if (r->replayed)
		describe_replayed(r->replayed, replayed, sizeof(replayed));
	if (!*recorded && !*replayed)
		return;
	page_heading(page, "Prefetch");
	write_line(page, replayed);
	write_line(page, recorded);
}
