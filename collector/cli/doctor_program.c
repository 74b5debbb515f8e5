/* doctor_program: follows a program's name to the executable.  See doctor_program.h. */
#include "collector/cli/doctor_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

enum { SCRIPTS_MAX = 6, HEAD_BYTES = 4096, SCRIPT_BYTES = 65536 };

static void add_step(struct doctor_program *p, char *sentence)
{
    p->step = xgrow(p->step, p->step_n, &p->step_cap, sizeof *p->step);
    p->step[p->step_n++] = sentence;
}

static int is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Where execvp would find NAME; the caller frees it.  NULL: nowhere. */
static char *find_in_path(const char *name)
{
    if (strchr(name, '/') != NULL)
        return access(name, F_OK) == 0 ? xstrdup(name) : NULL;
    const char *path = getenv("PATH");
    if (path == NULL || *path == '\0')
        path = "/usr/local/bin:/usr/bin:/bin";
    while (1) {
        size_t n = strcspn(path, ":");
        char *file = n != 0 ? xformat("%.*s/%s", (int)n, path, name) : xformat("./%s", name);
        if (is_executable(file))
            return file;
        free(file);
        if (path[n] == '\0')
            return NULL;
        path += n + 1;
    }
}

/* The first bytes of a file, with a NUL behind; the caller frees them.  NULL: it can not be read. */
static char *read_head(const char *path, size_t limit)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    char *text = xcalloc(limit + 1, 1);
    ssize_t n = read(fd, text, limit);
    close(fd);
    if (n >= 0)
        return text;
    free(text);
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The next word at *AT, in a buffer of its own; the caller frees it.  NULL: the line ends. */
static char *next_word(const char **at)
{
    *at += strspn(*at, " \t");
    size_t n = strcspn(*at, " \t\r\n");
    if (n == 0)
        return NULL;
    char *word = xstrndup(*at, n);
    *at += n;
    return word;
}

/* What `env` would start: options and assignments are passed over. */
static char *env_program(const char *line)
{
    char *word;
    while ((word = next_word(&line)) != NULL) {
        int skip = word[0] == '-' || strchr(word, '=') != NULL;
        if (!skip)
            return word;
        free(word);
    }
    return NULL;
}

/* The interpreter that line "#!..." names; the caller frees it. */
static char *interpreter_of(const char *head)
{
    const char *line = head + 2;
    char *first = next_word(&line);
    if (first == NULL || strcmp(base_name(first), "env") != 0)
        return first;
    char *program = env_program(line);
    free(first);
    return program;
}

/* ---- scripts that start something else ---- */

/* The value of "-- KEY: value" among the first lines; the caller frees it. */
static char *header_value(const char *head, const char *key)
{
    for (const char *line = head; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = line;
        if (strncmp(p, "--", 2) != 0)
            continue;
        p += 2;
        p += strspn(p, " \t");
        if (strncasecmp(p, key, strlen(key)) != 0)
            continue;
        p += strlen(key);
        p += strspn(p, " \t");
        if (*p++ != ':')
            continue;
        p += strspn(p, " \t");
        size_t n = strcspn(p, "\r\n");
        while (n != 0 && strchr(" \t", p[n - 1]) != NULL)
            n--;
        return xstrndup(p, n);
    }
    return NULL;
}

/* Debian's lua-any starts the first Lua that is installed of those the script names. */
static char *lua_any_choice(const char *head)
{
    char *versions = header_value(head, "Lua-Versions"), *root = header_value(head, "Lua-Root");
    const char *at = versions != NULL ? versions : "";
    char *word, *found = NULL;
    while (found == NULL && (word = next_word(&at)) != NULL) {
        char *path = xformat("%s%s", root != NULL && *root != '\0' ? root : "/usr/bin/lua", word);
        if (is_executable(path))
            found = path;
        else
            free(path);
        free(word);
    }
    free(versions);
    free(root);
    return found;
}

static int is_shell(const char *path)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(base_name(path), shells[i]) == 0)
            return 1;
    return 0;
}

static char *unquote(char *word)
{
    size_t n = strlen(word);
    if (n >= 2 && (word[0] == '"' || word[0] == '\'') && word[n - 1] == word[0]) {
        memmove(word, word + 1, n - 2);
        word[n - 2] = '\0';
    }
    return word;
}

/* The program behind the last `exec` at the begin of a line; NULL: none that can be read off. */
static char *shell_exec_target(const char *path)
{
    char *text = read_head(path, SCRIPT_BYTES), *found = NULL;
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += strspn(line, "\n \t");
        if (strncmp(line, "exec", 4) != 0 || (line[4] != ' ' && line[4] != '\t'))
            continue;
        const char *at = line + 4;
        char *word = next_word(&at);
        char *file =
            word != NULL && strpbrk(unquote(word), "$`<>\\") == NULL ? find_in_path(word) : NULL;
        free(word);
        if (file != NULL) {
            free(found);
            found = file;
        }
    }
    free(text);
    return found;
}

/* ---- following ---- */

/* What SCRIPT, run by INTERPRETER, starts in its place; NULL: INTERPRETER is what runs. */
static char *started_by(struct doctor_program *p, const char *script, const char *head,
                        const char *interpreter)
{
    char *next = NULL;
    if (strcmp(base_name(interpreter), "lua-any") == 0) {
        next = lua_any_choice(head);
        if (next != NULL)
            add_step(p, xformat("lua-any starts the first Lua that the script names and that is "
                                "installed: %s",
                                next));
    } else if (is_shell(interpreter)) {
        next = shell_exec_target(script);
        if (next != NULL)
            add_step(p, xformat("it ends by starting %s", next));
        else
            p->shell = 1;
    }
    return next;
}

/* One step from the script at p->executable.  Returns 1: there may be more; 0: the end; -1: ERR. */
static int follow(struct doctor_program *p, struct err *err)
{
    char *head = read_head(p->executable, HEAD_BYTES);
    if (head == NULL)
        return err_set(err, "%s can not be read: %s", p->executable, strerror(errno));
    if (strncmp(head, "#!", 2) != 0) {
        free(head);
        return 0;
    }
    char *name = interpreter_of(head);
    char *interpreter = name != NULL ? find_in_path(name) : NULL;
    if (interpreter == NULL) {
        err_set(err, "%s is a script for %s, which was not found", p->executable,
                name != NULL ? name : "nothing");
        free(name);
        free(head);
        return -1;
    }
    add_step(p, xformat("%s is a script for %s", p->executable, interpreter));
    char *next = started_by(p, p->executable, head, interpreter);
    free(name);
    free(head);
    free(p->executable);
    if (next != NULL)
        free(interpreter);
    p->executable = next != NULL ? next : interpreter;
    return 1;
}

int doctor_program_find(struct doctor_program *p, const char *program, struct err *err)
{
    memset(p, 0, sizeof *p);
    p->executable = find_in_path(program);
    if (p->executable == NULL)
        return err_set(err, "%s was not found%s", program,
                       strchr(program, '/') != NULL ? "" : " in PATH");
    p->found = xstrdup(p->executable);
    for (int i = 0; i < SCRIPTS_MAX; i++) {
        int more = follow(p, err);
        if (more <= 0)
            return more;
    }
    return err_set(err, "%s: too many scripts one behind the other", program);
}

void doctor_program_release(struct doctor_program *p)
{
    for (size_t i = 0; i < p->step_n; i++)
        free(p->step[i]);
    free(p->step);
    free(p->found);
    free(p->executable);
    memset(p, 0, sizeof *p);
}
