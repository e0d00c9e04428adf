/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How large a folio is. */
#ifndef BPF_FOLIO_H
#define BPF_FOLIO_H

#include "kernel.h"

static __always_inline __u32 folio_pages(struct folio *folio)
{
	struct folio___flags_memdesc *memdesc = (void *)folio;
	struct folio___flags_long *plain = (void *)folio;
	struct folio___flags_1 *large = (void *)folio;
	struct folio___order *order = (void *)folio;
	unsigned long flags;

	if (bpf_core_field_exists(memdesc->flags.f))
		flags = memdesc->flags.f;
	else if (bpf_core_field_exists(plain->flags))
		flags = plain->flags;
	else
		return 1;
	if (!(flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head))))
		return 1;
	if (bpf_core_field_exists(order->_folio_order))
		return 1U << (order->_folio_order & 0x1f);
	return bpf_core_field_exists(large->_flags_1) ? 1U << (large->_flags_1 & 0x1f) : 1;
}

#endif /* BPF_FOLIO_H */
