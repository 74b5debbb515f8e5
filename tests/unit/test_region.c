/* region: memory that is there before it is touched, and outlives its process. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/record/pages.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"

static char code[200];

static int set_up(void **state)
{
    (void)state;
    if (region_create())
        return -1;
    for (int i = 0; i < 200; i++)
        function_index(&code[i], FUNCTION_LUA_C, 0, NULL);
    intern_z("before");
    slot_get()->calls[199].down_base = 7;
    return 0;
}

static void a_move_into_a_file_changes_nothing_else(void **state)
{
    struct arena *before = arena;
    struct stat st;
    uint64_t n;
    (void)state;
    assert_int_equal(region_share(NULL), 0);
    assert_ptr_equal(arena, before);
    assert_int_equal(slot_get()->calls[199].down_base, 7);
    assert_int_equal(stat(arena->process.arena_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    slot_get()->calls[199].down_base = 8;
    int fd = open(arena->process.arena_path, O_RDONLY);
    assert_int_equal(
        pread(fd, &n, sizeof n, (char *)&slot_get()->calls[199].down_base - (char *)arena),
        sizeof n);
    assert_int_equal(n, 8);
    close(fd);
    /* What is on disk is what was reserved, not the whole. */
    assert_true((uint64_t)st.st_blocks * 512 <= region_bytes() + 65536);
    assert_true(region_bytes() < 512 * 1024);
}

static void memory_asked_for_later_is_there(void **state)
{
    struct stat before, after;
    (void)state;
    void *at = &arena->threads[5].calls[3000];
    assert_false(pages_held((size_t)((char *)at - (char *)arena) / PAGE_BYTES,
                            (size_t)((char *)at - (char *)arena) / PAGE_BYTES + 1));
    stat(arena->process.arena_path, &before);
    errno = 77;
    assert_int_equal(region_reserve(at, 64), 0);
    assert_int_equal(errno, 77);
    stat(arena->process.arena_path, &after);
    assert_true(after.st_blocks > before.st_blocks);
}

/* Pages behind the end of a file raise SIGBUS when touched, as they do when there is no memory
 * for them. */
static void memory_that_can_not_be_had_is_an_error(void **state)
{
    (void)state;
    int fd = memfd_create("short", 0);
    assert_int_equal(ftruncate(fd, PAGE_BYTES), 0);
    char *p = mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_int_equal(pages_provide(p, PAGE_BYTES), 0);
    assert_int_equal(pages_provide(p, 3 * PAGE_BYTES), -1);
    assert_int_equal(pages_provide(p + 2 * PAGE_BYTES, PAGE_BYTES), -1);
    munmap(p, 4 * PAGE_BYTES);
    close(fd);
}

static int in_child(int (*check)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(check());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int child_has_its_own(void)
{
    uint64_t pid = arena->process.pid;
    if (region_fork_child())
        return 1;
    if (arena->process.pid != (uint64_t)getpid() || arena->process.forked_from != pid)
        return 2;
    if (snapshot_down_n(slot_get(), 199) != 0 || arena->functions[199].address == 0)
        return 3;
    slot_get()->calls[199].down_base = 1000;
    if (intern_z("before") != 0 && arena->strings_emitted != 0)
        return 4;
    if (region_share(NULL) || slot_get()->calls[199].down_base != 1000)
        return 5;
    if (atomic_load(&slot_get()->owner_tid) != (uint32_t)getpid())
        return 6;
    region_remove();
    return 0;
}

static void a_child_has_memory_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(in_child(child_has_its_own), 0);
    assert_int_equal(slot_get()->calls[199].down_base, 8);
    assert_int_equal(arena->process.pid, (uint64_t)getpid());
    assert_int_equal(access(arena->process.arena_path, F_OK), 0);
}

static int child_of_vfork_like(void)
{
    region_remove(); /* not its file */
    return 0;
}

static void another_process_does_not_remove_the_file(void **state)
{
    (void)state;
    assert_int_equal(in_child(child_of_vfork_like), 0);
    assert_int_equal(access(arena->process.arena_path, F_OK), 0);
}

static void the_file_goes_and_the_memory_stays(void **state)
{
    (void)state;
    region_remove();
    assert_int_equal(access(arena->process.arena_path, F_OK), -1);
    slot_get()->calls[199].down_base++;
    assert_int_equal(slot_get()->calls[199].down_base, 9);
}

/* A larger file than the host may write would bring it SIGXFSZ. */
static int limited_child(void)
{
    struct rlimit l = {1 << 20, RLIM_INFINITY};
    if (region_fork_child() || setrlimit(RLIMIT_FSIZE, &l))
        return 1;
    return region_share(NULL) == -1 && !arena->process.arena_path[0] ? 0 : 2;
}

static void the_limit_on_file_size_is_kept(void **state)
{
    (void)state;
    assert_int_equal(in_child(limited_child), 0);
}

static int memfd_child(void)
{
    int fd;
    uint64_t magic = 0;
    if (region_fork_child() || region_share(&fd) || fd < 0)
        return 1;
    if (pread(fd, &magic, sizeof magic, 0) != sizeof magic || magic != ARENA_MAGIC)
        return 2;
    return arena->process.arena_path[0] ? 3 : 0;
}

static void a_memfd_is_for_a_collector(void **state)
{
    (void)state;
    assert_int_equal(in_child(memfd_child), 0);
}

/* As on a kernel that does not know MADV_POPULATE_WRITE. */
static int old_kernel(void)
{
    struct sock_filter code_[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog filter = {4, code_};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return 1;
    int fd = memfd_create("short", 0);
    if (ftruncate(fd, 2 * PAGE_BYTES))
        return 2;
    uint32_t *p = mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *p = 12345;
    if (pages_provide(p, 2 * PAGE_BYTES) || *p != 12345)
        return 3;
    return pages_provide(p, 4 * PAGE_BYTES) == -1 ? 0 : 4;
}

static void an_older_kernel_provides_pages_too(void **state)
{
    (void)state;
    assert_int_equal(in_child(old_kernel), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_move_into_a_file_changes_nothing_else),
        cmocka_unit_test(memory_asked_for_later_is_there),
        cmocka_unit_test(memory_that_can_not_be_had_is_an_error),
        cmocka_unit_test(an_older_kernel_provides_pages_too),
        cmocka_unit_test(a_child_has_memory_of_its_own),
        cmocka_unit_test(another_process_does_not_remove_the_file),
        cmocka_unit_test(the_limit_on_file_size_is_kept),
        cmocka_unit_test(a_memfd_is_for_a_collector),
        cmocka_unit_test(the_file_goes_and_the_memory_stays),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
