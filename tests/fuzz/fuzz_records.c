/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes what is made of ring buffer records: names of files and programs in them are chosen by others. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/files.h"
#include "model/waits.h"

#define APPS 4
#define TOP 8
#define PATH_BYTES 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	const uint8_t *data;
	size_t size;
};

/* The next bytes; zeros where there are no more. */
static void take(struct input *in, void *ret, size_t size)
{
	size_t n = in->size < size ? in->size : size;

	memset(ret, 0, size);
	memcpy(ret, in->data, n);
	in->data += n;
	in->size -= n;
}

static uint32_t number(struct input *in, uint32_t below)
{
	uint16_t n;

	take(in, &n, sizeof(n));
	return n % below;
}

/* Keys are small numbers, so that they meet again. */
static void feed_miss(struct files *files, struct input *in)
{
	struct aa_rec_miss rec = { .h.app = number(in, APPS), .ino = number(in, 64), .dev = 1 };

	take(in, &rec.pages, sizeof(rec.pages));
	files_miss(files, &rec);
}

static void feed_file(struct files *files, struct input *in)
{
	struct aa_rec_file rec = { .h.app = number(in, APPS), .ino = number(in, 64), .dev = 1 };

	rec.complete = number(in, 2);
	rec.bytes = number(in, AA_PATH_LEN + 8);
	take(in, rec.names, rec.bytes < sizeof(rec.names) ? rec.bytes : sizeof(rec.names));
	if (number(in, 8))
		rec.names[(rec.bytes ? rec.bytes - 1 : 0) % sizeof(rec.names)] = '\0';
	files_name(files, &rec);
}

static void feed_wait(struct waits *waits, struct input *in)
{
	struct aa_rec_wait rec = { .h.app = number(in, APPS), .wait_ns = number(in, 1000) * 1000000ULL };

	rec.waker = number(in, 2);
	rec.waker_followed = (uint8_t)number(in, 2);
	rec.state = (uint8_t)number(in, 256);
	take(in, rec.comm, sizeof(rec.comm));
	take(in, rec.waker_comm, sizeof(rec.waker_comm));
	waits_add(waits, &rec);
}

static void read_files(const struct files *files, uint32_t app)
{
	const struct file *top[TOP];
	size_t i, room, n = files_top(files, app, top, TOP);
	char path[PATH_BYTES];

	require(n <= TOP);
	for (i = 0; i < n; i++) {
		require(top[i]->app == app && top[i]->pages);
		require(!i || top[i - 1]->pages >= top[i]->pages);
		for (room = 0; room <= sizeof(path); room += 75) {
			char *exact = malloc(room ? room : 1);

			if (exact && !files_path(files, top[i], exact, room))
				/* each name gives its length and a slash, which is as long as with its NUL */
				require(strlen(exact) == top[i]->names_bytes + (top[i]->complete ? 0 : 3));
			free(exact);
		}
	}
}

static void read_waits(const struct waits *waits, uint32_t app)
{
	struct long_wait top[TOP];
	size_t i, n = waits_top(waits, app, top, TOP);

	require(n <= TOP);
	for (i = 0; i < n; i++) {
		require(top[i].count && top[i].seconds >= 0 && top[i].state < STATES && top[i].cause < SLEEP_CAUSES);
		require(memchr(top[i].command, '\0', sizeof(top[i].command)) &&
			memchr(top[i].waker, '\0', sizeof(top[i].waker)));
		require(!i || top[i - 1].seconds >= top[i].seconds);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct files *files = files_new();
	struct waits *waits = calloc(1, sizeof(*waits));
	uint32_t app = number(&in, APPS);

	while (files && waits && in.size) {
		switch (number(&in, 3)) {
		case 0:
			feed_miss(files, &in);
			break;
		case 1:
			feed_file(files, &in);
			break;
		default:
			feed_wait(waits, &in);
			break;
		}
	}
	if (files && waits) {
		read_files(files, app);
		read_waits(waits, app);
	}
	files_free(files);
	free(waits);
	return 0;
}
