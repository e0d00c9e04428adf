/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The mount table: from a device and a path inside its file system to a path that users know. */
#include "sys/mounts.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define MOUNTINFO_MAX_BYTES (64U << 20) /* fs.mount-max is 100000 */

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* Blanks, newlines and backslashes in names are written as backslash and three octal digits. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
		    text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static int parse_device(char *text, uint32_t *ret)
{
	struct span rest = span_of(text), major;
	uint64_t m, n;

	if (!span_next(&rest, ':', &major) || parse_u64(major, 0xfff, &m) || parse_u64(rest, 0xfffff, &n))
		return -EINVAL;
	*ret = (uint32_t)(m << 20 | n);
	return 0;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"; any number of "master:1" */
static int parse_line(char *line, struct sys_mount *ret)
{
	enum { ID, PARENT, DEVICE, ROOT, TARGET, FLAGS, FIELDS };
	struct sys_mount mount = { 0 };
	char *field[FIELDS], *mark;
	int i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, " ");
		if (!field[i])
			return -EINVAL;
	}
	do {
		mark = strsep(&line, " ");
		if (!mark)
			return -EINVAL;
	} while (strcmp(mark, "-"));
	mount.type = strsep(&line, " ");
	strsep(&line, " "); /* the source says nothing that the device does not */
	mount.options = line;
	if (!mount.options)
		return -EINVAL;
	if (parse_u64(span_of(field[ID]), INT_MAX, &mount.id) ||
	    parse_u64(span_of(field[PARENT]), INT_MAX, &mount.parent) || parse_device(field[DEVICE], &mount.dev))
		return -EINVAL;
	mount.root = field[ROOT];
	mount.target = field[TARGET];
	unescape(mount.root);
	unescape(mount.target);
	if (mount.target[0] != '/')
		return -EINVAL;
	*ret = mount;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int mark_tops(struct sys_mounts *mounts)
{
	cleanup_free uint64_t *ids = calloc(mounts->count + 1, sizeof(*ids));
	size_t i;

	if (!ids)
		return -ENOMEM;
	for (i = 0; i < mounts->count; i++)
		ids[i] = mounts->mounts[i].id;
	qsort(ids, mounts->count, sizeof(*ids), compare_ids);
	for (i = 0; i < mounts->count; i++) {
		struct sys_mount *m = &mounts->mounts[i];

		m->top = m->parent == m->id || !bsearch(&m->parent, ids, mounts->count, sizeof(*ids), compare_ids);
	}
	return 0;
}

int sys_mounts_parse(const char *text, size_t len, struct sys_mounts *ret)
{
	struct sys_mounts mounts = { 0 };
	size_t lines = 1, i;
	char *rest, *line;

	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	mounts.text = malloc(len + 1);
	mounts.mounts = calloc(lines, sizeof(*mounts.mounts));
	if (!mounts.text || !mounts.mounts) {
		sys_mounts_free(&mounts);
		return -ENOMEM;
	}
	memcpy(mounts.text, text, len);
	mounts.text[len] = '\0';
	rest = mounts.text;
	while ((line = strsep(&rest, "\n"))) {
		if (!parse_line(line, &mounts.mounts[mounts.count]))
			mounts.count++;
	}
	if (mark_tops(&mounts)) {
		sys_mounts_free(&mounts);
		return -ENOMEM;
	}
	*ret = mounts;
	return 0;
}

int sys_mounts_read(const char *root, struct sys_mounts *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err;

	err = sys_read(root, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text, &len);
	return err ? err : sys_mounts_parse(text, len, ret);
}

int sys_mounts_read_fd(int fd, struct sys_mounts *ret)
{
	cleanup_free char *text = NULL;
	size_t room = 0, used = 0;
	ssize_t n;

	do {
		if (used == room) {
			char *larger;

			room = room ? 2 * room : 65536;
			larger = room > MOUNTINFO_MAX_BYTES ? NULL : realloc(text, room);
			if (!larger)
				return room > MOUNTINFO_MAX_BYTES ? -EFBIG : -ENOMEM;
			text = larger;
		}
		n = pread(fd, text + used, room - used, (off_t)used);
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : sys_mounts_parse(text, used, ret);
}

void sys_mounts_free(struct sys_mounts *mounts)
{
	free(mounts->mounts);
	free(mounts->text);
	*mounts = (struct sys_mounts){ 0 };
}

const char *sys_path_below(const char *prefix, const char *path)
{
	size_t n = strlen(prefix);

	while (n && prefix[n - 1] == '/')
		n--;
	if (strncmp(prefix, path, n))
		return NULL;
	if (!strcmp(path + n, "/"))
		return "";
	return path[n] == '\0' || path[n] == '/' ? path + n : NULL;
}

/* The first mount that a walk down path meets on the mount below (NULL: at the start), or NULL. */
static const struct sys_mount *next_mount(const struct sys_mounts *mounts, const struct sys_mount *below,
					  const char *path)
{
	const struct sys_mount *next = NULL;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct sys_mount *m = &mounts->mounts[i];
		bool here = below ? !m->top && m->parent == below->id : m->top;

		if (!here || !sys_path_below(m->target, path))
			continue;
		/* of two children the one nearer to the parent's root hides the other */
		if (!next || strlen(m->target) < strlen(next->target))
			next = m;
	}
	return next;
}

const struct sys_mount *sys_mount_of(const struct sys_mounts *mounts, const char *path)
{
	const struct sys_mount *found = NULL, *next;
	size_t steps;

	/* a walk meets each mount at most once; the bound guards against a table whose parents run in circles */
	for (steps = 0; steps <= mounts->count; steps++) {
		next = next_mount(mounts, found, path);
		if (!next)
			break;
		found = next;
	}
	return found;
}

/* Writes the path of what lies at rest ("" or "/...") below the mount's root. */
static int join(const struct sys_mount *mount, const char *rest, char *ret, size_t size)
{
	const char *target = strcmp(mount->target, "/") ? mount->target : "";
	int len = snprintf(ret, size, "%s%s", target, *target || *rest ? rest : "/");

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

int sys_mounts_find(const struct sys_mounts *mounts, uint32_t dev, const char *path, char *ret, size_t size)
{
	const struct sys_mount *best = NULL;
	char full[PATH_MAX], found[PATH_MAX];
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct sys_mount *m = &mounts->mounts[i];
		const char *rest = m->dev == dev && m->root[0] == '/' ? sys_path_below(m->root, path) : NULL;

		if (!rest || (best && strlen(m->root) <= strlen(best->root)))
			continue;
		if (join(m, rest, full, sizeof(full)) || sys_mount_of(mounts, full) != m)
			continue;
		best = m;
		strcpy(found, full);
	}
	if (!best)
		return -ENOENT;
	if (strlen(found) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, found);
	return 0;
}
