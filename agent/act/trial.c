/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One change of one knob of one group. */
#include "act/trial.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "act/systemd.h"
#include "util/clock.h"
#include "util/log.h"

#define FLIPS_MAX 2 /* then the knob is left alone: its use cannot be told on this machine */
#define REST_NS 10000000000ULL /* before a verdict is looked at again; doubles each time */
/*
 * What is there in case it is needed was of no use, say, to the one thread that a build begins with, which had a CPU of
 * its own: if there is need, off for a moment only, at first. Twice as long each time, up to REST_NS.
 */
#define SPARE_REST_NS 500000000ULL
#define SLOW_REST_NS (4 * REST_NS) /* the same after a slow measurement, which costs more */
#define LONGER_MAX 8
#define UNIT_WAIT_NS 2000000000ULL
#define UNIT_NAP_NS 500000L
#define REST_MAX_NS 600000000000ULL

int trial_refuse(struct trial *t, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->change.reason, sizeof(t->change.reason), format, args);
	va_end(args);
	t->change.state = CHANGE_REFUSED;
	t->phase = TRIAL_OVER;
	return err;
}

/* Whether what is planned is more than what is there: a weight that is larger already is somebody's decision. */
static bool is_change(const struct trial *t, uint64_t wanted)
{
	const struct knob *k = t->rule->knob;
	uint64_t present;

	if (!strcmp(t->change.old, t->change.new))
		return false;
	if (!k->parse || !t->change.old[0] || k->parse(&t->group, t->change.old, &present))
		return true;
	return k->lowers ? present > wanted : present < wanted;
}

static int plan_value(struct trial *t, const struct evidence *e, const struct rule_facts *facts)
{
	const struct rule *rule = t->rule;
	const char *text = rule->text ? rule->text(e, facts) : NULL;
	uint64_t wanted = rule->value ? rule->value(e, facts) : 0;
	int err;

	if (!text && !wanted)
		return -EALREADY;
	if (text) {
		snprintf(t->change.new, sizeof(t->change.new), "%s", text);
		return is_change(t, 0) ? 0 : -EALREADY;
	}
	err = rule->knob->format(&t->group, wanted, t->change.new);
	if (err)
		return -EALREADY;
	return is_change(t, wanted) ? 0 : -EALREADY;
}

/* Finds out whether systemd has a say in the knob, and then what it has been told so far. */
static int find_unit(struct trial *t)
{
	const struct sys_cgroup *group = &t->group;
	char unit[SYSTEMD_UNIT_MAX];
	enum systemd_above above;
	int err;

	if (!group->v2 || !systemd_runs(""))
		return 0;
	above = systemd_above(group);
	if (above == SYSTEMD_ABOVE_UNIT)
		return trial_refuse(t, -EPERM, "it is inside a unit of systemd that was not delegated");
	if (above != SYSTEMD_ABOVE_SLICE || systemd_unit_name(group->directory, unit) ||
	    !systemd_property(t->change.knob))
		return 0;
	err = systemd_read(unit, t->change.knob, t->unit_old);
	if (err == -ENOENT) /* a group that only looks like a unit's */
		return 0;
	if (err == -ENOSYS)
		return trial_refuse(t, err, "systemd manages this group, and cannot be talked to without libsystemd");
	if (err)
		return trial_refuse(t, err, "systemd manages this group, and cannot be asked: %s", strerror(-err));
	strcpy(t->unit, unit);
	return 0;
}

int trial_plan(struct trial *ret, const struct rule *rule, const struct sys_cgroup *group, enum trial_group kind,
	       const struct evidence *e, const struct rule_facts *facts)
{
	struct trial t = { .rule = rule,
			   .group = *group,
			   .ours = kind != TRIAL_GROUP_FOREIGN,
			   .rest_ns = REST_NS,
			   .spare_rest_ns = SPARE_REST_NS };
	const struct knob *k = rule->knob;
	char why[KNOB_WHY] = "";
	int err;

	t.change.bottleneck = rule->bottleneck;
	t.change.knob = k->file(group);
	snprintf(t.change.target, sizeof(t.change.target), "%s", sys_cgroup_name(group));
	snprintf(t.change.reason, sizeof(t.change.reason), "%s", rule->reason);
	t.change.state = CHANGE_PLANNED;
	t.change.effect.metric = rule->measure.metric;
	t.change.measured_after = (double)rule->measure_after_ns / 1e9;
	if (rule->value ? !rule->value(e, facts) : !rule->text(e, facts))
		return -EALREADY; /* nothing is wanted: no reason to say that it could not be had */
	err = kind == TRIAL_GROUP_PLANNED ? 0 : k->probe("", group, why);
	if (err) {
		trial_refuse(&t, err, "%s", why);
	} else if (!k->one_shot && kind != TRIAL_GROUP_PLANNED) {
		err = k->read(group, t.change.old);
		if (err)
			trial_refuse(&t, err, "it cannot be read: %s", strerror(-err));
	}
	if (!err && kind != TRIAL_GROUP_PLANNED && !k->internal)
		err = find_unit(&t);
	if (!err)
		err = plan_value(&t, e, facts);
	if (err != -EALREADY)
		*ret = t;
	return err;
}

/* systemd answers first and writes then. */
static int turn_unit(const struct trial *t, const char *value)
{
	const struct timespec nap = { .tv_nsec = UNIT_NAP_NS };
	char text[SYSTEMD_TEXT], present[KNOB_TEXT];
	uint64_t from = clock_monotonic_ns();
	int err;

	err = systemd_from_file(systemd_property(t->change.knob), value, text);
	if (!err)
		err = systemd_write(t->unit, t->change.knob, text);
	while (!err) {
		err = t->rule->knob->read(&t->group, present);
		if (err || !strcmp(present, value))
			return err;
		if (clock_monotonic_ns() - from > UNIT_WAIT_NS)
			return -EIO;
		nanosleep(&nap, NULL);
	}
	return err;
}

/* The file is late: what somebody else has told systemd may not be in it yet. Returns 0, -EBUSY, or -errno. */
static int check_unit(const struct trial *t, const char *expected)
{
	char found[SYSTEMD_TEXT], text[SYSTEMD_TEXT];
	int err = systemd_read(t->unit, t->change.knob, found);

	if (!err)
		err = systemd_from_file(systemd_property(t->change.knob), expected, text);
	if (err || !strcmp(found, text))
		return err;
	/* the value that is there without us: systemd was not told of it before the first turn */
	return !strcmp(expected, t->change.old) && !strcmp(found, t->unit_old) ? 0 : -EBUSY;
}

/* Writes value, if what is there is still what we know. */
static int turn(struct trial *t, const char *expected, const char *value)
{
	char present[KNOB_TEXT];
	int err = t->rule->knob->read(&t->group, present);

	if (err)
		return err;
	if (strcmp(present, expected))
		return -EBUSY;
	if (t->unit[0]) {
		err = check_unit(t, expected);
		return err ? err : turn_unit(t, value);
	}
	err = t->rule->knob->write(&t->group, value);
	if (err)
		return err;
	err = t->rule->knob->read(&t->group, present);
	if (err || !strcmp(present, value))
		return err;
	t->rule->knob->write(&t->group, expected); /* the kernel made something else of it, that nobody planned */
	return -EIO;
}

static int switch_to(struct trial *t, bool on)
{
	const struct change *c = &t->change;
	int err = 0;

	if (t->in_force == on)
		return 0;
	if (t->rule->knob->internal)
		t->internal.turn(t->internal.context, t->internal.app, on);
	else
		err = turn(t, on ? c->old : c->new, on ? c->new : c->old);
	if (err)
		return err;
	t->in_force = on;
	t->change.restored = !on;
	return 0;
}

/* The knob does not obey any more. What somebody else wrote stays; what the kernel refused is as it was. */
static void give_up(struct trial *t, int err)
{
	t->phase = TRIAL_OVER;
	t->change.state = t->in_force ? CHANGE_KEPT : CHANGE_UNDONE;
	if (err == -EBUSY) {
		t->change.restored = false;
		log_warn("%s of %s: somebody else changed it; leaving it alone", t->change.knob, t->change.target);
		snprintf(t->change.reason, sizeof(t->change.reason),
			 "%s; then somebody else changed it, so it is left alone", t->rule->reason);
	} else if (err != -ENOENT && err != -ESTALE) {
		log_warn("%s of %s: %s; leaving it alone", t->change.knob, t->change.target, strerror(-err));
	}
}

/*
 * What a unit is told is journalled for a scope of ours as well, which lives on if the app does and cannot go home; and
 * also the value that is there without us: said to systemd, it is more than what was not set.
 */
static int note(const struct trial *t, struct journal *journal, const char *value)
{
	const struct systemd_property *p = systemd_property(t->change.knob);
	const char *const values[] = { t->change.old, value };
	char text[SYSTEMD_TEXT];
	size_t i;
	int err = 0;

	if (!t->unit[0] && (t->ours || t->rule->knob->internal))
		return 0;
	if (!t->unit[0])
		return journal_value(journal, t->group.directory, t->group.id, t->change.knob, t->change.old, value);
	for (i = 0; !err && i < sizeof(values) / sizeof(values[0]); i++) {
		err = systemd_from_file(p, values[i], text);
		if (!err)
			err = journal_unit(journal, t->group.directory, t->change.knob, t->unit_old, text);
	}
	return err;
}

int trial_make(struct trial *t, struct journal *journal)
{
	struct change *c = &t->change;
	int err;

	if (t->rule->knob->one_shot) {
		err = t->rule->knob->write(&t->group, c->new);
		if (err)
			return trial_refuse(t, err, "it could not be written: %s", strerror(-err));
		c->state = CHANGE_KEPT;
		t->phase = TRIAL_OVER;
		return 0;
	}
	err = note(t, journal, c->new);
	if (err)
		return trial_refuse(t, err, "the journal could not be written: %s", strerror(-err));
	err = switch_to(t, true);
	if (err)
		return trial_refuse(t, err, "it could not be written: %s", strerror(-err));
	c->state = CHANGE_KEPT;
	t->phase = TRIAL_READY;
	log_debug("%s of %s: %s -> %s, because %s", c->knob, c->target, c->old, c->new, c->reason);
	return 0;
}

/*
 * What was shown to help stays; so does what seems to, though the windows were too few to tell: it is measured again,
 * and the report says that it is not certain.
 */
static bool stays(const struct trial *t)
{
	const struct effect *e = &t->change.effect;

	if (t->rule->at_start) /* it is there in case it is needed: later, if not now */
		return e->verdict != EFFECT_HARMS && e->verdict != EFFECT_NONE;
	if (e->verdict == EFFECT_INCONCLUSIVE)
		return isnan(e->percent) ? e->after > 0 : e->percent >= t->rule->measure.smallest;
	return e->verdict == EFFECT_HELPS;
}

/*
 * Whether windows that were cut short replace what earlier ones said: they came to a verdict, or there was none. The
 * same verdict once more, from fewer windows of the same kind, would only make its size less certain.
 */
static bool says_more(const struct trial *t, const struct effect *e)
{
	const struct effect *before = &t->change.effect;

	if (e->verdict == EFFECT_NOT_MEASURED)
		return false;
	if (e->verdict == before->verdict && t->switchback.slow == t->measured_slow)
		return e->windows > before->windows;
	return e->verdict != EFFECT_INCONCLUSIVE || before->verdict == EFFECT_NOT_MEASURED;
}

static void note_effect(struct trial *t, const struct effect *e)
{
	t->change.effect = *e;
	t->measured_slow = t->switchback.slow;
}

/*
 * Ends a measurement before its time, judging by the windows that there are. The change is in force after it unless they
 * or earlier ones say that it should not be. Returns 0 or -errno: it could not be switched.
 */
static int cut_short(struct trial *t)
{
	const struct effect e = switchback_effect(&t->switchback);
	bool on;
	int err;

	if (says_more(t, &e))
		note_effect(t, &e);
	on = t->change.effect.verdict == EFFECT_NOT_MEASURED || stays(t);
	err = switch_to(t, on);
	t->change.state = t->in_force ? CHANGE_KEPT : CHANGE_UNDONE;
	return err;
}

bool trial_may_wait(const struct trial *t)
{
	return t->phase == TRIAL_MEASURING && switchback_may_end(&t->switchback);
}

void trial_interrupt(struct trial *t, uint64_t now_ns)
{
	int err;

	if (!trial_may_wait(t))
		return;
	err = cut_short(t);
	if (err) {
		give_up(t, err);
		return;
	}
	t->phase = t->in_force ? TRIAL_PROVEN : TRIAL_RESTING;
	t->again_ns = now_ns + REST_NS;
}

#define RAISE_BY 1.25

int trial_raise(struct trial *t, struct journal *journal, uint64_t now_ns, const struct evidence *e,
		const struct rule_facts *facts)
{
	const struct rule *rule = t->rule;
	struct change *c = &t->change;
	uint64_t present, wanted;
	char value[KNOB_TEXT];
	int err;

	if (!rule->value || rule->knob->lowers || !t->in_force || (t->phase == TRIAL_MEASURING && !trial_may_wait(t)))
		return 0;
	wanted = rule->value(e, facts);
	if (rule->knob->parse(&t->group, c->new, &present) || (double)wanted < (double)present * RAISE_BY ||
	    rule->knob->format(&t->group, wanted, value) || !strcmp(value, c->new))
		return 0;
	trial_interrupt(t, now_ns);
	if (!t->in_force || t->phase == TRIAL_OVER) /* what was measured so far says that it should not be */
		return 0;
	err = note(t, journal, value);
	if (!err)
		err = turn(t, c->new, value);
	if (err) {
		give_up(t, err);
		return err;
	}
	snprintf(c->new, sizeof(c->new), "%s", value);
	log_debug("%s of %s: raised to %s", c->knob, c->target, c->new);
	return 0;
}

void trial_measure(struct trial *t)
{
	int err = switch_to(t, true);

	if (err) {
		give_up(t, err);
		return;
	}
	t->change.state = CHANGE_KEPT;
	t->phase = TRIAL_MEASURING;
	switchback_start(&t->switchback, &t->rule->measure, t->slow);
	t->switchback.longer = t->longer ? t->longer : 1;
}

/* When it is measured again, and how. */
static void plan_next(struct trial *t, uint64_t now_ns)
{
	bool first = !t->slow;

	/* how much it brings is worth knowing of what brings something, and that only */
	t->slow = t->in_force && t->rule->measure.slow_off_ns;
	if (t->slow && first) {
		t->again_ns = t->made_ns + t->rule->slow_after_ns;
		t->rest_ns = SLOW_REST_NS;
		return;
	}
	/* but not of what is in force whatever its windows say: half of them the app is without it */
	if (!t->rule->at_start && t->change.effect.verdict == EFFECT_INCONCLUSIVE && t->switchback.longer < LONGER_MAX)
		t->longer = t->switchback.longer * 2;
	if (t->rule->at_start && !t->in_force) {
		t->again_ns = now_ns + t->spare_rest_ns;
		t->spare_rest_ns = t->spare_rest_ns < REST_NS / 2 ? t->spare_rest_ns * 2 : REST_NS;
		return;
	}
	t->again_ns = now_ns + t->rest_ns;
	t->rest_ns = t->rest_ns < REST_MAX_NS / 2 ? t->rest_ns * 2 : REST_MAX_NS;
}

/* What is of use at times, and there in case it is, is left alone as it was at the start: in force. */
static bool stays_in_case(const struct trial *t)
{
	return t->flips >= FLIPS_MAX && t->rule->at_start && t->change.effect.verdict == EFFECT_NONE;
}

/* The windows have said what they can. */
static void conclude(struct trial *t, uint64_t now_ns)
{
	const struct effect e = switchback_effect(&t->switchback);
	bool before = stays(t), first = t->change.effect.verdict == EFFECT_NOT_MEASURED, on;
	int err;

	note_effect(t, &e);
	if (!first && before != stays(t))
		t->flips++;
	on = stays(t) || stays_in_case(t);
	err = switch_to(t, on);
	if (err) {
		give_up(t, err);
		return;
	}
	t->change.state = on ? CHANGE_KEPT : CHANGE_UNDONE;
	t->phase = on ? TRIAL_PROVEN : TRIAL_RESTING;
	if (t->flips >= FLIPS_MAX) {
		t->phase = TRIAL_OVER;
		snprintf(t->change.reason, sizeof(t->change.reason),
			 "%s; measured differently each time, so left alone", t->rule->reason);
	}
	plan_next(t, now_ns);
}

void trial_step(struct trial *t, uint64_t now_ns, double counter)
{
	enum switchback_want want;
	int err = 0;

	if (t->phase != TRIAL_MEASURING)
		return;
	want = switchback_step(&t->switchback, now_ns, counter);
	if (want == SWITCHBACK_DONE) {
		conclude(t, now_ns);
		return;
	}
	if (want != SWITCHBACK_WAIT)
		err = switch_to(t, want == SWITCHBACK_ON);
	if (err)
		give_up(t, err);
}

uint64_t trial_next(const struct trial *t)
{
	return t->phase == TRIAL_MEASURING ? switchback_next(&t->switchback) : UINT64_MAX;
}

int trial_turn(struct trial *t, bool on)
{
	return switch_to(t, on);
}

void trial_need(struct trial *t, bool needed)
{
	int err;

	if (!t->rule->at_start || t->rule->knob->internal || t->phase != TRIAL_READY || t->in_force == needed)
		return;
	err = switch_to(t, needed);
	if (err)
		give_up(t, err);
	else
		t->change.state = needed ? CHANGE_KEPT : CHANGE_UNDONE;
}

void trial_again(struct trial *t, uint64_t now_ns)
{
	if (t->phase == TRIAL_READY) {
		t->made_ns = now_ns;
		trial_need(t, true);
	}
}

void trial_stop(struct trial *t)
{
	if (t->phase != TRIAL_MEASURING)
		return;
	if (cut_short(t)) /* the app has gone, and its group may have */
		t->phase = TRIAL_OVER;
	else
		t->phase = t->in_force ? TRIAL_READY : TRIAL_RESTING;
	t->again_ns = 0; /* another run of the app is another case */
}
