/* report: `modprof report`, the tables for people and programs. */
#include "collector/cli/cli.h"

int cmd_report(int argc, char **argv)
{
    (void)argv;
    return argc < 1;
}
