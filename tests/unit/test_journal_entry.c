/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Journal entries as text: every byte survives, and nothing else is taken for an entry. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "act/journal.h"
#include "act/journal_entry.h"
#include "act/journal_list.h"
#include "util/cleanup.h"

static const struct journal_entry plain = {
	.kind = JOURNAL_ENTRY_VALUE,
	.id = 4711,
	.path = "/sys/fs/cgroup/cpu/app",
	.name = "cpu.shares",
	.old = "1024",
	.ours = "2048",
	.home = "",
};

/* Adds the checksum that a line needs, and reads it. */
static int decode(const char *line, struct journal_entry *ret, char buffer[1024])
{
	int len = snprintf(buffer, 1024, "%s %08lx", line,
			   crc32(0, (const unsigned char *)line, (unsigned int)strlen(line)));

	return journal_entry_decode(buffer, (size_t)len, ret);
}

/* The text is what other versions rely on. */
static void encode_gives_this_text(void **state)
{
	cleanup_free char *line = NULL;
	size_t len;

	(void)state;
	assert_int_equal(journal_entry_encode(&plain, &line, &len), 0);
	assert_int_equal(len, strlen(line));
	assert_string_equal(line, "value 4711 /sys/fs/cgroup/cpu/app cpu.shares 1024 2048 - 6a41fcee\n");
}

/* Blanks, newlines, '%', a lone dash and bytes that are no UTF-8 come back as they were. */
static void every_byte_survives(void **state)
{
	char path[300] = "/", value[JOURNAL_VALUE] = "";
	struct journal_entry entry = plain, again;
	cleanup_free char *line = NULL;
	size_t len;
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		if (c != '/')
			path[strlen(path)] = (char)c;
		if (c != '\n')
			value[strlen(value)] = (char)c;
	}
	entry.path = path;
	entry.old = value;
	entry.ours = "-";
	assert_int_equal(journal_entry_encode(&entry, &line, &len), 0);
	assert_int_equal(journal_entry_decode(line, len - 1, &again), 0);
	assert_int_equal(again.kind, JOURNAL_ENTRY_VALUE);
	assert_int_equal(again.id, 4711);
	assert_string_equal(again.path, path);
	assert_string_equal(again.name, "cpu.shares");
	assert_string_equal(again.old, value);
	assert_string_equal(again.ours, "-");
	assert_string_equal(again.home, "");
}

/* Any one bit that is wrong, and any end that is missing, shows. */
static void damage_shows(void **state)
{
	cleanup_free char *line = NULL;
	struct journal_entry entry;
	char copy[256];
	size_t len, i;

	(void)state;
	assert_int_equal(journal_entry_encode(&plain, &line, &len), 0);
	len--;
	for (i = 0; i < len * 8; i++) {
		memcpy(copy, line, len);
		copy[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(journal_entry_decode(copy, len, &entry), -EBADMSG);
	}
	for (i = 0; i < len; i++) {
		memcpy(copy, line, len);
		assert_int_equal(journal_entry_decode(copy, i, &entry), -EBADMSG);
	}
}

/* A right checksum is not enough: each of these would lead somewhere else, or means nothing. */
static void hostile_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"value 1 /a/../b c 1 2 -",
		"value 1 /a/./b c 1 2 -",
		"value 1 /a//b c 1 2 -",
		"value 1 /a/ c 1 2 -",
		"value 1 / c 1 2 -",
		"value 1 a c 1 2 -",
		"value 1 - c 1 2 -",
		"value 1 /a ../c 1 2 -",
		"value 1 /a .. 1 2 -",
		"value 1 /a - 1 2 -",
		"value 0 /a c 1 2 -",
		"value -1 /a c 1 2 -",
		"value 18446744073709551616 /a c 1 2 -",
		"value 1 /a c 1%0A3 2 -",
		"value 1 /a c 1 2 /home",
		"value 1 /a%00b c 1 2 -",
		"value 1 /a%2 c 1 2 -",
		"value 1 /a%2g c 1 2 -",
		"value 1 /a c 1 2",
		"value 1 /a c 1 2 - -",
		"value 1 /a  c 1 2 -",
		"value 1 /a c 1 2 %",
		"Value 1 /a c 1 2 -",
		"file 1 /sys/a - 0 1 -",
		"file 0 /sys/a b 0 1 -",
		"group 7 /a/accel-1 - - - -",
		"group 0 /a/accel-1 - - - /home",
		"group 7 /a/system.slice - - - /home",
		"group 7 /accel-1/a - - - /home",
		"group 7 /a/accel-1 - - - /home/..",
		"group 7 /a/accel-1 - 1 2 /home",
		"controller 7 /a cpu%20-memory - - -",
		"controller 7 /a - - - -",
		"controller 7 /a cpu 1 2 -",
		"",
		" ",
	};
	struct journal_entry entry;
	char buffer[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode(bad[i], &entry, buffer), -EBADMSG);
	assert_int_equal(decode("value 1 /a c 1 2 -", &entry, buffer), 0);
	assert_int_equal(decode("file 0 /sys/a - 0 1 -", &entry, buffer), 0);
	assert_int_equal(decode("group 7 /a/accel-1 - - - /home", &entry, buffer), 0);
	assert_int_equal(decode("group 0 /a/accel-1 - - - -", &entry, buffer), 0);
	assert_int_equal(decode("controller 7 /a cpu - - -", &entry, buffer), 0);
}

/* What could not be read again is not written. */
static void encode_refuses_what_it_cannot_hold(void **state)
{
	char value[JOURNAL_VALUE + 1];
	struct journal_entry entry = plain;
	char *line = NULL;
	size_t len;

	(void)state;
	memset(value, '1', JOURNAL_VALUE);
	value[JOURNAL_VALUE] = '\0';
	entry.ours = value;
	assert_int_equal(journal_entry_encode(&entry, &line, &len), -EINVAL);
	value[JOURNAL_VALUE - 1] = '\0';
	entry.id = 0;
	assert_int_equal(journal_entry_encode(&entry, &line, &len), -EINVAL);
	assert_null(line);
}

static void make_text(char *text, size_t size, const char *const lines[])
{
	size_t used = (size_t)snprintf(text, size, JOURNAL_FIRST_LINE);

	for (; *lines; lines++)
		used += (size_t)snprintf(text + used, size - used, "%s %08lx\n", *lines,
					 crc32(0, (const unsigned char *)*lines, (unsigned int)strlen(*lines)));
}

/* Several values of one file are one thing to undo, to the first old value; another id is another file. */
static void list_merges_values(void **state)
{
	static const char *const lines[] = { "value 1 /a c 10 20 -", "value 2 /a c 5 6 -", "value 1 /a c 99 30 -",
					     NULL };
	struct journal_list list = { 0 };
	size_t damaged = 7;
	char text[1024];

	(void)state;
	make_text(text, sizeof(text), lines);
	assert_int_equal(journal_list_parse(&list, text, strlen(text), &damaged), 0);
	assert_int_equal(damaged, 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].entry.old, "10");
	assert_true(journal_item_ours(&list.items[0], "20"));
	assert_true(journal_item_ours(&list.items[0], "30"));
	assert_false(journal_item_ours(&list.items[0], "10"));
	assert_false(journal_item_ours(&list.items[0], "6"));
	journal_list_clear(&list);
}

/* However much of the end is missing, the entries before count; what is cut off is no damage. */
static void list_survives_a_torn_end(void **state)
{
	static const char *const lines[] = { "value 1 /a c 10 20 -", "value 1 /b c 10 20 -", NULL };
	char text[1024], copy[1024];
	size_t i, whole;

	(void)state;
	make_text(text, sizeof(text), lines);
	whole = strlen(text);
	for (i = 0; i <= whole; i++) {
		struct journal_list list = { 0 };
		size_t damaged = 7, ends = 0, k;

		memcpy(copy, text, i);
		for (k = 0; k < i; k++)
			ends += text[k] == '\n';
		assert_int_equal(journal_list_parse(&list, copy, i, &damaged), 0);
		assert_int_equal(damaged, 0);
		assert_int_equal(list.n, ends ? ends - 1 : 0);
		journal_list_clear(&list);
	}
}

/* A line that is damaged is left out alone; a text that does not start like a journal is none. */
static void list_counts_damage(void **state)
{
	static const char *const lines[] = { "value 1 /a c 10 20 -", "value 1 /b c 10 20 -", "value 1 /c c 1 2 -",
					     NULL };
	struct journal_list list = { 0 };
	char text[1024], other[] = "accel-agent-journal/2\nx\n",
			 noise[] = "\x7f"
				   "ELF and more of it";
	size_t damaged = 7;

	(void)state;
	make_text(text, sizeof(text), lines);
	strstr(text, "/b")[1] = 'x';
	assert_int_equal(journal_list_parse(&list, text, strlen(text), &damaged), 0);
	assert_int_equal(damaged, 1);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[1].entry.path, "/c");
	assert_int_equal(journal_list_parse(&list, other, strlen(other), &damaged), -EPROTONOSUPPORT);
	assert_int_equal(journal_list_parse(&list, noise, strlen(noise), &damaged), -EBADMSG);
	assert_int_equal(list.n, 2);
	journal_list_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode_gives_this_text),
		cmocka_unit_test(every_byte_survives),
		cmocka_unit_test(damage_shows),
		cmocka_unit_test(hostile_lines_are_refused),
		cmocka_unit_test(encode_refuses_what_it_cannot_hold),
		cmocka_unit_test(list_merges_values),
		cmocka_unit_test(list_survives_a_torn_end),
		cmocka_unit_test(list_counts_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
