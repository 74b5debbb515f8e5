/* closes: a host that closes all descriptors in the middle, as daemons do; `reuses`: its own files get their numbers.  Says how
 * many of its files are still there after a thread that ran Lua has ended. */
/* LINK: -llua5.4 -lpthread */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/hosts/host.h"

/* Seconds of CPU time before and afterwards. */
static const char busy_text[] =
    "local stop = os.clock() + %s local s = 0 "
    "while os.clock() < stop do for i = 1, 2000 do s = s + i %% 7 end end return 1";

static lua_Integer busy(const char *seconds)
{
    char text[300];
    snprintf(text, sizeof text, busy_text, seconds);
    return host_state(text);
}

enum { FILES = 300 };
static int file[FILES];

static void close_all(void)
{
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
}

static void *thread(void *reuses)
{
    lua_Integer sum = busy("0.1");
    close_all();
    for (int i = 0; reuses != NULL && i < FILES; i++)
        file[i] = open("/dev/null", O_RDONLY);
    sum += busy("1.2");
    printf("ran %d\n", (int)sum);
    return NULL;
}

int main(int argc, char **argv)
{
    struct rlimit room = {1024, 1024};
    pthread_t t;
    struct stat want, is;
    int there = 0, reuses = argc > 1 && !strcmp(argv[1], "reuses");
    setrlimit(RLIMIT_NOFILE, &room);
    pthread_create(&t, NULL, thread, reuses ? argv : NULL);
    pthread_join(t, NULL);
    stat("/dev/null", &want);
    for (int i = 0; reuses && i < FILES; i++)
        there += fstat(file[i], &is) == 0 && is.st_rdev == want.st_rdev;
    printf("there %d\n", there);
    return 0;
}
