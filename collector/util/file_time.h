/* file_time: when a file became what it is now. */
#ifndef COLLECTOR_UTIL_FILE_TIME_H
#define COLLECTOR_UTIL_FILE_TIME_H

#include <stdint.h>
#include <sys/stat.h>

static inline uint64_t file_time_ns(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

/* When its text was written, or it came to its place: what is moved or unpacked there keeps the date of its text (nanoseconds
 * since 1970). */
static inline uint64_t file_changed_real_ns(const struct stat *st)
{
    uint64_t text = file_time_ns(&st->st_mtim), place = file_time_ns(&st->st_ctim);
    return text > place ? text : place;
}

#endif
