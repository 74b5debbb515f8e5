/* doctor_look: looks at a program, or a process, and decides what can be covered.  See
 * doctor_look.h. */
#include "collector/cli/doctor_look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "collector/cli/doctor_libraries.h"
#include "collector/util/xalloc.h"

void doctor_line(struct doctor_lines *lines, char *line)
{
    lines->at = xgrow(lines->at, lines->n, &lines->cap, sizeof *lines->at);
    lines->at[lines->n++] = line;
}

static void lines_release(struct doctor_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        free(lines->at[i]);
    free(lines->at);
}

void doctor_release(struct doctor *d)
{
    for (size_t i = 0; i < d->object_n; i++)
        lua_file_release(&d->object[i]);
    free(d->object);
    doctor_program_release(&d->program);
    lines_release(&d->obstacle);
    lines_release(&d->remark);
    lines_release(&d->advice);
    free(d->asked);
    memset(d, 0, sizeof *d);
}

/* ---- objects ---- */

/* PATH is where to read it, NAME what people call it.  An unreadable library is a remark. */
static int add_object(struct doctor *d, const char *path, const char *name, struct err *err)
{
    struct err own = {""};
    d->object = xgrow(d->object, d->object_n, &d->object_cap, sizeof *d->object);
    struct lua_file *f = &d->object[d->object_n];
    if (lua_file_read(f, path, &own) != 0) {
        lua_file_release(f);
        if (d->object_n == 0)
            return err_set(err, "%s", own.text);
        doctor_line(&d->remark, xstrdup(own.text));
        return 0;
    }
    if (!f->elf && d->object_n != 0) { /* mapped data */
        lua_file_release(f);
        return 0;
    }
    free(f->path);
    f->path = xstrdup(name);
    d->object_n++;
    return 0;
}

/* AddressSanitizer's run-time library ends a program in which another library comes before it. */
static void look_for_sanitizer(struct doctor *d, const char *library)
{
    if (strstr(library, "/libasan.so.") != NULL)
        doctor_line(&d->remark,
                    xstrdup("it is made with AddressSanitizer, which refuses to run with anything "
                            "preloaded: set ASAN_OPTIONS=verify_asan_link_order=0"));
}

static void add_libraries(struct doctor *d)
{
    struct doctor_lines found = {0}, missing = {0};
    struct err err = {""};
    if (doctor_libraries_of(&d->object[0], &found, &missing, &err) != 0)
        doctor_line(&d->remark, xstrdup(err.text));
    for (size_t i = 0; i < found.n; i++) {
        look_for_sanitizer(d, found.at[i]);
        add_object(d, found.at[i], found.at[i], &err);
    }
    for (size_t i = 0; i < missing.n; i++)
        doctor_line(&d->remark, xformat("%s, which it needs, was not found", missing.at[i]));
    lines_release(&found);
    lines_release(&missing);
}

/* ---- what stands in the way of everything ---- */

static void look_at_privileges(struct doctor *d, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    int other_user = (st.st_mode & S_ISUID) && st.st_uid != getuid();
    int other_group = (st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid();
    int capable = getxattr(path, "security.capability", NULL, 0) > 0 && getuid() != 0;
    if (other_user || other_group || capable)
        doctor_line(&d->obstacle,
                    xformat("it runs with privileges of its own (%s): the system then ignores "
                            "LD_PRELOAD, and the shim would stay dormant",
                            other_user    ? "set-user-id"
                            : other_group ? "set-group-id"
                                          : "file capabilities"));
}

static void look_at_executable(struct doctor *d, const char *path)
{
    const struct lua_file *f = &d->object[0];
    if (!f->elf)
        doctor_line(&d->obstacle, xstrdup("it is neither an ELF executable nor a script"));
    else if (!f->x86_64)
        doctor_line(&d->obstacle, xformat("it is for %s; the shim is for x86-64", f->machine));
    else if (f->program && f->interpreter == NULL)
        doctor_line(&d->obstacle, xstrdup("it is linked statically: there is no dynamic loader "
                                          "that would preload anything"));
    else if (f->interpreter != NULL && strstr(f->interpreter, "ld-linux") == NULL)
        doctor_line(&d->obstacle,
                    xformat("its loader is %s; the shim is made for glibc's", f->interpreter));
    look_at_privileges(d, path);
}

/* ---- the verdict ---- */

char *doctor_coverage(const struct lua_file *f)
{
    if (f->version.flavour == LUA_FLAVOUR_UNKNOWN)
        return xstrdup("not covered: its version can not be told");
    if (f->version.flavour != LUA_FLAVOUR_54)
        return xstrdup("not covered: only Lua 5.4 is supported; it runs on untouched");
    if (f->nameless)
        return xstrdup("not covered: it was stripped of the names of Lua's functions; a build that "
                       "keeps its symbols, or exports them, can be");
    if (f->missing != NULL)
        return xformat("not covered: %s was not found in it", f->missing);
    size_t n = lua_file_movable_n(f);
    if (n == LUA_FILE_HOOK_N)
        return xformat("can be covered, all %d functions", LUA_FILE_HOOK_N);
    return xformat("%zu of %d functions can be covered", n, LUA_FILE_HOOK_N);
}

static void count_copies(const struct doctor *d, size_t *luas, size_t *whole, size_t *some)
{
    *luas = *whole = *some = 0;
    for (size_t i = 0; i < d->object_n; i++) {
        const struct lua_file *f = &d->object[i];
        if (!f->lua)
            continue;
        size_t n = lua_file_movable_n(f);
        ++*luas;
        *whole += n == LUA_FILE_HOOK_N;
        *some += n != 0 && n != LUA_FILE_HOOK_N;
    }
}

static int opens_libraries(const struct doctor *d)
{
    for (size_t i = 0; i < d->object_n; i++)
        if (d->object[i].imports_dlopen)
            return 1;
    return 0;
}

static void decide(struct doctor *d)
{
    size_t luas, whole, some;
    count_copies(d, &luas, &whole, &some);
    if (d->obstacle.n != 0)
        d->verdict = DOCTOR_NOT;
    else if (luas == 0)
        d->verdict = DOCTOR_NO_LUA;
    else if (whole + some == 0)
        d->verdict = DOCTOR_NOT;
    else
        d->verdict = some != 0 ? DOCTOR_PARTLY : DOCTOR_COVERED;
}

/* Until 5.4.1 no call is marked as one that begins a frame of the VM, and which C frame is whose can not be told. */
static int has_no_lua_frames(const struct lua_file *f)
{
    return strcmp(f->version.name, "Lua 5.4.0") == 0 || strcmp(f->version.name, "Lua 5.4.1") == 0;
}

static void remark_objects(struct doctor *d)
{
    for (size_t i = 0; i < d->object_n; i++) {
        const struct lua_file *f = &d->object[i];
        if (i == 0 && f->defines_malloc)
            doctor_line(&d->remark, xstrdup("the executable brings its own malloc: C allocation "
                                            "is not covered; Lua's is"));
        if (f->lua && has_no_lua_frames(f))
            doctor_line(&d->remark,
                        xformat("%s in %s: CPU samples and places of allocation hold no "
                                "Lua functions before 5.4.2",
                                f->version.name, f->path));
        if (f->defines_ffi_call)
            doctor_line(&d->remark, xformat("libffi in %s: calls through it are counted once Lua "
                                            "is there",
                                            f->path));
    }
}

static void advise_program(struct doctor *d)
{
    if (d->program.shell)
        doctor_line(&d->advice, xstrdup("it is a shell script: ask about the program that it "
                                        "starts; under `modprof run` that one is profiled too"));
    else if (d->verdict == DOCTOR_NO_LUA && opens_libraries(d))
        doctor_line(&d->advice, xstrdup("it can open libraries while it runs, and Lua may come "
                                        "with one; then look with `modprof doctor PID`"));
    else if (d->verdict == DOCTOR_NOT && d->obstacle.n == 0 && d->program.step_n != 0)
        doctor_line(&d->advice, xformat("the script may run under Lua 5.4 as well: "
                                        "modprof run -- lua5.4 %s",
                                        d->program.found));
    else if (d->verdict == DOCTOR_COVERED || d->verdict == DOCTOR_PARTLY)
        doctor_line(&d->advice, d->object[0].program
                                    ? xformat("modprof run -- %s", d->asked)
                                    : xstrdup("in every program that opens it under "
                                              "`modprof run`"));
}

int doctor_look_program(struct doctor *d, const char *program, struct err *err)
{
    memset(d, 0, sizeof *d);
    d->asked = xstrdup(program);
    if (doctor_program_find(&d->program, program, err) != 0)
        return -1;
    const char *path = d->program.executable;
    if (add_object(d, path, path, err) != 0)
        return -1;
    look_at_executable(d, path);
    if (d->object[0].elf && d->object[0].interpreter != NULL)
        add_libraries(d);
    decide(d);
    remark_objects(d);
    advise_program(d);
    return 0;
}

/* ---- a process ---- */

/* The arena of a file sink is made without a name, and keeps "#inode" in the list of mappings. */
static int is_arena(const char *path)
{
    return strncmp(path, "/dev/shm/modprof.", 17) == 0 || strncmp(path, "/dev/shm/#", 10) == 0 ||
           strncmp(path, "/memfd:modprof", 14) == 0;
}

static void note_shim(struct doctor *d, const struct doctor_lines *mapped)
{
    for (size_t i = 0; i < mapped->n; i++)
        if (strstr(mapped->at[i], "/libmodprof.so") != NULL)
            d->shim = SHIM_DORMANT;
    for (size_t i = 0; i < mapped->n; i++)
        if (d->shim == SHIM_DORMANT && is_arena(mapped->at[i]))
            d->shim = SHIM_ACTIVE;
}

/* Files are read through the process's own view of the file system. */
static void add_mapped(struct doctor *d, const struct doctor_lines *mapped)
{
    struct err err;
    note_shim(d, mapped);
    for (size_t i = 0; i < mapped->n; i++) {
        const char *path = mapped->at[i];
        if (path[0] != '/' || strcmp(path, d->program.executable) == 0 ||
            strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/memfd:", 7) == 0 ||
            strstr(path, "/libmodprof.so") != NULL)
            continue;
        char *seen_from_there = xformat("/proc/%d/root%s", (int)d->pid, path);
        add_object(d, seen_from_there, path, &err);
        free(seen_from_there);
    }
}

static void advise_process(struct doctor *d)
{
    if (d->verdict == DOCTOR_NOT)
        return;
    if (d->shim == SHIM_ABSENT)
        doctor_line(&d->advice, xstrdup("the shim is not in this process and can not be added "
                                        "while it runs: start it again under `modprof run`"));
    else if (d->verdict == DOCTOR_NO_LUA)
        doctor_line(&d->advice, xstrdup("no Lua has come yet; the shim waits for one"));
}

int doctor_look_process(struct doctor *d, pid_t pid, struct err *err)
{
    struct doctor_lines mapped = {0};
    memset(d, 0, sizeof *d);
    d->asked = xformat("%d", (int)pid);
    d->pid = pid;
    d->shim = SHIM_ABSENT;
    if (doctor_process_files(pid, &d->program.executable, &mapped, err) != 0)
        return -1;
    char *exe = xformat("/proc/%d/exe", (int)pid);
    int status = add_object(d, exe, d->program.executable, err);
    if (status == 0) {
        look_at_executable(d, exe);
        add_mapped(d, &mapped);
        decide(d);
        remark_objects(d);
        advise_process(d);
    }
    free(exe);
    lines_release(&mapped);
    return status;
}
