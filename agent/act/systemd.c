/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Talking to systemd over D-Bus, with libsystemd's sd-bus: sd is the library. */
#include "act/systemd.h"

#include <errno.h>

#ifdef HAVE_SYSTEMD

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/systemd_library.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD ".Manager"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
#define WAIT_NS 5000000000ULL /* for an answer: the app's processes run on meanwhile, but its tuning stands still */

/* Nothing of these is there where the library is not. */
static void cleanup_bus_at(sd_bus **bus)
{
	if (*bus)
		systemd_library()->bus_flush_close_unref(*bus);
}

static void cleanup_slot_at(sd_bus_slot **slot)
{
	if (*slot)
		systemd_library()->bus_slot_unref(*slot);
}

static void cleanup_message_at(sd_bus_message **message)
{
	if (*message)
		systemd_library()->bus_message_unref(*message);
}

static void cleanup_error_at(sd_bus_error *error)
{
	if (error->name)
		systemd_library()->bus_error_free(error);
}

#define cleanup_bus __attribute__((cleanup(cleanup_bus_at)))
#define cleanup_slot __attribute__((cleanup(cleanup_slot_at)))
#define cleanup_message __attribute__((cleanup(cleanup_message_at)))
#define cleanup_error __attribute__((cleanup(cleanup_error_at)))

static bool is_error(const sd_bus_error *error, const char *name)
{
	return error->name && !strcmp(error->name, name);
}

/* --- the connection --- */

static int open_private(sd_bus **ret)
{
	const struct systemd_library *sd = systemd_library();
	sd_bus *bus;
	int err = sd->bus_new(&bus);

	if (err < 0)
		return err;
	err = sd->bus_set_address(bus, PRIVATE_ADDRESS);
	if (err >= 0)
		err = sd->bus_start(bus);
	if (err < 0) {
		sd->bus_unref(bus);
		return err;
	}
	*ret = bus;
	return 0;
}

/* As systemctl does it: root needs no D-Bus daemon between itself and systemd, others do. */
static int open_bus(sd_bus **ret)
{
	const struct systemd_library *sd = systemd_library();
	int err;

	if (!sd)
		return -ENOSYS;
	err = geteuid() ? -EPERM : open_private(ret);
	if (err < 0)
		err = sd->bus_open_system(ret);
	if (err < 0)
		return err;
	err = sd->bus_set_method_call_timeout(*ret, WAIT_NS / 1000);
	return err < 0 ? err : 0;
}

static int failed(int err, const char *what, const char *of, const sd_bus_error *error)
{
	log_debug("systemd: %s %s: %s", what, of, error->message ? error->message : strerror(-err));
	return err;
}

void systemd_prepare(void)
{
	systemd_library();
}

int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	const struct systemd_library *sd = systemd_library();
	cleanup_bus sd_bus *bus = NULL;
	cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
	cleanup_free char *text = NULL;
	int err = open_bus(&bus);

	if (!err)
		err = sd->bus_get_property_string(bus, SYSTEMD, MANAGER_PATH, MANAGER, "Version", &error, &text);
	if (err < 0)
		return failed(err, "Version", "", &error);
	snprintf(ret, SYSTEMD_VERSION_MAX, "%s", text);
	return 0;
}

/* --- properties --- */

/* The interface that a kind of unit has its properties in: "x.service" is a ...Service. */
static void interface_of(const char *unit, char ret[SYSTEMD_UNIT_MAX])
{
	const char *suffix = strrchr(unit, '.');

	snprintf(ret, SYSTEMD_UNIT_MAX, SYSTEMD ".%s", suffix ? suffix + 1 : "Unit");
	ret[sizeof(SYSTEMD)] = (char)toupper((unsigned char)ret[sizeof(SYSTEMD)]);
}

/* Loads a unit that is not, to see what is set for it; one that has no file is there then as well, but "not-found". */
static int unit_path(sd_bus *bus, const char *unit, char **ret)
{
	const struct systemd_library *sd = systemd_library();
	cleanup_message sd_bus_message *reply = NULL;
	cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
	cleanup_free char *state = NULL;
	const char *path;
	int err;

	err = sd->bus_call_method(bus, SYSTEMD, MANAGER_PATH, MANAGER, "LoadUnit", &error, &reply, "s", unit);
	if (err >= 0)
		err = sd->bus_message_read(reply, "o", &path);
	if (err >= 0)
		err = sd->bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Unit", "LoadState", &error, &state);
	if (err < 0)
		return failed(err, "LoadUnit", unit, &error);
	if (!strcmp(state, "not-found"))
		return -ENOENT;
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

static int read_cpus(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_error *error,
		     char ret[SYSTEMD_TEXT])
{
	const struct systemd_library *sd = systemd_library();
	cleanup_message sd_bus_message *reply = NULL;
	const void *bytes;
	size_t len;
	int err;

	err = sd->bus_get_property(bus, SYSTEMD, path, interface, name, error, &reply, "ay");
	if (err >= 0)
		err = sd->bus_message_read_array(reply, 'y', &bytes, &len);
	return err < 0 ? err : systemd_cpus_print(bytes, len, ret);
}

int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT])
{
	const struct systemd_library *sd = systemd_library();
	const struct systemd_property *p = systemd_property(file);
	cleanup_bus sd_bus *bus = NULL;
	cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
	cleanup_free char *path = NULL;
	char interface[SYSTEMD_UNIT_MAX];
	uint64_t number;
	int err;

	if (!p)
		return -EOPNOTSUPP;
	interface_of(unit, interface);
	err = open_bus(&bus);
	if (!err)
		err = unit_path(bus, unit, &path);
	if (err)
		return err;
	if (p->type == SYSTEMD_CPUS)
		err = read_cpus(bus, path, interface, p->name, &error, ret);
	else
		err = sd->bus_get_property_trivial(bus, SYSTEMD, path, interface, p->name, &error, 't', &number);
	if (is_error(&error, SD_BUS_ERROR_UNKNOWN_PROPERTY))
		err = -EOPNOTSUPP;
	if (err < 0)
		return failed(err, p->name, unit, &error);
	return p->type == SYSTEMD_CPUS ? 0 : systemd_number_print(p, number, ret);
}

static int append_value(sd_bus_message *m, const struct systemd_property *p, const char *text)
{
	const struct systemd_library *sd = systemd_library();
	uint8_t bytes[SYSTEMD_CPUS_BYTES];
	uint64_t number;
	size_t len;
	int err;

	if (p->type != SYSTEMD_CPUS) {
		err = systemd_number_parse(p, text, &number);
		return err ? err : sd->bus_message_append(m, "(sv)", p->name, "t", number);
	}
	err = systemd_cpus_parse(text, bytes, &len);
	if (!err)
		err = sd->bus_message_open_container(m, 'r', "sv");
	if (err >= 0)
		err = sd->bus_message_append(m, "s", p->name);
	if (err >= 0)
		err = sd->bus_message_open_container(m, 'v', "ay");
	if (err >= 0)
		err = sd->bus_message_append_array(m, 'y', bytes, len);
	if (err >= 0)
		err = sd->bus_message_close_container(m);
	return err < 0 ? err : sd->bus_message_close_container(m);
}

int systemd_write(const char *unit, const char *file, const char *text)
{
	const struct systemd_library *sd = systemd_library();
	const struct systemd_property *p = systemd_property(file);
	cleanup_bus sd_bus *bus = NULL;
	cleanup_message sd_bus_message *m = NULL;
	cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
	int err;

	if (!p)
		return -EOPNOTSUPP;
	err = open_bus(&bus);
	if (!err)
		err = sd->bus_message_new_method_call(bus, &m, SYSTEMD, MANAGER_PATH, MANAGER, "SetUnitProperties");
	if (err >= 0)
		err = sd->bus_message_append(m, "sb", unit, true);
	if (err >= 0)
		err = sd->bus_message_open_container(m, 'a', "(sv)");
	if (err >= 0)
		err = append_value(m, p, text);
	if (err >= 0)
		err = sd->bus_message_close_container(m);
	if (err >= 0)
		err = sd->bus_call(bus, m, 0, &error, NULL);
	if (is_error(&error, SD_BUS_ERROR_PROPERTY_READ_ONLY) || is_error(&error, SD_BUS_ERROR_UNKNOWN_PROPERTY))
		err = -EOPNOTSUPP;
	return err < 0 ? failed(err, p->name, unit, &error) : 0;
}

/* --- scopes --- */

struct job {
	const char *unit;
	bool over, done;
};

static int job_removed(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const struct systemd_library *sd = systemd_library();
	const char *path, *unit, *result;
	struct job *job = context;
	uint32_t id;

	(void)error;
	if (sd->bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && !strcmp(unit, job->unit)) {
		job->over = true;
		job->done = !strcmp(result, "done");
	}
	return 0;
}

static int call_start(sd_bus *bus, const char *name, const char *slice, pid_t pid, uint64_t tasks, sd_bus_error *error)
{
	const struct systemd_library *sd = systemd_library();
	cleanup_message sd_bus_message *m = NULL;
	int err;

	err = sd->bus_message_new_method_call(bus, &m, SYSTEMD, MANAGER_PATH, MANAGER, "StartTransientUnit");
	if (err >= 0)
		err = sd->bus_message_append(m, "ss", name, "fail");
	if (err >= 0)
		err = sd->bus_message_append(m, "a(sv)", 6, "Description", "s", "What accel-agent tunes", "Slice", "s",
					     slice, "Delegate", "b", true, "CollectMode", "s", "inactive-or-failed",
					     "TasksMax", "t", tasks, "PIDs", "au", 1, (uint32_t)pid);
	if (err >= 0)
		err = sd->bus_message_append(m, "a(sa(sv))", 0);
	return err < 0 ? err : sd->bus_call(bus, m, 0, error, NULL);
}

static int wait_for(sd_bus *bus, const struct job *job)
{
	const struct systemd_library *sd = systemd_library();
	uint64_t until = clock_monotonic_ns() + WAIT_NS, now;
	int err;

	while (!job->over) {
		err = sd->bus_process(bus, NULL);
		if (err < 0)
			return err;
		if (err)
			continue;
		now = clock_monotonic_ns();
		if (now >= until)
			return -ETIME;
		err = sd->bus_wait(bus, (until - now) / 1000);
		if (err < 0 && err != -EINTR)
			return err;
	}
	return job->done ? 0 : -EIO;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	const struct systemd_library *sd = systemd_library();
	cleanup_bus sd_bus *bus = NULL;
	cleanup_slot sd_bus_slot *slot = NULL; /* goes before the bus */
	cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
	cleanup_free char *path = NULL, *group = NULL;
	struct job job = { .unit = name };
	int err = open_bus(&bus);

	/* before the call, so that no end of the job is missed; what comes from systemd directly names no sender */
	if (!err)
		err = sd->bus_match_signal(bus, &slot, sd->bus_is_bus_client(bus) > 0 ? SYSTEMD : NULL, MANAGER_PATH,
					   MANAGER, "JobRemoved", job_removed, &job);
	if (err >= 0)
		err = call_start(bus, name, slice, pid, tasks, &error);
	if (err >= 0)
		err = wait_for(bus, &job);
	if (err >= 0)
		err = unit_path(bus, name, &path);
	if (err >= 0)
		err = sd->bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Scope", "ControlGroup", &error, &group);
	if (err < 0)
		return failed(err, "StartTransientUnit", name, &error);
	if (strlen(group) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(ret_group, group);
	return 0;
}

#else /* HAVE_SYSTEMD */

void systemd_prepare(void)
{
}

int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	(void)ret;
	return -ENOSYS;
}

int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT])
{
	(void)unit, (void)file, (void)ret;
	return -ENOSYS;
}

int systemd_write(const char *unit, const char *file, const char *text)
{
	(void)unit, (void)file, (void)text;
	return -ENOSYS;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	(void)name, (void)slice, (void)pid, (void)tasks, (void)ret_group;
	return -ENOSYS;
}

#endif /* HAVE_SYSTEMD */
