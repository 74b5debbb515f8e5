# modprof: `make help` lists the targets.
BUILD ?= build
CC ?= gcc
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
BASE := -std=gnu11 -D_GNU_SOURCE -I. $(WARN) -MMD -MP

SHARED_SRC := $(wildcard wire/*.c arena/*.c probe/*.c)
SHIM_SRC := $(wildcard shim/*.c shim/*/*.c shim/attach/arch/x86_64/*.c) $(SHARED_SRC)
SHIM_ASM := $(wildcard shim/attach/arch/x86_64/*.S)
TOOL_SRC := $(wildcard collector/*/*.c) $(SHARED_SRC)

SHIM_OBJ := $(SHIM_SRC:%.c=$(BUILD)/shim.o/%.o) $(SHIM_ASM:%.S=$(BUILD)/shim.o/%.o)
TOOL_OBJ := $(TOOL_SRC:%.c=$(BUILD)/tool.o/%.o)

SHIM_CFLAGS := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition
SHIM_LIBS := -Wl,-Bstatic -lzstd -Wl,-Bdynamic -ldl -lpthread
TOOL_LIBS := -lzstd -ljansson -lsmartcols -levent_core -ldw -lelf -lZydis -lpthread

all: $(BUILD)/libmodprof.so $(BUILD)/modprof

$(BUILD)/libmodprof.so: $(SHIM_OBJ) shim/exports.map
	$(CC) $(CFLAGS) -shared -o $@ $(SHIM_OBJ) -Wl,--version-script=shim/exports.map -Wl,--exclude-libs,ALL -Wl,-z,defs -Wl,-z,now -Wl,-soname,libmodprof.so $(SHIM_LIBS)

$(BUILD)/modprof: $(TOOL_OBJ)
	$(CC) $(CFLAGS) -o $@ $(TOOL_OBJ) $(TOOL_LIBS)

$(BUILD)/shim.o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(SHIM_CFLAGS) -c $< -o $@

$(BUILD)/shim.o/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I. -c $< -o $@

$(BUILD)/tool.o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -c $< -o $@

-include $(SHIM_OBJ:.o=.d) $(TOOL_OBJ:.o=.d)
.PHONY: all
