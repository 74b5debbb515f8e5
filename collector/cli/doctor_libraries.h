/* doctor_libraries: which libraries a program is linked to, or a process has mapped.
 *
 * Context: `modprof doctor`. */
#ifndef COLLECTOR_CLI_DOCTOR_LIBRARIES_H
#define COLLECTOR_CLI_DOCTOR_LIBRARIES_H

#include "collector/cli/doctor_look.h"

/* Asks the program's own loader (without running the program): paths to FOUND, names that it can
 * not find to MISSING.  Returns 0, or -1 with ERR. */
int doctor_libraries_of(const struct lua_file *program, struct doctor_lines *found,
                        struct doctor_lines *missing, struct err *err);

/* The executable of process PID (freed by the caller) and all files it has mapped.  Returns 0, or -1
 * with ERR: no such process, or another user's. */
int doctor_process_files(pid_t pid, char **executable, struct doctor_lines *mapped,
                         struct err *err);

#endif
