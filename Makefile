# modprof: `make help` lists the targets.
#
# Sources are found by folder (wildcards below): a new file in wire/, arena/, probe/, shim/ or
# collector/ needs no line here.  Build products go to $(BUILD).
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
CXX ?= g++
CLANG ?= clang
CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
# DEPS=skip: do not look for missing packages.
DEPS ?= install

# V=1 shows the commands.
ifeq ($(V),)
Q := @
say = @echo "  $(1)"
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
BASE := -std=gnu11 -D_GNU_SOURCE -I. $(WARN)
DEPGEN := -MMD -MP

SHARED_SRC := $(wildcard wire/*.c arena/*.c probe/*.c)
SHIM_SRC := $(wildcard shim/*.c shim/*/*.c shim/attach/arch/x86_64/*.c) $(SHARED_SRC)
SHIM_ASM := $(wildcard shim/attach/arch/x86_64/*.S)
TOOL_SRC := $(wildcard collector/*/*.c) $(SHARED_SRC)
TOOL_ASM := $(wildcard collector/*/*.S)

SHIM_OBJ := $(SHIM_SRC:%.c=$(BUILD)/shim.o/%.o) $(SHIM_ASM:%.S=$(BUILD)/shim.o/%.o)
TOOL_ASM_OBJ := $(TOOL_ASM:%.S=$(BUILD)/tool.o/%.o)
TOOL_OBJ := $(TOOL_SRC:%.c=$(BUILD)/tool.o/%.o) $(TOOL_ASM_OBJ)
# What tests link with: the collector without its main.
TOOL_LIB := $(BUILD)/libmodprof-tool.a
TOOL_LIB_OBJ := $(filter-out $(BUILD)/tool.o/collector/cli/main.o,$(TOOL_OBJ))

# Two counters that stand together are added to one by one: made into a vector they take a way through memory.
# syscall() is the shim's own (shim/kernel.c) there, since it interposes that of libc.
SHIM_CFLAGS := -Dsyscall=kernel_syscall -fPIC -fno-tree-slp-vectorize -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition \
	-fdata-sections -ffunction-sections
# Sorted, so that small variables stand together and not each beside some table, and without what only the
# collector uses: fewer pages to relocate and to touch.
SHIM_LDFLAGS := -Wl,--version-script=shim/exports.map -Wl,--exclude-libs,ALL -Wl,-z,defs \
	-Wl,-z,now -Wl,-soname,libmodprof.so -Wl,--sort-section=alignment -Wl,--gc-sections
SHIM_LIBS := -Wl,-Bstatic -lzstd -Wl,-Bdynamic -ldl -lpthread
TOOL_LIBS := -lzstd -ljansson -lsmartcols -levent_extra -levent_core -lsqlite3 -ldw -lelf -llzma -lz -llua5.4 -lpthread -lm

all: $(BUILD)/libmodprof.so $(BUILD)/modprof

$(BUILD)/libmodprof.so: $(SHIM_OBJ) shim/exports.map
	$(call say,LINK  $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -o $@ $(SHIM_OBJ) $(SHIM_LDFLAGS) $(SHIM_LIBS)

$(BUILD)/modprof: $(TOOL_OBJ)
	$(call say,LINK  $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(TOOL_OBJ) $(TOOL_LIBS)

$(BUILD)/shim.o/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC    $<)
	$(Q)$(CC) $(BASE) $(DEPGEN) $(CFLAGS) $(SHIM_CFLAGS) -c $< -o $@

$(BUILD)/shim.o/%.o: %.S
	@mkdir -p $(@D)
	$(call say,AS    $<)
	$(Q)$(CC) $(CFLAGS) -I. $(DEPGEN) -c $< -o $@

$(BUILD)/tool.o/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC    $<)
	$(Q)$(CC) $(BASE) $(DEPGEN) $(CFLAGS) -c $< -o $@

# The viewer's bundle becomes part of the program.  deps/viewer says what is missing, if anything is, and leaves
# an empty file then, which the next make tries to fill.
VIEWER_PAGE := $(BUILD)/viewer/page.html
VIEWER_SRC := deps/viewer $(shell find viewer -name node_modules -prune -o -type f -print 2>/dev/null)
VIEWER_AGAIN := $(shell test -s $(VIEWER_PAGE) || echo again)
$(BUILD)/viewer/stamp: $(VIEWER_SRC) $(VIEWER_AGAIN)
	@mkdir -p $(@D)
	$(Q)deps/viewer $(BUILD)
	@touch $@
$(VIEWER_PAGE): $(BUILD)/viewer/stamp ;
again:

viewer:
	@FORCE=1 deps/viewer $(BUILD)

$(BUILD)/tool.o/%.o: %.S $(VIEWER_PAGE)
	@mkdir -p $(@D)
	$(call say,AS    $<)
	$(Q)$(CC) $(CFLAGS) -I. -DPAGE_BUNDLE='"$(VIEWER_PAGE)"' -c $< -o $@

$(TOOL_LIB): $(TOOL_LIB_OBJ)
	@rm -f $@
	$(call say,AR    $@)
	$(Q)$(AR) rcs $@ $(TOOL_LIB_OBJ)

# ---- unit tests: tests/unit/test_<stem>.c, one cmocka program each ----
# A test of shim code names the files it needs on its second line: /* SOURCES: shim/record/x.c */
# SKIP_UNIT: stems that a sanitizer's build leaves out.
UNIT_SRC := $(filter-out $(SKIP_UNIT:%=tests/unit/%.c),$(wildcard tests/unit/test_*.c))
UNIT := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
words_of_line = $(shell sed -n 's|^/\* $(2): *\(.*[^ ]\) *\*/ *$$|\1|p' $(1))

define unit_rule
$(BUILD)/unit/$(1): $(BUILD)/unit.o/tests/unit/$(1).o \
		$(patsubst %,$(BUILD)/unit.o/%.o,$(basename $(call words_of_line,tests/unit/$(1).c,SOURCES))) \
		$(TOOL_LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK  $$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -lcmocka -lxxhash -lZydis -lm -ldl $$(TOOL_LIBS)
endef
$(foreach t,$(notdir $(UNIT)),$(eval $(call unit_rule,$(t))))

$(BUILD)/unit.o/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC    $<)
	$(Q)$(CC) $(BASE) $(DEPGEN) $(CFLAGS) -ftls-model=initial-exec -c $< -o $@

$(BUILD)/unit.o/%.o: %.S
	@mkdir -p $(@D)
	$(call say,AS    $<)
	$(Q)$(CC) $(CFLAGS) -I. $(DEPGEN) -c $< -o $@

# ---- hosts: programs and C modules that tests run under the shim ----
# The second line says what to link: /* LINK: -llua5.4 */; a file whose name ends in _module.c
# becomes a C module <stem>.so.  Files without such a line are built by the tests that use them.
# tests/hosts/README.md tells more.
HOST_SRC := $(shell grep -l '^/\* LINK:' tests/hosts/*.c tests/hosts/*.cc)
HOST_STEM := $(filter-out %_module,$(basename $(notdir $(HOST_SRC))))
HOST_MODULE := $(patsubst tests/hosts/%.c,$(BUILD)/hosts/%.so,$(filter %_module.c,$(HOST_SRC)))
HOSTS := $(HOST_STEM:%=$(BUILD)/hosts/%) $(HOST_MODULE)
HOST_FLAGS := $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -Werror -I. -I/usr/include/lua5.4

HOST_HEADERS := $(wildcard tests/hosts/*.h)
# Programs that are linked with the collector say MODPROF_TOOL there.
HOST_TOOLS := $(shell grep -l '^/\* LINK:.*MODPROF_TOOL' tests/hosts/*.c)
$(HOST_TOOLS:tests/hosts/%.c=$(BUILD)/hosts/%): $(TOOL_LIB)
$(BUILD)/hosts/%: tests/hosts/%.c $(HOST_HEADERS)
	@mkdir -p $(@D)
	$(call say,HOST  $@)
	$(Q)$(CC) -std=gnu11 $(HOST_FLAGS) -o $@ $< \
		$(subst MODPROF_TOOL,$(TOOL_LIB) $(TOOL_LIBS),$(call words_of_line,$<,LINK))

$(BUILD)/hosts/%: tests/hosts/%.cc $(HOST_HEADERS)
	@mkdir -p $(@D)
	$(call say,HOST  $@)
	$(Q)$(CXX) $(HOST_FLAGS) -o $@ $< $(call words_of_line,$<,LINK)

$(BUILD)/hosts/%_module.so: tests/hosts/%_module.c $(HOST_HEADERS)
	@mkdir -p $(@D)
	$(call say,HOST  $@)
	$(Q)$(CC) -std=gnu11 $(HOST_FLAGS) -shared -fPIC -o $@ $< $(call words_of_line,$<,LINK)

# ---- Lua built from its own sources, where tests/lua_source/fetch could get them: BUILD/lua/VERSION/lua ----
# Of the version that Debian builds also without optimisation, and with all there is; of a newer one with Lua's own checks
# of who calls it how.
LUA_SOURCE := $(patsubst %/sum,%,$(wildcard $(BUILD)/lua/*/sum))
lua-source: $(LUA_SOURCE:%=%/lua) $(patsubst %,%/lua-O0,$(filter %/5.4.4,$(LUA_SOURCE))) \
	$(patsubst %,%/lua-O3,$(filter %/5.4.4,$(LUA_SOURCE))) $(patsubst %,%/lua-checked,$(filter %/5.4.7,$(LUA_SOURCE)))
	@:
$(BUILD)/lua/%/lua: LUA_FLAGS := -O2
$(BUILD)/lua/%/lua-O0: LUA_FLAGS := -O0
$(BUILD)/lua/%/lua-O3: LUA_FLAGS := -O3 -fomit-frame-pointer
$(BUILD)/lua/%/lua-checked: LUA_FLAGS := -O1 -DLUAI_ASSERT -DLUA_USE_APICHECK -include assert.h
define lua_rule
$(BUILD)/lua/%/$(1): $(BUILD)/lua/%/sum
	$$(call say,LUA   $$@)
	$$(Q)$$(CC) -std=gnu99 $$(LUA_FLAGS) -DLUA_USE_LINUX -o $$@ $$(filter-out %/luac.c,$$(wildcard $$(@D)/*.c)) -lm -ldl -Wl,-E
endef
$(foreach l,lua lua-O0 lua-O3 lua-checked,$(eval $(call lua_rule,$(l))))

# ---- what people call ----
# Packages first, in a make of its own: nothing may be compiled before they are there.
test:
	@$(MAKE) --no-print-directory deps-test
	@+$(MAKE) --no-print-directory test-build
	@tests/run $(BUILD) $(ONLY)

test-build: all $(UNIT) $(HOSTS)
	@tests/foreign/fetch $(BUILD)
	@tests/lua_source/fetch $(BUILD)
	@+$(MAKE) --no-print-directory lua-source

demo:
	@$(MAKE) --no-print-directory deps-demo
	@+$(MAKE) --no-print-directory all
	@examples/demo $(BUILD)

bench:
	@$(MAKE) --no-print-directory deps-bench
	@+$(MAKE) --no-print-directory all $(HOSTS)
	@tests/bench/run $(BUILD)

lint:
	@$(MAKE) --no-print-directory deps-lint
	@+$(MAKE) --no-print-directory all $(UNIT)
	@tests/lint/run $(BUILD)

# A program that is its own malloc can not be instrumented: malloc runs before the sanitizer does.
SANITIZE_SKIP := test_cheap

# The collector and the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer.
SANITIZE_ADDRESS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan:
	@$(MAKE) --no-print-directory deps-test
	@+$(MAKE) --no-print-directory all $(HOSTS)
	@+$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="$(SANITIZE_ADDRESS)" SKIP_UNIT="$(SANITIZE_SKIP)" sanitize-build
	@tests/sanitize $(BUILD)/asan $(BUILD)

# gcc's ThreadSanitizer does not know fences (-Wtsan), and runs signal handlers in frames of its own
# (test_native); under it code can not be changed (test_redirect); statistics have no threads, and take
# minutes (test_decision).
tsan:
	@$(MAKE) --no-print-directory deps-test
	@+$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS="-O1 -g -fsanitize=thread -Wno-tsan" \
		SKIP_UNIT="$(SANITIZE_SKIP) test_decision test_native test_redirect" unit
	@TSAN_OPTIONS="allocator_may_return_null=1 $$TSAN_OPTIONS" tests/run $(BUILD)/tsan unit

sanitize-build: $(BUILD)/modprof $(UNIT)
unit: $(UNIT)

fuzz:
	@$(MAKE) --no-print-directory deps-lint
	@+$(MAKE) --no-print-directory fuzz-build
	@for f in $(FUZZ); do \
		mkdir -p $$f.corpus && FUZZ_SEEDS=$$f.corpus $$f $$f.corpus -max_total_time=$(FUZZ_SECONDS) \
			-timeout=10 -rss_limit_mb=1024 -artifact_prefix=$$f. -print_final_stats=1 || exit 1; \
	done

FUZZ_SECONDS ?= 60
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz-build: $(FUZZ)
FUZZ_LIB_SRC := $(filter-out collector/cli/main.c,$(TOOL_SRC))
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer,address,undefined
$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_LIB_SRC) $(TOOL_ASM_OBJ)
	@mkdir -p $(@D)
	$(call say,FUZZ  $@)
	$(Q)$(CLANG) $(BASE) $(FUZZ_FLAGS) -o $@ $< $(FUZZ_LIB_SRC) $(TOOL_ASM_OBJ) $(TOOL_LIBS)

check-fresh:
	@$(MAKE) --no-print-directory deps-fresh
	@tests/check-fresh

# deps-<group>: the packages that this group of deps/debian.txt needs.
deps-%:
	@DEPS=$(DEPS) deps/install $(BUILD) $*

MAN := $(wildcard docs/man/*.[1-8])
install: all
	install -D -m 755 $(BUILD)/modprof "$(DESTDIR)$(PREFIX)/bin/modprof"
	install -D -m 755 $(BUILD)/libmodprof.so "$(DESTDIR)$(PREFIX)/lib/modprof/libmodprof.so"
	install -D -m 644 shim/modprof.h "$(DESTDIR)$(PREFIX)/include/modprof.h"
	for m in $(MAN); do \
		install -D -m 644 $$m "$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}" || exit 1; \
	done

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/modprof" "$(DESTDIR)$(PREFIX)/lib/modprof/libmodprof.so" "$(DESTDIR)$(PREFIX)/include/modprof.h"
	rmdir "$(DESTDIR)$(PREFIX)/lib/modprof" 2>/dev/null || true
	for m in $(MAN); do rm -f "$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}"; done

clean:
	rm -rf $(BUILD)

help:
	@echo 'make              build $(BUILD)/libmodprof.so and $(BUILD)/modprof'
	@echo 'make viewer       try again to fetch what the viewer is built from'
	@echo 'make demo         install what is missing, profile ldoc, print the report'
	@echo 'make test         install what is missing, run all tests (ONLY=unit|cli|transparency|lint)'
	@echo 'make bench        cost of profiling, side by side with running plain and with others'
	@echo 'make lint         format, tidy, include rules, the other compiler, scripts, manual pages'
	@echo 'make asan tsan    tests with the sanitizers;  make asan also runs hosts under valgrind'
	@echo 'make fuzz         feed decoder, report and stacks with damaged traces, for FUZZ_SECONDS=60 each'
	@echo 'make check-fresh  make demo and make test in a minimal Debian root (needs root)'
	@echo 'make install      PREFIX=/usr/local DESTDIR= ;  make uninstall takes it away'
	@echo 'make clean        remove $(BUILD)'
	@echo 'Settings: BUILD=dir CC=gcc|clang CFLAGS= DEPS=skip (do not install packages)'

-include $(SHIM_OBJ:.o=.d) $(TOOL_OBJ:.o=.d) $(wildcard $(BUILD)/unit.o/*/*.d $(BUILD)/unit.o/*/*/*.d $(BUILD)/unit.o/*/*/*/*.d)
.PHONY: all again viewer test test-build lua-source demo bench lint asan tsan sanitize-build unit fuzz fuzz-build \
	check-fresh install uninstall clean help
.SECONDARY:
.DELETE_ON_ERROR:
