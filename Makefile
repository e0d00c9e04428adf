# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Everything that is generated goes to .output/. "make help" lists the targets; V=1 shows the commands.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

CLANG ?= clang
CLANG_FORMAT ?= clang-format
PKG_CONFIG ?= pkg-config
# Debian keeps bpftool in /usr/sbin, which is not on the PATH of users.
BPFTOOL ?= $(or $(shell PATH="$$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v bpftool),bpftool)

OUT := .output
# asan and fuzz build the same sources with other flags, in folders of their own.
VARIANT ?= release
OBJ := $(OUT)/$(VARIANT)

MACHINE := $(shell uname -m)
ARCH := $(or $(patsubst x86_64,x86,$(filter x86_64,$(MACHINE))),$(patsubst aarch64,arm64,$(filter aarch64,$(MACHINE))))
ifeq ($(ARCH),)
$(error the machine type $(MACHINE) is not supported: x86_64 or aarch64)
endif

ifeq ($(V),1)
Q =
msg =
else
Q = @
msg = @printf '  %-9s %s\n' "$(1)" "$(2)";
MAKEFLAGS += --no-print-directory
endif

comma := ,
# What is used where it is there; "make SYSTEMD=" builds without.
SYSTEMD := $(shell $(PKG_CONFIG) --exists libsystemd 2>/dev/null && echo libsystemd)
PACKAGES := libbpf libelf zlib jansson inih liburing $(SYSTEMD)
WARNINGS := -Wall -Wextra -Wformat=2 -Wtype-limits -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
INCLUDES := -Iinclude -Iagent -I$(OUT) -I.
CPPFLAGS_ALL := -D_GNU_SOURCE -DACCEL_AGENT_VERSION='"$(VERSION)"' \
	-DACCEL_AGENT_CATALOGUE='"$(PREFIX)/share/accel-agent/catalogue"' $(if $(SYSTEMD),-DHAVE_SYSTEMD) \
	$(INCLUDES) $(CPPFLAGS)

ifeq ($(VARIANT),release)
CPPFLAGS_ALL += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
VARIANT_CFLAGS := -O2 -g -fstack-protector-strong -fPIE
VARIANT_LDFLAGS := -pie -Wl,-z,relro,-z,now
else
SANITIZE := -fsanitize=$(if $(filter fuzz,$(VARIANT)),fuzzer-no-link$(comma))address,undefined
VARIANT_CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all $(SANITIZE)
VARIANT_LDFLAGS := $(SANITIZE)
# gcc guesses wrongly about instrumented code; the release build is the one that must have no warnings.
WARNINGS += -Wno-error
endif

# Quiet on a fresh machine: what is missing there is said, and installed, by scripts/deps.sh.
CFLAGS_ALL := -std=gnu11 $(VARIANT_CFLAGS) $(WARNINGS) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL := $(VARIANT_LDFLAGS) $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm
CMOCKA_LIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

BPF_CFLAGS := -target bpf -g -O2 -mcpu=v3 -Wall -Werror -D__TARGET_ARCH_$(ARCH) -Iinclude -Ibpf \
	$(addprefix -I,$(wildcard /usr/include/$(MACHINE)-linux-gnu))

BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(BPF_SOURCES:%.bpf.c=$(OUT)/%.bpf.o)
SKELETON := $(OUT)/accel.skel.h

SOURCES := $(filter-out agent/main.c,$(wildcard agent/*.c agent/*/*.c))
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o)
LIBRARY := $(OBJ)/libagent.a
PROGRAM := $(OUT)/accel-agent

UNIT_TESTS := $(patsubst tests/unit/%.c,$(OBJ)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(OBJ)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
WORKLOADS := $(patsubst tests/workloads/%.c,$(OUT)/workloads/%,$(wildcard tests/workloads/*.c))
WORKLOAD_LIBRARY := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/workloads/lib/*.c))
UNIT_HELPERS := $(patsubst %.c,$(OBJ)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
ORACLE_SKELETONS := $(patsubst tests/oracle/%.bpf.c,$(OUT)/oracle/%.skel.h,$(wildcard tests/oracle/*.bpf.c))
ORACLES := $(patsubst tests/oracle/%.c,$(OUT)/oracle/%,$(filter-out %.bpf.c,$(wildcard tests/oracle/*.c)))
ALL_C := $(shell find agent bpf include tests bench -name '*.[ch]' 2>/dev/null)

TEST_ENV := ACCEL_AGENT=$(abspath $(PROGRAM)) WORKLOADS=$(abspath $(OUT)/workloads) ORACLE=$(abspath $(OUT)/oracle)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all check check-unit check-integration check-now workloads oracle demo demo-now install uninstall deps asan \
	fuzz fuzz-now format format-check vmtest bench bench-now clean help FORCE

all: $(PROGRAM) ## build .output/accel-agent (default)

# The targets that promise to work on a fresh machine install first, and only then look for compilers and libraries.
check: ## install what is missing (as root), build, run every test that this machine can run
	$(Q)scripts/deps.sh build check
	$(Q)$(MAKE) check-now

check-now: $(PROGRAM) $(UNIT_TESTS) workloads oracle
	$(Q)$(TEST_ENV) tests/run.sh --integration $(UNIT_TESTS)

check-unit: $(UNIT_TESTS) ## unit tests only; needs no root
	$(Q)tests/run.sh $(UNIT_TESTS)

check-integration: $(PROGRAM) workloads oracle ## integration tests only; needs root
	$(Q)$(TEST_ENV) tests/run.sh --integration

workloads: $(WORKLOADS) ## the programs with a known bottleneck that tests follow

oracle: $(ORACLES) ## the independent measurements that tests compare with

demo: ## install what is missing (as root), build, follow a build and print its report
	$(Q)scripts/deps.sh build
	$(Q)$(MAKE) demo-now

demo-now: $(PROGRAM) workloads
	$(Q)$(TEST_ENV) demo/run

bench: ## measure side by side with other tools; needs root
	$(Q)scripts/deps.sh build bench vm
	$(Q)$(MAKE) bench-now

bench-now: $(PROGRAM) workloads
	$(Q)$(TEST_ENV) bench/run

deps: ## install the packages that building and testing need (apt-get), or name those that are missing
	$(Q)scripts/deps.sh build check

asan: $(SKELETON) ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) VARIANT=asan check-unit

fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	$(Q)scripts/deps.sh build fuzz
	$(Q)$(MAKE) VARIANT=fuzz CC="$(CLANG)" fuzz-now

fuzz-now: $(FUZZERS)
	$(Q)tests/fuzz/run.sh $(FUZZ_SECONDS) $(OUT)/fuzz-corpus $(FUZZERS)

format: ## rewrite the C files in the project's style
	$(Q)$(CLANG_FORMAT) -i $(ALL_C)

format-check: ## fail if "make format" would change anything
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(ALL_C)

vmtest: ## the matrix of stock kernels: not there yet
	@echo "vmtest: this version has no kernel matrix yet" >&2
	@exit 1

install: all ## install to DESTDIR/PREFIX (/usr/local)
	$(call msg,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/sbin/accel-agent
	$(Q)install -D -m 0644 man/accel-agent.8 $(DESTDIR)$(PREFIX)/share/man/man8/accel-agent.8
	$(Q)install -D -m 0644 etc/accel-agent.catalogue $(DESTDIR)$(PREFIX)/share/accel-agent/catalogue
	$(Q)install -D -m 0644 etc/accel-agent.conf.sample $(DESTDIR)$(PREFIX)/share/doc/accel-agent/accel-agent.conf.sample
	$(Q)install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/accel-agent/LICENSE

uninstall: ## remove what install put there
	$(call msg,UNINSTALL,$(DESTDIR)$(PREFIX))
	$(Q)rm -f $(DESTDIR)$(PREFIX)/sbin/accel-agent $(DESTDIR)$(PREFIX)/share/man/man8/accel-agent.8
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/accel-agent/catalogue
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/doc/accel-agent/accel-agent.conf.sample
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/doc/accel-agent/LICENSE
	$(Q)for folder in accel-agent doc/accel-agent; do \
		rmdir $(DESTDIR)$(PREFIX)/share/$$folder 2>/dev/null || true; \
	done

clean: ## remove everything that was built
	$(Q)rm -rf $(OUT)

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo "Variables: V=1 CC CLANG BPFTOOL CFLAGS LDFLAGS PREFIX DESTDIR FUZZ_SECONDS"

# BPF: every subject is one object; all are linked into one, and that becomes the skeleton.
$(OUT)/%.bpf.o: %.bpf.c Makefile
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/bpf/accel.linked.o: $(BPF_OBJECTS)
	$(call msg,BPF-LINK,$@)
	$(Q)test -n "$^" || { echo "no bpf/*.bpf.c to link" >&2; exit 1; }
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(OUT)/bpf/accel.linked.o
	$(call msg,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name accel > $@

# C. The flags file changes when the compiler or its flags do, so that objects of different builds never mix.
$(OBJ)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(subst ','\'',$(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL))' > $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The skeleton is order-only: before the first build nobody knows who includes it, afterwards -MMD does.
$(OBJECTS): | $(SKELETON)

$(OBJ)/%.o: %.c $(OBJ)/flags
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(LIBRARY): $(OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(PROGRAM): $(OBJ)/agent/main.o $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(OBJ)/tests/test_%: $(OBJ)/tests/unit/test_%.o $(UNIT_HELPERS) $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) $(CMOCKA_LIBS) -o $@

$(OBJ)/tests/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(LIBS) -o $@

$(OUT)/workloads/%: $(OBJ)/tests/workloads/%.o $(WORKLOAD_LIBRARY)
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -lpthread -lm -o $@

# An oracle shares nothing with the agent but the compiler.
$(ORACLE_SKELETONS): $(OUT)/oracle/%.skel.h: $(OUT)/tests/oracle/%.bpf.o
	$(call msg,SKELETON,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*) > $@

$(ORACLES:$(OUT)/%=$(OBJ)/tests/%.o): $(OBJ)/%.o: %.c $(OBJ)/flags $(ORACLE_SKELETONS)
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -I$(OUT)/oracle $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(OUT)/oracle/%: $(OBJ)/tests/oracle/%.o
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
