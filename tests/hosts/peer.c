/* peer: a bad collector: peer MODE ADDRESS, where ADDRESS is a path or a port on loopback. */
/* LINK: */
/* MODE: hang (accepts, never reads), full (never accepts), die (reads 1,000 bytes and ends),
 * close (accepts and closes, for ever), talk (answers nonsense, and reads nothing).
 * Ends by itself after 30 seconds. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *address)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int port = atoi(address), fd;
    if (port) {
        in.sin_port = htons((unsigned short)port);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        int on = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&in, sizeof in))
            return -1;
    } else {
        snprintf(un.sun_path, sizeof un.sun_path, "%s", address);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&un, sizeof un))
            return -1;
    }
    return listen(fd, 1) ? -1 : fd;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const char *mode = argv[1];
    signal(SIGPIPE, SIG_IGN);
    alarm(30);
    int fd = listen_at(argv[2]);
    if (fd < 0)
        return 1;
    while (strcmp(mode, "full")) {
        int peer = accept(fd, NULL, NULL);
        char some[1000];
        if (!strcmp(mode, "die")) {
            if (read(peer, some, sizeof some) >= 0)
                _exit(0);
        } else if (!strcmp(mode, "close"))
            close(peer);
        else if (!strcmp(mode, "talk"))
            while (write(peer, "nonsense\n", 9) == 9)
                usleep(1000);
    }
    for (;;)
        pause();
}
