/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Units of systemd by their control groups, and properties by the files that they stand for. */
#include "act/systemd_unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/machine.h"
#include "sys/root.h"
#include "sys/topology.h"
#include "util/parse.h"

#define NOT_SET "[not set]"
#define IDLE "idle" /* CPUWeight=idle, since 252, is 0 on the bus */
#define INFINITE "infinity"

/* --- groups --- */

bool systemd_runs(const char *root)
{
	char path[PATH_MAX];

	/* what sd_booted(3) looks for */
	return !sys_path(path, sizeof(path), root, "/run/systemd/system") && !access(path, F_OK);
}

/* systemd puts a '_' before names that begin like the kernel's own files, or with a '_'. */
static int name_of(struct span part, char ret[SYSTEMD_UNIT_MAX])
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice", ".socket", ".mount", ".swap" };
	size_t i, len;

	if (part.len && part.text[0] == '_') {
		part.text++;
		part.len--;
	}
	if (!part.len || part.len >= SYSTEMD_UNIT_MAX)
		return -EINVAL;
	for (i = 0; i < part.len; i++) {
		char c = part.text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (!c || !strchr(":-_.\\@", c)))
			return -EINVAL;
	}
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		len = strlen(suffixes[i]);
		if (part.len > len && !memcmp(part.text + part.len - len, suffixes[i], len)) {
			memcpy(ret, part.text, part.len);
			ret[part.len] = '\0';
			return 0;
		}
	}
	return -EINVAL;
}

int systemd_unit_name(const char *directory, char ret[SYSTEMD_UNIT_MAX])
{
	const char *slash = strrchr(directory, '/'), *name = slash ? slash + 1 : directory;

	return name_of((struct span){ name, strlen(name) }, ret);
}

static bool is_slice(const char *unit)
{
	size_t len = strlen(unit);

	return len > 6 && !strcmp(unit + len - 6, ".slice");
}

int systemd_slice_name(const struct sys_cgroup *group, char ret[SYSTEMD_UNIT_MAX])
{
	char unit[SYSTEMD_UNIT_MAX];

	if (!group->directory[group->mount_len]) {
		strcpy(ret, "-.slice");
		return 0;
	}
	if (systemd_unit_name(group->directory, unit) || !is_slice(unit))
		return -EINVAL;
	strcpy(ret, unit);
	return 0;
}

/* Since 236 "trusted.", which only root may set; since 251 also "user.", for managers that are not root. */
static bool is_delegated(const char *directory)
{
	static const char *const names[] = { "trusted.delegate", "user.delegate" };
	char value[2];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (lgetxattr(directory, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

enum systemd_above systemd_above(const struct sys_cgroup *group)
{
	enum systemd_above above = SYSTEMD_ABOVE_SLICE;
	char at[PATH_MAX], unit[SYSTEMD_UNIT_MAX];
	const char *slash = group->directory + group->mount_len;

	/* each group between the mount and this one, from the top; the mount's own mark is for what runs around it */
	while (*slash && (slash = strchr(slash + 1, '/'))) {
		snprintf(at, sizeof(at), "%.*s", (int)(slash - group->directory), group->directory);
		if (systemd_unit_name(at, unit))
			return SYSTEMD_ABOVE_STRANGER;
		if (is_delegated(at))
			return SYSTEMD_ABOVE_DELEGATED;
		if (!is_slice(unit)) {
			above = SYSTEMD_ABOVE_UNIT;
			break;
		}
	}
	return above;
}

/* --- properties --- */

_Static_assert(SYSTEMD_CPUS_BYTES * 8 == SYS_MAX_CPUS, "a set of CPUs is as large on the bus");

const struct systemd_property *systemd_property(const char *file)
{
	static const struct systemd_property properties[] = {
		{ "cpu.weight", "CPUWeight", SYSTEMD_WEIGHT, 0, 10000 },
		{ "cpu.idle", "CPUWeight", SYSTEMD_WEIGHT, 0, 10000 },
		{ "io.weight", "IOWeight", SYSTEMD_WEIGHT, 1, 10000 },
		{ "io.bfq.weight", "IOWeight", SYSTEMD_WEIGHT, 1, 10000 },
		{ "memory.low", "MemoryLow", SYSTEMD_BYTES, 0, UINT64_MAX },
		{ "cpuset.cpus", "AllowedCPUs", SYSTEMD_CPUS, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (!strcmp(properties[i].file, file))
			return &properties[i];
	return NULL;
}

/* systemd scales weights from 1 to 10000 down to BFQ's, which end at 1000; those up to the normal 100 it leaves. */
static uint64_t from_bfq(uint64_t weight)
{
	return weight <= 100 ? weight : 100 + (weight - 100) * (10000 - 100) / (1000 - 100);
}

static int number_from_file(const struct systemd_property *p, const char *text, uint64_t *ret)
{
	static const char prefix[] = "default ";
	uint64_t max = p->max, number;

	if (!strcmp(p->file, "memory.low") && !strcmp(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (!strcmp(p->name, "IOWeight") && !strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	if (!strcmp(p->file, "cpu.idle"))
		max = 1;
	if (!strcmp(p->file, "io.bfq.weight"))
		max = 1000;
	if (parse_u64((struct span){ text, strlen(text) }, max, &number))
		return -EINVAL;
	if (!strcmp(p->file, "cpu.idle"))
		number = number ? 0 : 100; /* the kernel gives a group that is idle no more the default weight */
	else if (!number && p->type == SYSTEMD_WEIGHT)
		return -EINVAL;
	*ret = strcmp(p->file, "io.bfq.weight") ? number : from_bfq(number);
	return 0;
}

int systemd_from_file(const struct systemd_property *p, const char *text, char ret[SYSTEMD_TEXT])
{
	uint8_t bytes[SYSTEMD_CPUS_BYTES];
	uint64_t number;
	size_t len;
	int err;

	if (p->type == SYSTEMD_CPUS) {
		err = systemd_cpus_parse(text, bytes, &len);
		return err ? err : systemd_cpus_print(bytes, len, ret);
	}
	err = number_from_file(p, text, &number);
	return err ? err : systemd_number_print(p, number, ret);
}

int systemd_number_print(const struct systemd_property *p, uint64_t number, char ret[SYSTEMD_TEXT])
{
	if (p->type == SYSTEMD_CPUS || (number != UINT64_MAX && (number < p->min || number > p->max)))
		return -EINVAL;
	if (number == UINT64_MAX)
		snprintf(ret, SYSTEMD_TEXT, "%s", p->type == SYSTEMD_BYTES ? INFINITE : NOT_SET);
	else if (!number && p->type == SYSTEMD_WEIGHT)
		snprintf(ret, SYSTEMD_TEXT, IDLE);
	else
		snprintf(ret, SYSTEMD_TEXT, "%" PRIu64, number);
	return 0;
}

int systemd_number_parse(const struct systemd_property *p, const char *text, uint64_t *ret)
{
	uint64_t number;

	if (p->type == SYSTEMD_CPUS)
		return -EINVAL;
	if (!strcmp(text, p->type == SYSTEMD_BYTES ? INFINITE : NOT_SET))
		number = UINT64_MAX;
	else if (p->type == SYSTEMD_WEIGHT && !p->min && !strcmp(text, IDLE))
		number = 0;
	else if (parse_u64((struct span){ text, strlen(text) }, p->max, &number) || number < p->min ||
		 (p->type == SYSTEMD_WEIGHT && !number) || number == UINT64_MAX)
		return -EINVAL;
	*ret = number;
	return 0;
}

int systemd_cpus_print(const uint8_t *bytes, size_t len, char ret[SYSTEMD_TEXT])
{
	struct sys_cpu_set set = { 0 };
	size_t i;

	if (len > SYSTEMD_CPUS_BYTES)
		return -EINVAL;
	for (i = 0; i < len * 8; i++) {
		if (!(bytes[i / 8] & 1U << i % 8))
			continue;
		set.bits[i / 64] |= 1ULL << i % 64;
	}
	return sys_cpu_set_print(&set, ret, SYSTEMD_TEXT) ? -EINVAL : 0;
}

int systemd_cpus_parse(const char *text, uint8_t ret[SYSTEMD_CPUS_BYTES], size_t *ret_len)
{
	struct sys_cpu_set set;
	size_t len = 0;
	uint32_t i;

	if (sys_cpu_list_parse(text, strlen(text), &set))
		return -EINVAL;
	memset(ret, 0, SYSTEMD_CPUS_BYTES);
	for (i = 0; i < SYS_MAX_CPUS; i++) {
		if (!(set.bits[i / 64] & 1ULL << i % 64))
			continue;
		ret[i / 8] |= (uint8_t)(1U << i % 8);
		len = i / 8 + 1;
	}
	*ret_len = len;
	return 0;
}
