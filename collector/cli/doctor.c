/* doctor: tells what of a program can be covered, and why not. */
#include <stdio.h>

#include "collector/cli/cli.h"
#include "collector/util/err.h"

int cmd_doctor(int argc, char **argv)
{
    (void)argc, (void)argv;
    return EXIT_NO_VERDICT;
}
