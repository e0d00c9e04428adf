/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * One knob of a control group: how it is read and written in v1 and v2, and its bounds. A knob decides nothing: see
 * governor.h. One file (knob_*.c) and one row in knobs.c each.
 */
#ifndef KNOB_H
#define KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/cgroup.h"

struct sys_cpu_set;

#define KNOB_TEXT 256
#define KNOB_WHY 256

/*
 * Values are in one unit for all versions of a knob:
 * weights: thousandths of the default (1000 is what every group starts with: cpu.weight 100, cpu.shares 1024);
 * memory: bytes, UINT64_MAX for no limit; switches: 0 or 1. Sets of CPUs have no number: see text.
 */
struct knob {
	const char *name; /* what it is called in v2 */
	const char *controller; /* "cpu", "memory", "io", "cpuset"; v1 calls "io" "blkio" */
	unsigned int action; /* enum action of options.h: the class that --only and --without name */
	bool internal; /* no file, but something that the agent itself does or leaves: "off" or "on", see trial.h */
	bool one_shot; /* writing it does something, and leaves no value to restore: read() says -ENODATA */
	bool lowers; /* the smaller value is the stronger one (memory.soft_limit_in_bytes) */
	bool text; /* its value has no number: parse and format are NULL */
	const char *needs; /* what gives a kernel the file; NULL: it comes with the controller */
	/* in the hierarchies of the other version it does not exist, and this is there for the same: NULL: in both */
	const char *only_v1, *only_v2;

	/* The file's name in this group's hierarchy; never NULL. Of io.weight it depends on what is in use just now. */
	const char *(*file)(const struct sys_cgroup *group);
	/*
	 * Whether it does anything here: the file is there, may be written, and has an effect (a scheduler or
	 * controller that heeds it). Returns 0; -ENOENT (this kernel or hierarchy has no such file, or the group is
	 * gone), -EROFS or -EACCES (may not be written), -ENODEV (has no effect here), -EBUSY (another value of the
	 * group is in the way, or would be lost), -EOPNOTSUPP (v2: the group was not given the controller, see
	 * place_enable()), or another -errno, with the reason in why, in the words of the report. The root of a
	 * hierarchy is not changed (-EACCES), and tells nothing of a group that is made below it, but what the other
	 * answers say.
	 */
	int (*probe)(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY]);
	/*
	 * Reads the present value as it would have to be written: one line, no newline. "" is a value (a cpuset.cpus
	 * that says nothing). Returns 0 or -errno: -EFBIG if it does not fit, and so could not be restored.
	 */
	int (*read)(const struct sys_cgroup *group, char ret[KNOB_TEXT]);
	/*
	 * Writes what read() or format() gave. Returns 0; -EINVAL (nothing that either could have given), -ESTALE (see
	 * knob_write_line()), or -errno.
	 */
	int (*write)(const struct sys_cgroup *group, const char *value);
	/*
	 * From the unit above to the text that read() will give back after it was written: rounded as the kernel
	 * rounds, within the bounds. Returns 0 or -ERANGE (nothing within the bounds makes sense).
	 */
	int (*format)(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT]);
	/*
	 * The other way round. Returns 0 or -EINVAL.
	 */
	int (*parse)(const struct sys_cgroup *group, const char *text, uint64_t *ret);
};

#define KNOB_WEIGHT_DEFAULT 1000

/* All knobs that are files, NULL at the end. */
extern const struct knob *const knobs[];

extern const struct knob knob_cpu_weight; /* v1: cpu.shares */
extern const struct knob knob_cpu_idle;
extern const struct knob knob_spread; /* threads that wait brought to CPUs of neighbours: spread.h */
extern const struct knob knob_cpuset_cpus;
extern const struct knob knob_memory_low;
extern const struct knob knob_memory_soft_limit; /* v1 only: memory.soft_limit_in_bytes */
extern const struct knob knob_memory_reclaim;
extern const struct knob knob_io_weight; /* io.weight (iocost), io.bfq.weight, blkio.bfq.weight */
extern const struct knob knob_io_prio; /* io.prio.class, text */

/*
 * Looks a knob up by its name in v2. Returns NULL if there is none.
 */
const struct knob *knob_find(const char *name);

/*
 * What io.prio.class is set to, to be served first. KNOB_IO_PRIO_FIRST_OLD is what kernels before 6.5 have in its place
 * (they answer KNOB_IO_PRIO_FIRST with -EINVAL); there it does less, since 6.0 nothing.
 */
#define KNOB_IO_PRIO_FIRST "promote-to-rt"
#define KNOB_IO_PRIO_FIRST_OLD "none-to-rt"

/*
 * Reads the CPUs that a group may really use: what cpuset.cpus is within what the groups above leave. Returns 0 or
 * -errno.
 */
int knob_cpuset_effective(const struct sys_cgroup *group, struct sys_cpu_set *ret);

/*
 * For knob files: the first line of a file of the group, without its newline; and the text with a newline (without it
 * there would be nothing to write where the text is ""), in one write. Return 0; -ESTALE if group->id is known and the
 * directory is another group by now; -EFBIG (a line of KNOB_TEXT bytes or more); -EINVAL (the text is not one line, or
 * file is no regular file) or -errno.
 */
int knob_read_line(const struct sys_cgroup *group, const char *file, char ret[KNOB_TEXT]);
int knob_write_line(const struct sys_cgroup *group, const char *file, const char *text);

/*
 * Whether the group has a file of that name.
 */
bool knob_has_file(const struct sys_cgroup *group, const char *file);

/*
 * The first half of probe(): the file is there, and may be written. Returns 0, or as probe().
 */
int knob_probe_file(const struct sys_cgroup *group, const char *file, char why[KNOB_WHY]);

/*
 * For files that the root of a hierarchy has as well: where it has not, no group will (-ENOENT instead of
 * knob_probe_file()'s -EACCES). Returns err otherwise.
 */
int knob_root_tells(const struct sys_cgroup *group, const char *file, int err, char why[KNOB_WHY]);

/*
 * For files of the other version's hierarchies. Returns -ENOENT.
 */
int knob_other_version(const struct sys_cgroup *group, const char *file, char why[KNOB_WHY]);

/*
 * Puts into words why a file could not be opened for writing. Returns probe()'s answer to err (-errno).
 */
int knob_refusal(int err, const char *file, char why[KNOB_WHY]);

/*
 * Reads a text that is a number and nothing else. Returns 0, or -EINVAL if it is not, or out of bounds.
 */
int knob_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/*
 * Between thousandths of the default and what the kernel calls a weight: rounded to the nearest, and kept within
 * the bounds.
 */
uint64_t knob_weight_to_kernel(uint64_t thousandths, uint64_t normal, uint64_t min, uint64_t max);
uint64_t knob_weight_from_kernel(uint64_t weight, uint64_t normal);

/*
 * Bytes as the kernel's memory counters keep them: whole pages, no more than a counter counts to. That of UINT64_MAX is
 * what a file of v1 shows for "no limit".
 */
uint64_t knob_page_floor(uint64_t bytes);

/*
 * Lists the I/O schedulers that the disks use, each once, in alphabetical order: "mq-deadline, none". Names that do not
 * fit are left out. Returns 0 or -errno (no sysfs).
 */
int knob_schedulers(const char *root, char ret[KNOB_TEXT]);

/*
 * Whether name is in such a list.
 */
bool knob_schedulers_have(const char *list, const char *name);

#endif /* KNOB_H */
