/* empty_dir: is nothing in a folder? */
#ifndef COLLECTOR_UTIL_EMPTY_DIR_H
#define COLLECTOR_UTIL_EMPTY_DIR_H

/* 1 where DIR can be read and nothing is in it. */
int empty_dir(const char *dir);

#endif
