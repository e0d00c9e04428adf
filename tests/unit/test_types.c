// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Which of the kernel's types libbpf gets to see. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trace/types.h"

struct fixture {
	struct btf *kernel, *own, *found;
	struct types *types;
	int event, iterator; /* ids in kernel */
};

static int add_int(struct btf *btf)
{
	return btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
}

/* A task_struct with all that can stand between a type and what it holds by value, and with a pointer. */
static void add_task(struct btf *btf)
{
	int number = add_int(btf), inner, other, counter, array, pointer, constant;

	inner = btf__add_struct(btf, "inner", 8);
	btf__add_field(btf, "first", number, 0, 0);
	btf__add_field(btf, "second", number, 32, 0);
	other = btf__add_struct(btf, "other", 4);
	btf__add_field(btf, "far", number, 0, 0);
	counter = btf__add_typedef(btf, "counter_t", number);
	constant = btf__add_const(btf, counter);
	array = btf__add_array(btf, number, inner, 2);
	pointer = btf__add_ptr(btf, other);
	btf__add_struct(btf, "task_struct", 40);
	btf__add_field(btf, "count", constant, 0, 0);
	btf__add_field(btf, "pair", array, 64, 0);
	btf__add_field(btf, "link", pointer, 192, 0);
	btf__add_field(btf, "one", inner, 256, 0);
}

static int add_event(struct btf *btf, const char *name)
{
	int proto = btf__add_func_proto(btf, 0);

	return btf__add_typedef(btf, name, btf__add_ptr(btf, proto));
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .kernel = btf__new_empty(), .own = btf__new_empty() };
	add_task(f.kernel);
	btf__add_struct(f.kernel, "unrelated", 4);
	btf__add_enum(f.kernel, "kinds", 4);
	btf__add_enum_value(f.kernel, "KIND_A", 7);
	add_event(f.kernel, "btf_trace_sched_wakeup");
	f.event = add_event(f.kernel, "btf_trace_sched_switch");
	f.iterator = btf__add_func(f.kernel, "bpf_iter_task", BTF_FUNC_GLOBAL, btf__add_func_proto(f.kernel, 0));
	*state = &f;
	return types_open(&f.types);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	btf__free(f->kernel);
	btf__free(f->own);
	btf__free(f->found);
	types_close(f->types);
	return 0;
}

/* Finds what own names, and reads it as libbpf does. */
static void find(struct fixture *f)
{
	assert_int_equal(types_want(f->types, f->own), 0);
	assert_int_equal(types_find(f->types, f->kernel), 0);
	f->found = btf__parse(types_path(f->types), NULL);
	assert_non_null(f->found);
}

static const struct btf_type *found_type(const struct fixture *f, const char *name, unsigned int kind)
{
	int id = btf__find_by_name_kind(f->found, name, kind);

	return id < 0 ? NULL : btf__type_by_id(f->found, (__u32)id);
}

static void what_is_held_by_value_comes_along(void **state)
{
	struct fixture *f = *state;
	const struct btf_type *task, *inner, *type;
	const struct btf_member *m;

	btf__add_struct(f->own, "task_struct", 0);
	find(f);
	task = found_type(f, "task_struct", BTF_KIND_STRUCT);
	assert_non_null(task);
	assert_int_equal(task->size, 40);
	assert_int_equal(btf_vlen(task), 4);
	m = btf_members(task);
	inner = found_type(f, "inner", BTF_KIND_STRUCT);
	assert_ptr_equal(btf__type_by_id(f->found, m[3].type), inner);
	assert_string_equal(btf__name_by_offset(f->found, btf_members(inner)[1].name_off), "second");
	assert_int_equal(btf__resolve_size(f->found, btf_members(inner)[1].type), 4);
	type = btf__type_by_id(f->found, m[0].type);
	assert_true(btf_is_const(type));
	assert_true(btf_is_typedef(btf__type_by_id(f->found, type->type)));
	assert_int_equal(btf__resolve_size(f->found, m[0].type), 4);
	type = btf__type_by_id(f->found, m[1].type);
	assert_true(btf_is_array(type));
	assert_ptr_equal(btf__type_by_id(f->found, btf_array(type)->type), inner);
	assert_int_equal(btf__resolve_size(f->found, m[1].type), 16);
}

static void what_is_pointed_to_is_left_out(void **state)
{
	struct fixture *f = *state;
	const struct btf_type *task, *link;

	btf__add_struct(f->own, "task_struct", 0);
	find(f);
	task = found_type(f, "task_struct", BTF_KIND_STRUCT);
	link = btf__type_by_id(f->found, btf_members(task)[2].type);
	assert_true(btf_is_ptr(link));
	assert_int_equal(link->type, 0);
	assert_null(found_type(f, "other", BTF_KIND_STRUCT));
	assert_null(found_type(f, "unrelated", BTF_KIND_STRUCT));
}

static void a_flavour_finds_its_type(void **state)
{
	struct fixture *f = *state;

	btf__add_struct(f->own, "task_struct___before_6_1", 0);
	find(f);
	assert_non_null(found_type(f, "task_struct", BTF_KIND_STRUCT));
}

static void all_of_one_name_are_found(void **state)
{
	struct fixture *f = *state;
	unsigned int id, n = 0;

	add_task(f->kernel);
	btf__add_struct(f->own, "task_struct", 0);
	find(f);
	for (id = 1; id < btf__type_cnt(f->found); id++)
		if (!strcmp(btf__name_by_offset(f->found, btf__type_by_id(f->found, id)->name_off), "task_struct"))
			n++;
	assert_int_equal(n, 2);
}

static void kinds_are_not_mixed_up(void **state)
{
	struct fixture *f = *state;
	const struct btf_type *kinds;

	btf__add_union(f->own, "task_struct", 0);
	btf__add_enum64(f->own, "kinds", 8, false);
	find(f);
	assert_null(found_type(f, "task_struct", BTF_KIND_STRUCT));
	kinds = found_type(f, "kinds", BTF_KIND_ENUM);
	assert_non_null(kinds); /* which may be of either size */
	assert_int_equal(btf_enum(kinds)->val, 7);
}

static void targets_have_the_kernels_ids(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(types_want_target(f->types, "tp_btf/sched_switch"), 0);
	assert_int_equal(types_want_target(f->types, "tp_btf/no_such_event"), 0);
	assert_int_equal(types_want_target(f->types, "iter/task"), 0);
	assert_int_equal(types_want_target(f->types, "socket"), 0);
	find(f);
	assert_int_equal(types_target(f->types, "tp_btf/sched_switch"), f->event);
	assert_int_equal(types_target(f->types, "iter/task"), f->iterator);
	assert_int_equal(types_target(f->types, "tp_btf/no_such_event"), 0);
	assert_int_equal(types_target(f->types, "tp_btf/sched_wakeup"), 0); /* nobody asked */
	assert_int_equal(types_target(f->types, "socket"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_held_by_value_comes_along, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_pointed_to_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flavour_finds_its_type, setup, teardown),
		cmocka_unit_test_setup_teardown(all_of_one_name_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds_are_not_mixed_up, setup, teardown),
		cmocka_unit_test_setup_teardown(targets_have_the_kernels_ids, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
