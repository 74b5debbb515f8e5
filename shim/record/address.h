/* address: "unix:/path" or "tcp:host:port" as a socket address.
 *
 * Names are not looked up (that allocates and waits): hosts are numeric, or "localhost". */
#ifndef SHIM_RECORD_ADDRESS_H
#define SHIM_RECORD_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } sa;
    socklen_t n;
};

/* Returns 0, or -1 where TEXT is no such address. */
int address_parse(struct address *a, const char *text);

#endif
