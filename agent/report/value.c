/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* JSON values of what was measured, and of bytes that others chose. */
#include "report/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define UTF8_MAX 4
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_LEN 3

/* Bytes of the valid UTF-8 sequence at text, 0: it is none. The library that must accept it is the judge. */
static size_t sequence(const char *text, size_t len)
{
	size_t n;

	for (n = 1; n <= UTF8_MAX && n <= len; n++) {
		json_t *piece = json_stringn(text, n);

		if (piece) {
			json_decref(piece);
			return n;
		}
	}
	return 0;
}

json_t *value_string_n(const char *text, size_t len)
{
	cleanup_free char *fixed = NULL;
	size_t i, n, used = 0;
	json_t *ret;

	len = strnlen(text, len);
	ret = json_stringn(text, len);
	if (ret)
		return ret;
	fixed = malloc(len * REPLACEMENT_LEN + 1);
	if (!fixed)
		return NULL;
	for (i = 0; i < len; i += n ? n : 1) {
		n = sequence(text + i, len - i);
		memcpy(fixed + used, n ? text + i : REPLACEMENT, n ? n : REPLACEMENT_LEN);
		used += n ? n : REPLACEMENT_LEN;
	}
	return json_stringn(fixed, used);
}

json_t *value_string(const char *text)
{
	return text ? value_string_n(text, strlen(text)) : json_null();
}

/* Rounded to what was measured: a clock of ns, printed as µs. */
json_t *value_number(double value)
{
	double rounded = round(value * 1e6) / 1e6;

	return isfinite(rounded) ? json_real(rounded) : json_null();
}

json_t *value_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *value_count_or_null(uint64_t value)
{
	return value ? value_count(value) : json_null();
}

json_t *value_array(const void *entries, size_t entries_count, size_t size, json_t *(*object)(const void *entry))
{
	json_t *ret = json_array();
	size_t i;

	for (i = 0; i < entries_count; i++) {
		if (json_array_append_new(ret, object((const char *)entries + i * size))) {
			json_decref(ret);
			return NULL;
		}
	}
	return ret;
}

int value_print(json_t *object, FILE *out)
{
	cleanup_free char *text = NULL;

	if (!object)
		return -ENOMEM;
	text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));
	json_decref(object);
	if (!text)
		return -ENOMEM;
	errno = 0;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out))
		return errno ? -errno : -EIO;
	return 0;
}
