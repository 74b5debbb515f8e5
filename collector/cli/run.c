/* run: `modprof run`. */
#include "collector/cli/cli.h"
#include "collector/util/err.h"

int cmd_run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return EXIT_ERROR;
}
