/* detour: writes the code between an entry and its hook.  See detour.h. */
#include "shim/attach/arch/x86_64/detour.h"

#include <string.h>

#include "shim/attach/copy.h"

/* copy_now lies at the same distance from every thread's pointer. */
static int32_t copy_now_offset(void)
{
    uint64_t thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    return (int32_t)((int64_t)(uintptr_t)&copy_now - (int64_t)thread);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

void detour_write(uint8_t *at, const void *copy, const void *hook)
{
    uint8_t *end = at + DETOUR_BYTES;
    if (copy != NULL) {
        int32_t offset = copy_now_offset();
        at = put(at, "\x49\xbb", 2); /* mov $copy, %r11 */
        at = put(at, &copy, 8);
        at = put(at, "\x64\x4c\x89\x1c\x25", 5); /* mov %r11, %fs:offset */
        at = put(at, &offset, 4);
    }
    at = put(at, "\xff\x25\0\0\0\0", 6); /* jmp *0(%rip) */
    at = put(at, &hook, 8);
    memset(at, 0xcc, (size_t)(end - at));
}

int detour_jump(uint8_t jump[JUMP_BYTES], uint64_t at, uint64_t to)
{
    int64_t distance = (int64_t)(to - (at + JUMP_BYTES));
    int32_t d32 = (int32_t)distance;
    jump[0] = 0xe9;
    memcpy(jump + 1, &d32, 4);
    return d32 == distance ? 0 : -1;
}
