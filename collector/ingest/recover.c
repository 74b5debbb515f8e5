/* recover: see recover.h. */
#include "collector/ingest/recover.h"

int recover_from_fd(int fd, int out_fd, int status, struct err *err)
{
    (void)fd;
    (void)out_fd;
    (void)status;
    return err_set(err, "recovery is being written");
}

enum recover_result recover_trace_file(const char *trace_path, const char *arena_path,
                                       unsigned pid, struct err *err)
{
    (void)trace_path;
    (void)arena_path;
    (void)pid;
    (void)err;
    return RECOVER_NOTHING;
}
