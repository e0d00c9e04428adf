/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* JSON values of what was measured, and of bytes that others chose. */
#ifndef VALUE_H
#define VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Each returns a new reference, or NULL: out of memory.
 */

/*
 * A string of others, with what is not UTF-8 replaced: up to len bytes or its NUL. value_string() makes null of NULL.
 */
json_t *value_string_n(const char *text, size_t len);
json_t *value_string(const char *text);

/*
 * A NAN, which was not measured, becomes null; so does 0 in a count that is never 0 where it is known.
 */
json_t *value_number(double value);
json_t *value_count(uint64_t value);
json_t *value_count_or_null(uint64_t value);

/*
 * An array of what object() makes of each of the entries, which are size bytes apart.
 */
json_t *value_array(const void *entries, size_t entries_count, size_t size, json_t *(*object)(const void *entry));

/*
 * Writes object to out as one line of plain ASCII, so that a name cannot play tricks on the terminal that shows it, and
 * frees it; NULL stands for a lack of memory. Returns 0, -ENOMEM or -errno.
 */
int value_print(json_t *object, FILE *out);

#endif /* VALUE_H */
