/* view_browser: see view_browser.h. */
#include "collector/cli/view_browser.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

enum { WORDS_MAX = 32 };

/* In the child of a child, so that nobody has to wait for it. */
static void become(char **words, int told)
{
    int null = open("/dev/null", O_RDWR);
    if (fork() != 0)
        _exit(0);
    setsid();
    signal(SIGPIPE, SIG_DFL);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    execvp(words[0], words);
    int error = errno;
    if (write(told, &error, sizeof error) < 0)
        _exit(127);
    _exit(127);
}

/* The pipe closes when the program runs, and speaks when it does not. */
static int start(char **words)
{
    int told[2], error = 0;
    if (pipe2(told, O_CLOEXEC))
        return -1;
    pid_t child = fork();
    if (child == 0)
        become(words, told[1]);
    close(told[1]);
    int failed = child < 0 || read(told[0], &error, sizeof error) > 0;
    close(told[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return failed ? -1 : 0;
}

static char *with_url(const char *word, const char *url)
{
    const char *at = strstr(word, "%s");
    return at ? xformat("%.*s%s%s", (int)(at - word), word, url, at + 2) : xstrdup(word);
}

/* COMMAND's words, and the URL where none of them has a place for it.  No shell. */
static int command_start(char *command, const char *url)
{
    char *words[WORDS_MAX + 2], *save;
    size_t n = 0;
    int placed = 0;
    for (char *w = strtok_r(command, " ", &save); w && n < WORDS_MAX;
         w = strtok_r(NULL, " ", &save)) {
        placed |= strstr(w, "%s") != NULL;
        words[n++] = with_url(w, url);
    }
    if (!placed && n)
        words[n++] = xstrdup(url);
    words[n] = NULL;
    int failed = n ? start(words) : -1;
    while (n)
        free(words[--n]);
    return failed;
}

static int is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

int view_browser_open(const char *url)
{
    int failed = -1;
    if (!is_set("BROWSER") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY"))
        return -1;
    char *list = xstrdup(is_set("BROWSER") ? getenv("BROWSER") : "xdg-open"), *save;
    for (char *c = strtok_r(list, ":", &save); c && failed; c = strtok_r(NULL, ":", &save))
        failed = command_start(c, url);
    free(list);
    return failed;
}
