# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Everything that is generated goes to .output/. "make help" lists the targets; V=1 shows the commands.

VERSION := 0.1.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
FUZZ_SECONDS ?= 60

CLANG ?= clang
CLANG_FORMAT ?= clang-format
PKG_CONFIG ?= pkg-config
OBJCOPY ?= objcopy
# Debian keeps bpftool in /usr/sbin, which is not on the PATH of users.
BPFTOOL ?= $(or $(shell PATH="$$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v bpftool),bpftool)

# "make CROSS=aarch64" builds for another machine type, from libraries of that type in SYSROOT.
CROSS :=
MACHINE := $(or $(CROSS),$(shell uname -m))
ARCH := $(or $(patsubst x86_64,x86,$(filter x86_64,$(MACHINE))),$(patsubst aarch64,arm64,$(filter aarch64,$(MACHINE))))
ifeq ($(ARCH),)
$(error the machine type $(MACHINE) is not supported: x86_64 or aarch64)
endif

OUT := .output$(if $(CROSS),/$(ARCH))
# asan and fuzz build the same sources with other flags, in folders of their own.
VARIANT ?= release
OBJ := $(OUT)/$(VARIANT)

ifneq ($(CROSS),)
ifndef SYSROOT
SYSROOT := $(or $(shell vmtests/sysroot $(ARCH)),$(error no libraries for $(CROSS)))
endif
CC := $(CROSS)-linux-gnu-gcc
AR := $(CROSS)-linux-gnu-ar
LD := $(CROSS)-linux-gnu-ld
OBJCOPY := $(CROSS)-linux-gnu-objcopy
PKG_CONFIG := PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(CROSS)-linux-gnu/pkgconfig:$(SYSROOT)/usr/share/pkgconfig $(PKG_CONFIG)
SYSROOT_FLAG := --sysroot=$(SYSROOT)
EMULATOR := qemu-$(CROSS)
# Unit tests run here, and find loader and libraries where they are. ("qemu -L" would show them another "/" as well.)
SYSROOT_LIBS := $(SYSROOT)/lib/$(CROSS)-linux-gnu:$(SYSROOT)/usr/lib/$(CROSS)-linux-gnu
UNIT_LDFLAGS := -Wl,--dynamic-linker=$(wildcard $(SYSROOT)/lib/ld-linux-*.so.1) \
	-Wl,--disable-new-dtags,-rpath,$(SYSROOT_LIBS)
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
# What is used where it is there; "make SYSTEMD=" builds without. Only its headers: see agent/act/systemd_library.h.
SYSTEMD := $(shell $(PKG_CONFIG) --exists libsystemd 2>/dev/null && echo libsystemd)
PACKAGES := libbpf libelf zlib jansson inih liburing
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
CFLAGS_ALL := -std=gnu11 $(SYSROOT_FLAG) $(VARIANT_CFLAGS) $(WARNINGS) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(SYSTEMD) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL := $(SYSROOT_FLAG) $(VARIANT_LDFLAGS) $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm -ldl
CMOCKA_LIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

BPF_CFLAGS := -target bpf -g -O2 -mcpu=v3 -Wall -Werror -D__TARGET_ARCH_$(ARCH) -Iinclude -Ibpf \
	$(SYSROOT_FLAG) $(addprefix -I,$(wildcard $(SYSROOT)/usr/include/$(MACHINE)-linux-gnu))

# Which threads are an app's and which pages they look at; what they wait for; and what the programs of both share.
BPF_PARTS := shared apps waits
SKELETONS := $(BPF_PARTS:%=$(OUT)/%.skel.h)

SOURCES := $(filter-out agent/main.c,$(wildcard agent/*.c agent/*/*.c))
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o)
LIBRARY := $(OBJ)/libagent.a
PROGRAM := $(OUT)/accel-agent

# The I/O engine is also a library by itself: what it needs, and no name but accel_io_* to be seen.
IO_NAMES := backend_threads backend_uring cache choice crew depth engine entries files jobs levels plan position sort work
IO_OBJECTS := $(patsubst %,$(OBJ)/pic/agent/io/%.o,$(IO_NAMES)) $(OBJ)/pic/agent/util/clock.o
IO_SONAME := libaccel-io.so.0
IO_LIBRARIES := $(OUT)/libaccel-io.a $(OUT)/$(IO_SONAME)
IO_LIBS := $(shell $(PKG_CONFIG) --libs liburing 2>/dev/null) -pthread

UNIT_TESTS := $(patsubst tests/unit/%.c,$(OBJ)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(OBJ)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
WORKLOADS := $(patsubst tests/workloads/%.c,$(OUT)/workloads/%,$(wildcard tests/workloads/*.c))
WORKLOAD_LIBRARY := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/workloads/lib/*.c))
UNIT_HELPERS := $(patsubst %.c,$(OBJ)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
UNIT_LIBRARY := $(OBJ)/tests/libunit.a
PURE := $(OUT)/bench/pure
ORACLE_SKELETONS := $(patsubst tests/oracle/%.bpf.c,$(OUT)/oracle/%.skel.h,$(wildcard tests/oracle/*.bpf.c))
ORACLES := $(patsubst tests/oracle/%.c,$(OUT)/oracle/%,$(filter-out %.bpf.c,$(wildcard tests/oracle/*.c)))
ALL_C := $(shell find agent bpf include tests bench -name '*.[ch]' 2>/dev/null)

UNIT_ENV := $(if $(CROSS),EMULATOR="$(EMULATOR)")
TEST_ENV := ACCEL_AGENT=$(abspath $(PROGRAM)) WORKLOADS=$(abspath $(OUT)/workloads) ORACLE=$(abspath $(OUT)/oracle)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all check check-unit check-integration check-now unit workloads oracle arm64 check-arm64 demo demo-now \
	install uninstall deps asan fuzz fuzz-now format format-check vmtest check-libbpf bench bench-now bench-quick \
	bench-quick-now bench-instructions clean help FORCE

all: $(PROGRAM) $(IO_LIBRARIES) ## build .output/accel-agent and libaccel-io (default)

# The targets that promise to work on a fresh machine install first, and only then look for compilers and libraries.
check: ## install what is missing (as root), build, run every test that this machine can run
	$(Q)scripts/deps.sh build check
	$(Q)$(MAKE) check-now

check-now: $(PROGRAM) $(IO_LIBRARIES) $(UNIT_TESTS) workloads oracle
	$(Q)$(TEST_ENV) tests/run.sh --integration $(UNIT_TESTS)

check-unit: $(UNIT_TESTS) ## unit tests only; needs no root
	$(Q)$(UNIT_ENV) tests/run.sh $(UNIT_TESTS)

check-integration: $(PROGRAM) $(IO_LIBRARIES) workloads oracle ## integration tests only; needs root
	$(Q)$(TEST_ENV) tests/run.sh --integration

unit: $(UNIT_TESTS) ## the unit tests, not run

workloads: $(WORKLOADS) ## the programs with a known bottleneck that tests follow

oracle: $(ORACLES) ## the independent measurements that tests compare with

arm64: ## install what is missing (as root), build all of it for arm64 in .output/arm64
	$(Q)scripts/deps.sh build arm64
	$(Q)$(MAKE) CROSS=aarch64 all unit workloads oracle

check-arm64: arm64 ## the same, then the unit tests under user-mode emulation
	$(Q)$(MAKE) CROSS=aarch64 check-unit

demo: ## install what is missing (as root), build, follow a build and print its report
	$(Q)scripts/deps.sh build
	$(Q)$(MAKE) demo-now

demo-now: $(PROGRAM) workloads
	$(Q)$(TEST_ENV) demo/run

bench: ## measure side by side with other tools; needs root
	$(Q)scripts/deps.sh build bench vm
	$(Q)$(MAKE) bench-now

bench-now: $(PROGRAM) $(IO_LIBRARIES) workloads
	$(Q)$(TEST_ENV) bench/run

bench-quick: ## the same with few rounds and without what takes longest; needs root
	$(Q)scripts/deps.sh build bench
	$(Q)$(MAKE) bench-quick-now

bench-quick-now: $(PROGRAM) $(IO_LIBRARIES) workloads
	$(Q)$(TEST_ENV) bench/run --quick

bench-instructions: $(PURE) ## count instructions of what needs no kernel, against bench/instructions.txt
	$(Q)PURE=$(PURE) bench/instructions.py

deps: ## install the packages that building and testing need (apt-get), or name those that are missing
	$(Q)scripts/deps.sh build check

asan: $(SKELETONS) ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
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

# Without a choice of kernels, all of vmtests/kernels: some may be for arm64.
VM_ARM64 = $(if $(KERNEL),$(findstring /arm64,$(KERNEL)),$(shell grep /arm64 vmtests/kernels))

vmtest: ## the cases of vmtests/plan on stock kernels, in virtual machines; KERNEL=6.12 CASE=core: only these
	$(Q)scripts/deps.sh build vm $(if $(VM_ARM64),arm64)
	$(Q)$(MAKE) all workloads oracle
	$(Q)$(if $(VM_ARM64),$(MAKE) CROSS=aarch64 all workloads oracle)
	$(Q)vmtests/matrix $(addprefix -k ,$(KERNEL)) $(addprefix -c ,$(CASE))

check-libbpf: ## load the programs with the libbpf of another Debian suite; SUITE=sid, by default trixie
	$(Q)scripts/deps.sh build
	$(Q)$(MAKE) all
	$(Q)vmtests/libbpf $(or $(SUITE),trixie)

install: all ## install to DESTDIR/PREFIX (/usr/local)
	$(call msg,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/sbin/accel-agent
	$(Q)install -D -m 0644 man/accel-agent.8 $(DESTDIR)$(PREFIX)/share/man/man8/accel-agent.8
	$(Q)install -D -m 0644 etc/accel-agent.catalogue $(DESTDIR)$(PREFIX)/share/accel-agent/catalogue
	$(Q)install -D -m 0644 etc/accel-agent.conf.sample $(DESTDIR)$(PREFIX)/share/doc/accel-agent/accel-agent.conf.sample
	$(Q)install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/accel-agent/LICENSE
	$(Q)install -D -m 0644 man/accel-io.3 $(DESTDIR)$(PREFIX)/share/man/man3/accel-io.3
	$(Q)install -D -m 0644 include/accel_io.h $(DESTDIR)$(PREFIX)/include/accel_io.h
	$(Q)install -D -m 0644 $(OUT)/libaccel-io.a $(DESTDIR)$(LIBDIR)/libaccel-io.a
	$(Q)install -D -m 0755 $(OUT)/$(IO_SONAME) $(DESTDIR)$(LIBDIR)/$(IO_SONAME)
	$(Q)ln -sf $(IO_SONAME) $(DESTDIR)$(LIBDIR)/libaccel-io.so
	$(Q)install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|; s|@VERSION@|$(VERSION)|' etc/accel-io.pc.in \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/accel-io.pc

uninstall: ## remove what install put there
	$(call msg,UNINSTALL,$(DESTDIR)$(PREFIX))
	$(Q)rm -f $(DESTDIR)$(PREFIX)/sbin/accel-agent $(DESTDIR)$(PREFIX)/share/man/man8/accel-agent.8
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/man/man3/accel-io.3
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/accel-agent/catalogue
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/doc/accel-agent/accel-agent.conf.sample
	$(Q)rm -f $(DESTDIR)$(PREFIX)/share/doc/accel-agent/LICENSE
	$(Q)rm -f $(DESTDIR)$(PREFIX)/include/accel_io.h $(DESTDIR)$(LIBDIR)/pkgconfig/accel-io.pc
	$(Q)rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libaccel-io.a $(IO_SONAME) libaccel-io.so)
	$(Q)for folder in accel-agent doc/accel-agent; do \
		rmdir $(DESTDIR)$(PREFIX)/share/$$folder 2>/dev/null || true; \
	done

clean: ## remove everything that was built
	$(Q)rm -rf $(OUT)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo "Variables: V=1 CC CLANG BPFTOOL CFLAGS LDFLAGS PREFIX LIBDIR DESTDIR FUZZ_SECONDS KERNEL CASE"

# BPF: every subject is one object; those of a part are linked into one, and that becomes a skeleton.
$(OUT)/%.bpf.o: %.bpf.c Makefile
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/bpf/apps.linked.o: $(patsubst %,$(OUT)/bpf/%.bpf.o,scan sessions task use)
$(OUT)/bpf/waits.linked.o: $(patsubst %,$(OUT)/bpf/%.bpf.o,block memory sched spread)
$(BPF_PARTS:%=$(OUT)/bpf/%.linked.o): $(OUT)/bpf/shared.bpf.o
	$(call msg,BPF-LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETONS): $(OUT)/%.skel.h: $(OUT)/bpf/%.linked.o
	$(call msg,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# C. The flags file changes when the compiler or its flags do, so that objects of different builds never mix.
$(OBJ)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(subst ','\'',$(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL))' > $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The skeletons are order-only: before the first build nobody knows who includes them, afterwards -MMD does.
$(OBJECTS): | $(SKELETONS)

$(OBJ)/%.o: %.c $(OBJ)/flags
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(OBJ)/pic/%.o: %.c $(OBJ)/flags
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(filter-out -fPIE,$(CFLAGS_ALL)) -fPIC -MMD -MP -c $< -o $@

$(LIBRARY): $(OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# One object, in which all other names are local: a program that links it may have a clock.c of its own.
$(OUT)/libaccel-io.a: $(IO_OBJECTS)
	$(call msg,AR,$@)
	$(Q)$(LD) -r $^ -o $(OBJ)/accel-io.o
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='accel_io_*' $(OBJ)/accel-io.o
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(OBJ)/accel-io.o

$(OUT)/$(IO_SONAME): $(IO_OBJECTS) etc/accel-io.map
	$(call msg,LINK,$@)
	$(Q)$(CC) $(filter-out -pie,$(LDFLAGS_ALL)) -shared -Wl,-soname,$(IO_SONAME) \
		-Wl,--version-script=etc/accel-io.map $(IO_OBJECTS) $(IO_LIBS) -o $@

$(PROGRAM): $(OBJ)/agent/main.o $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# An archive: a test gets what it uses, and not what another one's helper needs.
$(UNIT_LIBRARY): $(UNIT_HELPERS)
	$(call msg,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OBJ)/tests/test_%: $(OBJ)/tests/unit/test_%.o $(UNIT_LIBRARY) $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(UNIT_LDFLAGS) $^ $(LIBS) $(CMOCKA_LIBS) -o $@

$(OBJ)/tests/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(LIBS) -o $@

$(PURE): $(OBJ)/bench/pure.o $(LIBRARY)
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

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
