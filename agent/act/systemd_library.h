/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * libsystemd, loaded when systemd is first asked for something. It brings seven other libraries with it: read from a cold
 * disk, that was half of the time that the agent took to begin, and most machines that build in containers have no
 * systemd to talk to.
 */
#ifndef SYSTEMD_LIBRARY_H
#define SYSTEMD_LIBRARY_H

#include <systemd/sd-bus.h>

/* What is used of it, without the sd_ that each begins with. */
#define SYSTEMD_FUNCTIONS(use) \
	use(bus_call) use(bus_call_method) use(bus_error_free) use(bus_flush_close_unref) use(bus_get_property) \
		use(bus_get_property_string) use(bus_get_property_trivial) use(bus_is_bus_client) \
			use(bus_match_signal) use(bus_message_append) use(bus_message_append_array) \
				use(bus_message_close_container) use(bus_message_new_method_call) \
					use(bus_message_open_container) use(bus_message_read) \
						use(bus_message_read_array) use(bus_message_unref) use(bus_new) \
							use(bus_open_system) use(bus_process) use(bus_set_address) \
								use(bus_set_method_call_timeout) use(bus_slot_unref) \
									use(bus_start) use(bus_unref) use(bus_wait)

struct systemd_library {
#define SYSTEMD_MEMBER(name) __typeof__(&sd_##name) name;
	SYSTEMD_FUNCTIONS(SYSTEMD_MEMBER)
#undef SYSTEMD_MEMBER
};

/*
 * The library's functions, loaded at the first call for as long as the process lives; NULL: it is not there, or lacks
 * one of them (log_debug has what). Not for several threads at a time.
 */
const struct systemd_library *systemd_library(void);

#endif /* SYSTEMD_LIBRARY_H */
