// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Found types are copied with all that they hold by value, into a file in memory that libbpf reads in the place of
 * /sys/kernel/btf/vmlinux. What they point to is left out: each pointer that a program follows is a relocation of its
 * own, with a type of its own. Ids of what programs attach to are those of the kernel, and no file can change them.
 */
#include "trace/types.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* since 6.3: memfd_create(2) */
#endif

#define BUCKETS 512
#define HANDLERS 2
#define TARGET_NAME 128
#define ITERATOR "bpf_iter_"

/* A name that is looked for: of a type, or of what a program attaches to. */
struct wanted {
	struct wanted *next; /* of the bucket */
	unsigned int kind; /* BTF_KIND_* */
	__u32 id; /* in the kernel's types, the first of that name; 0: not found */
	size_t length;
	char name[]; /* without a 0 at the end */
};

struct types {
	int file;
	char path[32];
	bool readable; /* by that path: /proc may be of a pid namespace that does not know us */
	int handlers[HANDLERS];
	struct wanted *buckets[BUCKETS];
};

/* By section: what such programs attach to, and as what. */
static const struct {
	const char *section, *prefix;
	unsigned int kind;
	enum bpf_attach_type attach;
} sections[HANDLERS] = {
	{ "tp_btf/", "btf_trace_", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP },
	{ "iter/", ITERATOR, BTF_KIND_FUNC, BPF_TRACE_ITER },
};

/* What is before the last ___, and so is the name of the type in all of its flavours. */
static size_t length_unflavoured(const char *name)
{
	size_t length = strlen(name), i;

	for (i = length; i > 4; i--)
		if (name[i - 5] != '_' && !strncmp(name + i - 4, "___", 3) && name[i - 1] != '_')
			return i - 4;
	return length;
}

static unsigned int bucket_of(const char *name, size_t length)
{
	uint32_t hash = 2166136261; /* FNV-1a */

	while (length--)
		hash = (hash ^ (unsigned char)*name++) * 16777619;
	return hash % BUCKETS;
}

static struct wanted *lookup(const struct types *t, const char *name, size_t length, unsigned int kind)
{
	struct wanted *w = t->buckets[bucket_of(name, length)];

	while (w && (w->kind != kind || w->length != length || memcmp(w->name, name, length)))
		w = w->next;
	return w;
}

/* The kind under which a type or function is looked for by name; 0: it is not. */
static unsigned int kind_of(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FUNC:
		return btf_kind(type);
	case BTF_KIND_ENUM64: /* the same type may be either in another kernel */
		return BTF_KIND_ENUM;
	default:
		return 0;
	}
}

static int want(struct types *t, const char *name, unsigned int kind)
{
	size_t length = length_unflavoured(name);
	struct wanted *w, **bucket = &t->buckets[bucket_of(name, length)];

	if (lookup(t, name, length, kind))
		return 0;
	w = malloc(sizeof(*w) + length);
	if (!w)
		return -ENOMEM;
	*w = (struct wanted){ .next = *bucket, .kind = kind, .length = length };
	memcpy(w->name, name, length);
	*bucket = w;
	return 0;
}

int types_want(struct types *types, const struct btf *own)
{
	unsigned int id, kind, n = btf__type_cnt(own);
	int err = 0;

	for (id = 1; id < n && !err; id++) {
		const struct btf_type *type = btf__type_by_id(own, id);

		kind = kind_of(type);
		if (kind && kind != BTF_KIND_FUNC && type->name_off)
			err = want(types, btf__name_by_offset(own, type->name_off), kind);
	}
	return err;
}

/* What a program of a section attaches to. Returns its kind, or 0 if it is none of sections[]. */
static unsigned int target_of(const char *section, char ret[TARGET_NAME])
{
	size_t i, length;

	for (i = 0; i < HANDLERS; i++) {
		length = strlen(sections[i].section);
		if (strncmp(section, sections[i].section, length))
			continue;
		snprintf(ret, TARGET_NAME, "%s%s", sections[i].prefix, section + length);
		return sections[i].kind;
	}
	return 0;
}

int types_want_target(struct types *types, const char *section)
{
	char name[TARGET_NAME];
	unsigned int kind = target_of(section, name);

	return kind ? want(types, name, kind) : 0;
}

__u32 types_target(const struct types *types, const char *section)
{
	char name[TARGET_NAME];
	unsigned int kind = target_of(section, name);
	const struct wanted *w = kind ? lookup(types, name, length_unflavoured(name), kind) : NULL;

	return w ? w->id : 0;
}

/* Types of one BTF, copied into another. */
struct copies {
	const struct btf *from;
	struct btf *to;
	__u32 *ids; /* by their id in from: that in to; 0: not copied */
};

/* Returns its id in to, 0 for void, or -errno. What it refers to has its id in from, until refer() has been there. */
static int copy(struct copies *c, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(c->from, id);
	int copied;

	if (!id || btf_is_func_proto(type)) /* behind a pointer */
		return 0;
	if (!c->ids[id]) {
		copied = btf__add_type(c->to, c->from, type);
		if (copied < 0)
			return copied;
		c->ids[id] = (__u32)copied;
	}
	return (int)c->ids[id];
}

/* libbpf gives no other way to change what it has copied. */
static struct btf_type *copied_type(struct copies *c, unsigned int id)
{
	return (struct btf_type *)btf__type_by_id(c->to, id);
}

static int refer_members(struct copies *c, unsigned int id)
{
	int i, type, n = btf_vlen(copied_type(c, id));

	for (i = 0; i < n; i++) {
		type = copy(c, btf_members(copied_type(c, id))[i].type);
		if (type < 0)
			return type;
		btf_members(copied_type(c, id))[i].type = (__u32)type; /* copies may have moved */
	}
	return 0;
}

static int refer_array(struct copies *c, unsigned int id)
{
	int type = copy(c, btf_array(copied_type(c, id))->type);
	int index = copy(c, btf_array(copied_type(c, id))->index_type);

	if (type < 0 || index < 0)
		return type < 0 ? type : index;
	btf_array(copied_type(c, id))->type = (__u32)type;
	btf_array(copied_type(c, id))->index_type = (__u32)index;
	return 0;
}

static int refer_one(struct copies *c, unsigned int id)
{
	int type = copy(c, copied_type(c, id)->type);

	if (type < 0)
		return type;
	copied_type(c, id)->type = (__u32)type;
	return 0;
}

/* Copies what a copy refers to, and lets it refer to that. */
static int refer(struct copies *c, unsigned int id)
{
	switch (btf_kind(copied_type(c, id))) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return refer_members(c, id);
	case BTF_KIND_ARRAY:
		return refer_array(c, id);
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return refer_one(c, id);
	case BTF_KIND_PTR:
		copied_type(c, id)->type = 0;
		return 0;
	default: /* numbers, and what is only declared */
		return 0;
	}
}

static bool is_iterator(const char *name)
{
	return !strncmp(name, ITERATOR, sizeof(ITERATOR) - 1);
}

/* The one pass. */
static int pick(struct types *t, struct copies *c)
{
	unsigned int id, kind, n = btf__type_cnt(c->from);
	const struct btf_type *type;
	struct wanted *w;
	const char *name;
	int err = 0;

	for (id = 1; id < n && err >= 0; id++) {
		type = btf__type_by_id(c->from, id);
		kind = kind_of(type);
		name = kind ? btf__name_by_offset(c->from, type->name_off) : NULL;
		if (!kind || (kind == BTF_KIND_FUNC && !is_iterator(name))) /* one in three is a function */
			continue;
		w = lookup(t, name, length_unflavoured(name), kind);
		if (!w)
			continue;
		if (!w->id)
			w->id = id;
		if (kind != BTF_KIND_FUNC)
			err = copy(c, id);
	}
	return err < 0 ? err : 0;
}

static int copy_types(struct types *t, struct copies *c)
{
	unsigned int id;
	int err = pick(t, c);

	for (id = 1; !err && id < btf__type_cnt(c->to); id++)
		err = refer(c, id);
	return err;
}

static int write_types(const struct types *t, const struct btf *types)
{
	__u32 size;
	const void *data = btf__raw_data(types, &size);

	return data ? write_fully(t->file, data, size) : -ENOMEM;
}

int types_find(struct types *types, const struct btf *kernel)
{
	cleanup_free __u32 *ids = calloc(btf__type_cnt(kernel), sizeof(*ids));
	struct copies c = { .from = kernel, .to = btf__new_empty(), .ids = ids };
	int err = ids && c.to ? copy_types(types, &c) : -ENOMEM;

	if (!err)
		err = write_types(types, c.to);
	btf__free(c.to);
	return err;
}

/*
 * libbpf reads all types of the kernel for each object with a program of the kind that these are, and looks for what it
 * attaches to. So they are of another kind until now, when that was found already.
 */
static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	opts->attach_btf_id = types_target((const struct types *)cookie, bpf_program__section_name(program));
	return opts->attach_btf_id ? bpf_program__set_type(program, BPF_PROG_TYPE_TRACING) : -ESRCH;
}

static int handle_sections(struct types *t)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = (long)t, .prog_prepare_load_fn = prepare);
	/*
	 * libbpf 1.1 frees its table of handlers when the last one is unregistered, and takes it for there at the next:
	 * this one stays, for a section that nobody has
	 */
	int err = libbpf_register_prog_handler("accel-agent", BPF_PROG_TYPE_UNSPEC, 0, NULL);
	char section[16];
	size_t i;

	if (err < 0)
		return err;
	for (i = 0; i < HANDLERS; i++) { /* "iter+" takes all that begins with "iter/" */
		snprintf(section, sizeof(section), "%.*s+", (int)strlen(sections[i].section) - 1, sections[i].section);
		t->handlers[i] = libbpf_register_prog_handler(section, BPF_PROG_TYPE_RAW_TRACEPOINT, sections[i].attach,
							      &opts);
		if (t->handlers[i] < 0)
			return t->handlers[i];
	}
	return 0;
}

/* Kernels that know the flag may be set up to refuse or to complain where it is not given; others refuse it. */
static int open_file(struct types *t)
{
	t->file = memfd_create("accel-agent-types", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (t->file < 0 && errno == EINVAL)
		t->file = memfd_create("accel-agent-types", MFD_CLOEXEC);
	if (t->file < 0)
		return -errno;
	snprintf(t->path, sizeof(t->path), "/proc/self/fd/%d", t->file);
	t->readable = !access(t->path, R_OK);
	return 0;
}

int types_open(struct types **ret)
{
	struct types *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	err = open_file(t);
	if (!err)
		err = handle_sections(t);
	if (err) {
		types_close(t);
		return err;
	}
	*ret = t;
	return 0;
}

const char *types_path(const struct types *types)
{
	return types->readable ? types->path : NULL;
}

void types_close(struct types *types)
{
	struct wanted *w, *next;
	size_t i;

	if (!types)
		return;
	for (i = 0; i < HANDLERS; i++)
		if (types->handlers[i] > 0)
			libbpf_unregister_prog_handler(types->handlers[i]);
	for (i = 0; i < BUCKETS; i++) {
		for (w = types->buckets[i]; w; w = next) {
			next = w->next;
			free(w);
		}
	}
	if (types->file >= 0)
		close(types->file);
	free(types);
}
