/* collect: `modprof collect`. */
#include "collector/cli/cli.h"
#include "collector/util/err.h"

int cmd_collect(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return EXIT_ERROR;
}
