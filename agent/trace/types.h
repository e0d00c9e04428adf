/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Of the hundred thousand types that the kernel describes, the few hundred that our programs name, looked for in one
 * pass. libbpf would read all of them once an object, and go through them once a name: that was a third of the time in
 * which the programs are loaded, and most of the memory that it took.
 */
#ifndef TYPES_H
#define TYPES_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stddef.h>

struct types;

/*
 * Gets ready. Programs of objects that are opened from now on find what they attach to here: those objects are to be
 * opened with types_path(), and loaded before types_close(); from then on libbpf's bpf_program__attach() must not be
 * called on their programs, for which it would look at what types_close() has freed. One at a time in a process, and each
 * leaves some bytes behind. Returns 0, -ENOMEM or -errno.
 */
int types_open(struct types **ret);

/*
 * What objects are to be opened with as their btf_custom_path; not owned, and gone with types_close(). NULL: nothing,
 * libbpf is to read all types itself.
 */
const char *types_path(const struct types *types);

/*
 * The types that own, of an object, names are to be found, in all of their flavours (___). Returns 0 or -ENOMEM.
 */
int types_want(struct types *types, const struct btf *own);

/*
 * What a program of this section attaches to is to be found; sections of other kinds ask for nothing. Returns 0 or
 * -ENOMEM.
 */
int types_want_target(struct types *types, const char *section);

/*
 * Looks in kernel, which describes the running one, for all that is to be found. Once, before the objects are loaded.
 * Returns 0, -ENOMEM or -errno. What the kernel lacks is found missing when a program that needs it is loaded.
 */
int types_find(struct types *types, const struct btf *kernel);

/*
 * The id, in the kernel's types, of what a program of this section attaches to; 0: it was not found.
 */
__u32 types_target(const struct types *types, const char *section);

/*
 * Frees. Accepts NULL.
 */
void types_close(struct types *types);

#endif /* TYPES_H */
