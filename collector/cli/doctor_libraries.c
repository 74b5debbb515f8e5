/* doctor_libraries: see doctor_libraries.h. */
#include "collector/cli/doctor_libraries.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

/* ---- a program ---- */

/* The loader is run: only the system's own, which nobody else can have written. */
static int is_trusted(const char *loader)
{
    struct stat st;
    return stat(loader, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Starts LOADER --list PROGRAM; *OUT reads what it says.  Returns 0 or an error number. */
static int spawn_list(const char *loader, const char *program, pid_t *pid, FILE **out)
{
    char *argv[] = {(char *)(uintptr_t)loader, (char *)"--list", (char *)(uintptr_t)program, NULL};
    char library_path[PATH_MAX + 32] = "";
    const char *told = getenv("LD_LIBRARY_PATH");
    char *env[] = {library_path, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (told != NULL)
        snprintf(library_path, sizeof library_path, "LD_LIBRARY_PATH=%s", told);
    if (library_path[0] == '\0')
        env[0] = NULL;
    if (pipe(ends) != 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
    int error = posix_spawn(pid, loader, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = error == 0 ? fdopen(ends[0], "r") : NULL;
    if (*out == NULL)
        close(ends[0]);
    return error;
}

/* "libm.so.6 => /lib/libm.so.6 (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)", "x => not found" */
static void read_line(char *line, struct doctor_lines *found, struct doctor_lines *missing)
{
    line += strspn(line, " \t");
    char *arrow = strstr(line, " => "), *path = arrow != NULL ? arrow + 4 : line;
    char *end = strstr(path, " (0x");
    if (arrow != NULL && strncmp(path, "not found", 9) == 0) {
        doctor_line(missing, xstrndup(line, (size_t)(arrow - line)));
        return;
    }
    if (path[0] == '/' && end != NULL)
        doctor_line(found, xstrndup(path, (size_t)(end - path)));
}

int doctor_libraries_of(const struct lua_file *program, struct doctor_lines *found,
                        struct doctor_lines *missing, struct err *err)
{
    char *line = NULL;
    size_t cap = 0;
    pid_t pid = 0;
    FILE *out = NULL;
    int status = 0;
    if (!is_trusted(program->interpreter))
        return err_set(err, "its libraries were not looked at: %s is not the system's loader",
                       program->interpreter);
    int error = spawn_list(program->interpreter, program->path, &pid, &out);
    if (error != 0)
        return err_set(err, "its libraries were not looked at: %s: %s", program->interpreter,
                       strerror(error));
    while (getline(&line, &cap, out) > 0)
        read_line(line, found, missing);
    free(line);
    fclose(out);
    waitpid(pid, &status, 0);
    if (found->n == 0 && missing->n == 0 && program->needed_n != 0)
        return err_set(err, "its libraries could not be listed");
    return 0;
}

/* ---- a process ---- */

static int process_error(pid_t pid, int error, struct err *err)
{
    if (error == ENOENT || error == ESRCH)
        return err_set(err, "there is no process %d, or it has ended", (int)pid);
    if (error == EACCES || error == EPERM)
        return err_set(err, "process %d belongs to another user: ask as that user, or as root",
                       (int)pid);
    return err_set(err, "process %d can not be looked at: %s", (int)pid, strerror(error));
}

static char *executable_of(pid_t pid)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(link, path, sizeof path);
    return n > 0 ? xstrndup(path, (size_t)n) : NULL;
}

static int is_listed(const struct doctor_lines *lines, const char *path)
{
    for (size_t i = 0; i < lines->n; i++)
        if (strcmp(lines->at[i], path) == 0)
            return 1;
    return 0;
}

/* The sixth field of a line of /proc/PID/maps; NULL: anonymous memory. */
static const char *mapped_path(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    for (int field = 0; field < 5; field++) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    return *line == '/' ? line : NULL;
}

int doctor_process_files(pid_t pid, char **executable, struct doctor_lines *mapped, struct err *err)
{
    char maps[64];
    char *line = NULL;
    size_t cap = 0;
    snprintf(maps, sizeof maps, "/proc/%d/maps", (int)pid);
    *executable = executable_of(pid);
    if (*executable == NULL)
        return process_error(pid, errno, err);
    FILE *f = fopen(maps, "re");
    if (f == NULL)
        return process_error(pid, errno, err);
    while (getline(&line, &cap, f) > 0) {
        const char *path = mapped_path(line);
        if (path != NULL && !is_listed(mapped, path))
            doctor_line(mapped, xstrdup(path));
    }
    free(line);
    fclose(f);
    return 0;
}
