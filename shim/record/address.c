/* address: see address.h. */
#include "shim/record/address.h"

#include <arpa/inet.h>
#include <string.h>

static int parse_unix(struct address *a, const char *path)
{
    size_t n = strlen(path);
    if (path[0] != '/' || n >= sizeof a->sa.un.sun_path)
        return -1;
    a->sa.un.sun_family = AF_UNIX;
    memcpy(a->sa.un.sun_path, path, n + 1);
    a->n = sizeof a->sa.un;
    return 0;
}

static int parse_port(const char *s, in_port_t *port)
{
    unsigned v = 0;
    if (!*s)
        return -1;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || (v = v * 10 + (unsigned)(*s - '0')) > 65535)
            return -1;
    }
    *port = htons((uint16_t)v);
    return v ? 0 : -1;
}

/* HOST of N bytes, in brackets for version 6. */
static int parse_host(struct address *a, const char *host, size_t n, in_port_t port)
{
    char z[INET6_ADDRSTRLEN + 1];
    int six = n > 2 && host[0] == '[' && host[n - 1] == ']';
    if (six) {
        host++;
        n -= 2;
    }
    if (n >= sizeof z)
        return -1;
    memcpy(z, host, n);
    z[n] = 0;
    if (six) {
        a->sa.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        a->n = sizeof a->sa.in6;
        return inet_pton(AF_INET6, z, &a->sa.in6.sin6_addr) == 1 ? 0 : -1;
    }
    a->sa.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    a->n = sizeof a->sa.in;
    const char *number = strcmp(z, "localhost") == 0 ? "127.0.0.1" : z;
    return inet_pton(AF_INET, number, &a->sa.in.sin_addr) == 1 ? 0 : -1;
}

int address_parse(struct address *a, const char *text)
{
    memset(a, 0, sizeof *a);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(a, text + 5);
    const char *colon = strrchr(text, ':');
    in_port_t port;
    if (strncmp(text, "tcp:", 4) != 0 || colon < text + 4 || parse_port(colon + 1, &port))
        return -1;
    return parse_host(a, text + 4, (size_t)(colon - (text + 4)), port);
}
