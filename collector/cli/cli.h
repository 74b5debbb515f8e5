/* cli: what the commands of `modprof` share: their entry points and how they speak about usage.
 *
 * A command is `int cmd_<name>(int argc, char **argv)` in collector/cli/<name>.c; argv[0] is the
 * command's name.  It returns an exit status (collector/util/err.h). */
#ifndef COLLECTOR_CLI_CLI_H
#define COLLECTOR_CLI_CLI_H

int cmd_run(int argc, char **argv);
int cmd_collect(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_flame(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_view(int argc, char **argv);

/* Says on stderr "modprof COMMAND: TEXT" and where the help is; returns EXIT_USAGE. */
int cli_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says on stderr "modprof COMMAND: TEXT"; returns EXIT_ERROR. */
int cli_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
