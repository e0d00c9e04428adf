/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From /proc/PID/status, and into this process. */
#include "sys/credentials.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

#define STATUS_MAX_BYTES (1U << 20) /* 65536 groups, and the rest */
#define IDS 4 /* real, effective, saved, of file access */

/* Four times the same number. */
static int parse_ids(struct span line, uint32_t *ret)
{
	uint64_t id, first = 0;
	struct span word;
	int i;

	for (i = 0; i < IDS; i++) {
		if (!span_next_word(&line, &word) || parse_u64(word, UINT32_MAX - 1, &id))
			return -EINVAL;
		if (i && id != first)
			return -EPERM;
		first = id;
	}
	*ret = (uint32_t)first;
	return 0;
}

static int parse_groups(struct span line, struct sys_credentials *c)
{
	gid_t *groups = calloc(line.len / 2 + 1, sizeof(*groups));
	struct span word;
	uint64_t id;
	size_t n = 0;

	if (!groups)
		return -ENOMEM;
	while (span_next_word(&line, &word)) {
		if (parse_u64(word, UINT32_MAX - 1, &id)) {
			free(groups);
			return -EINVAL;
		}
		groups[n++] = (gid_t)id;
	}
	free(c->groups);
	c->groups = groups;
	c->ngroups = n;
	return 0;
}

static int parse_capabilities(struct span line, uint64_t *ret)
{
	uint64_t bits = 0;
	struct span word;
	size_t i;

	if (!span_next_word(&line, &word) || word.len != 16)
		return -EINVAL;
	for (i = 0; i < word.len; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = memchr(digits, word.text[i], 16);

		if (!digit)
			return -EINVAL;
		bits = bits << 4 | (uint64_t)(digit - digits);
	}
	*ret = bits;
	return 0;
}

int sys_credentials_parse(const char *text, size_t len, struct sys_credentials *ret)
{
	enum { UID = 1, GID = 2, GROUPS = 4, CAPABILITIES = 8, ALL = 15 };
	struct span rest = { text, len }, line, name;
	struct sys_credentials c = { 0 };
	unsigned int found = 0;
	int err = 0;

	/* the process chooses its name, which comes first; but no line break in it is printed as one */
	while (!err && span_next(&rest, '\n', &line)) {
		if (!span_next_word(&line, &name))
			continue;
		if (span_equals(name, "Uid:")) {
			err = parse_ids(line, &c.uid);
			found |= UID;
		} else if (span_equals(name, "Gid:")) {
			err = parse_ids(line, &c.gid);
			found |= GID;
		} else if (span_equals(name, "Groups:")) {
			err = parse_groups(line, &c);
			found |= GROUPS;
		} else if (span_equals(name, "CapEff:")) {
			err = parse_capabilities(line, &c.capabilities);
			found |= CAPABILITIES;
		}
	}
	if (!err && found != ALL)
		err = -EINVAL;
	if (err)
		sys_credentials_clear(&c);
	else
		*ret = c;
	return err;
}

int sys_credentials_read(int process, struct sys_credentials *ret)
{
	cleanup_free char *text = NULL;
	size_t len;
	int err = read_file_at(process, "status", STATUS_MAX_BYTES, &text, &len);

	return err ? err : sys_credentials_parse(text, len, ret);
}

bool sys_credentials_equal(const struct sys_credentials *a, const struct sys_credentials *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->capabilities == b->capabilities && a->ngroups == b->ngroups &&
	       (!a->ngroups || !memcmp(a->groups, b->groups, a->ngroups * sizeof(*a->groups)));
}

void sys_credentials_clear(struct sys_credentials *credentials)
{
	free(credentials->groups);
	*credentials = (struct sys_credentials){ 0 };
}

/* Of what is permitted now, what is in keep. */
static int limit_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int sys_credentials_take(const struct sys_credentials *c, uint64_t keep)
{
	int err;

	/* session keys of ours may open what those of the user do not */
	if (syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) < 0 && errno != ENOSYS && errno != EPERM)
		return -errno;
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(c->ngroups, c->groups) || setresgid(c->gid, c->gid, c->gid) ||
	    setresuid(c->uid, c->uid, c->uid))
		return -errno;
	err = limit_capabilities(keep);
	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
		return -errno;
	return 0;
}
