// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345", in microseconds. */
#include "sys/pressure.h"

#include <errno.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

int sys_pressure_parse(const char *text, size_t len, uint64_t *ret_ns)
{
	static const char total[] = "total=";
	struct span rest = { text, len }, line, word;
	uint64_t us;

	if (!span_next(&rest, '\n', &line) || !span_next_word(&line, &word) || !span_equals(word, "some"))
		return -EINVAL;
	while (span_next_word(&line, &word)) {
		if (!span_starts(word, total))
			continue;
		word.text += sizeof(total) - 1;
		word.len -= sizeof(total) - 1;
		if (parse_u64(word, UINT64_MAX / 1000, &us))
			return -EINVAL;
		*ret_ns = us * 1000;
		return 0;
	}
	return -EINVAL;
}

int sys_pressure_read(const char *root, const char *path, uint64_t *ret_ns)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err = sys_read(root, path, 4096, &text, &len);

	return err ? err : sys_pressure_parse(text, len, ret_ns);
}
