// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What was recorded for the next run. */
#include "report/prefetch.h"

#include <stdio.h>
#include <string.h>

#include "model/units.h"
#include "report/value.h"

static json_t *left_out_object(const struct prefetch_recorded *p)
{
	return json_pack("{so so so so so}", "outputs", value_count(p->outputs), "gone", value_count(p->gone), "unnamed",
			 value_count(p->unnamed), "unreachable", value_count(p->unreachable), "dropped_ranges",
			 value_count(p->dropped));
}

static json_t *recorded_object(const struct prefetch_recorded *p)
{
	return json_pack("{ss so so so so so so so}", "state", recorded_state_names[p->state], "runs",
			 value_count(p->runs), "files", value_count(p->files), "ranges", value_count(p->ranges), "bytes",
			 value_count(p->bytes), "lost", value_count(p->lost), "left_out", left_out_object(p), "error",
			 p->state == RECORDED_FAILED ? value_string(strerror(p->error)) : json_null());
}

json_t *prefetch_object(const struct report *r)
{
	if (!r->recorded)
		return json_null();
	return json_pack("{so}", "recorded", recorded_object(r->recorded));
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
	snprintf(text, size, "Recorded for the next run: %s in %s range%s of %s file%s%s%s.", units_bytes(UNITS_BUF, p->bytes),
		 units_count(UNITS_BUF, p->ranges), p->ranges == 1 ? "" : "s", units_count(UNITS_BUF, p->files),
		 p->files == 1 ? "" : "s", left,
		 p->dropped ? "; more than a profile holds" : p->lost ? "; some records were lost" : "");
}

void prefetch_section(const struct page *page, const struct report *r)
{
	const struct prefetch_recorded *p = r->recorded;
	char text[512] = "";

	if (!p)
		return;
	switch (p->state) {
	case RECORDED_WRITTEN:
		describe_written(p, text, sizeof(text));
		break;
	case RECORDED_INCOMPLETE:
		snprintf(text, sizeof(text),
			 "Nothing was recorded for the next run: %s records were lost; --ring-size gives more room.",
			 units_count(UNITS_BUF, p->lost));
		break;
	case RECORDED_UNKNOWN:
		snprintf(text, sizeof(text),
			 "Nothing was recorded for the next run: the program was gone before its path could be read.");
		break;
	case RECORDED_FAILED:
		snprintf(text, sizeof(text), "What was read could not be recorded for the next run: %s.",
			 strerror(p->error));
		break;
	default: /* nothing was read from the disk: nothing to say */
		return;
	}
	page_heading(page, "Prefetch");
	fputs("  ", page->out);
	page_wrap(page, 2, 2, text);
}
