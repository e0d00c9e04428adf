/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a profile looks like on the disk, to and fro. Pure: no I/O. */
#include "profile/profile_format.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "profiles are little endian and used in place: this needs code that converts them"
#endif

/* Used as they lie there: no room between members, and every part aligned behind the one before it. */
_Static_assert(sizeof(struct profile_file) == 24, "layout on the disk");
_Static_assert(sizeof(struct profile_range) == 12, "layout on the disk");
_Static_assert(sizeof(struct profile_next) == 16, "layout on the disk");
_Static_assert(sizeof(struct profile_history) == 112, "layout on the disk");
_Static_assert(sizeof(struct profile_header) == 320, "layout on the disk");
_Static_assert(sizeof(struct profile_header) % _Alignof(struct profile_file) == 0, "files begin aligned");
_Static_assert(offsetof(struct profile_header, bytes) == PROFILE_CHECKED_FROM, "layout on the disk");

static uint32_t checksum(uLong so_far, const void *data, size_t size)
{
	return (uint32_t)(size ? crc32_z(so_far, data, size) : so_far);
}

/* Counts within their limits cannot overflow 64 bits. */
static uint64_t size_of(const struct profile_header *h)
{
	return sizeof(*h) + (uint64_t)h->nfiles * sizeof(struct profile_file) +
	       (uint64_t)h->nranges * sizeof(struct profile_range) + h->text_bytes + h->key_bytes;
}

/* Three strings and nothing else. */
static bool take_key(const char *text, size_t bytes, struct profile_key *ret)
{
	const char **const parts[] = { &ret->command, &ret->program, &ret->directory };
	size_t i;

	for (i = 0; i < 3; i++) {
		const char *end = memchr(text, '\0', bytes);

		if (!end)
			return false;
		*parts[i] = text;
		bytes -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return !bytes;
}

static const char *check_header(const struct profile_header *h, const void *data, size_t size)
{
	if (memcmp(h->magic, PROFILE_MAGIC, sizeof(h->magic)))
		return "it is no profile";
	if (h->version != PROFILE_VERSION)
		return "it is of another version";
	if (h->bytes != size)
		return "it is cut off, or goes on behind its end";
	if (h->checksum != checksum(0, (const char *)data + PROFILE_CHECKED_FROM, size - PROFILE_CHECKED_FROM))
		return "its checksum is wrong";
	if (size_of(h) != size || h->nnext > PROFILE_NEXT_MAX || h->zero)
		return "its parts do not fit together";
	return NULL;
}

int profile_decode(const void *data, size_t size, uint64_t id, struct profile *ret, const char **ret_why)
{
	const char *part = data;
	struct profile_header h;
	struct profile p = { 0 };

	*ret_why = "it is cut off";
	if (size < sizeof(h))
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	*ret_why = check_header(&h, data, size);
	if (*ret_why)
		return -EBADMSG;
	p.history = h.history;
	p.nnext = h.nnext;
	memcpy(p.next, h.next, h.nnext * sizeof(h.next[0]));
	p.nfiles = h.nfiles;
	p.nranges = h.nranges;
	p.text_bytes = h.text_bytes;
	part += sizeof(h);
	p.files = (const struct profile_file *)part;
	part += h.nfiles * sizeof(struct profile_file);
	p.ranges = (const struct profile_range *)part;
	part += h.nranges * sizeof(struct profile_range);
	p.text = part;
	part += h.text_bytes;
	p.key.uid = h.uid;
	p.key.flags = h.key_flags;
	p.key.program_size = h.program_size;
	p.key.program_mtime_ns = h.program_mtime_ns;
	*ret_why = "what it says makes no sense";
	if (!take_key(part, h.key_bytes, &p.key) || profile_check(&p))
		return -EBADMSG;
	if (h.id != id || profile_id(&p.key) != id) {
		*ret_why = "it is that of another command";
		return -EBADMSG;
	}
	*ret = p;
	return 0;
}

void profile_encode(const struct profile *p, struct profile_header *ret)
{
	struct profile_header h = {
		.version = PROFILE_VERSION,
		.id = profile_id(&p->key),
		.nfiles = p->nfiles,
		.nranges = p->nranges,
		.text_bytes = p->text_bytes,
		.key_bytes = (uint32_t)(strlen(p->key.command) + strlen(p->key.program) + strlen(p->key.directory) + 3),
		.nnext = p->nnext,
		.uid = p->key.uid,
		.key_flags = p->key.flags,
		.program_size = p->key.program_size,
		.program_mtime_ns = p->key.program_mtime_ns,
		.history = p->history,
	};
	uint32_t sum;

	memcpy(h.magic, PROFILE_MAGIC, sizeof(h.magic));
	memcpy(h.next, p->next, p->nnext * sizeof(h.next[0]));
	h.bytes = size_of(&h);
	sum = checksum(0, (const char *)&h + PROFILE_CHECKED_FROM, sizeof(h) - PROFILE_CHECKED_FROM);
	sum = checksum(sum, p->files, p->nfiles * sizeof(p->files[0]));
	sum = checksum(sum, p->ranges, p->nranges * sizeof(p->ranges[0]));
	sum = checksum(sum, p->text, p->text_bytes);
	sum = checksum(sum, p->key.command, strlen(p->key.command) + 1);
	sum = checksum(sum, p->key.program, strlen(p->key.program) + 1);
	h.checksum = checksum(sum, p->key.directory, strlen(p->key.directory) + 1);
	*ret = h;
}
