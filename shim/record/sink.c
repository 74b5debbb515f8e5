/* sink: picks the sink.  See sink.h. */
#include "shim/record/sink.h"

#include <string.h>

#include "shim/record/config.h"

static const struct sink_kind *sink = &sink_file;

static int begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

int sink_wants_arena(void)
{
    return begins(config.out, "unix:");
}

void sink_open(int arena_fd)
{
    sink = begins(config.out, "unix:") || begins(config.out, "tcp:") ? &sink_socket : &sink_file;
    sink->open(arena_fd);
}

int sink_ready(int last)
{
    return sink->ready(last);
}

int sink_write(const uint8_t *frame, size_t n)
{
    return sink->write(frame, n);
}

int sink_renewed(void)
{
    return sink->renewed();
}

uint32_t sink_lost_later(void)
{
    return sink->lost_later();
}

int sink_flush(void)
{
    return sink->flush();
}

void sink_close(void)
{
    sink->close();
}

void sink_forget(void)
{
    sink->close();
}
