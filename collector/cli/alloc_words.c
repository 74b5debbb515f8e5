/* alloc_words: see alloc_words.h.  The shim takes them apart for itself (shim/record/config.c). */
#include "collector/cli/alloc_words.h"

#include <regex.h>
#include <stddef.h>

int alloc_words_known(const char *value)
{
    static const char word[] =
        "^((off|exact|c-off|c-exact|no-tag|(c-)?sample(:0*[1-9][0-9]{0,9}[kKmM]?)?|"
        "sites:0*[1-9][0-9]{0,9})(,|$))+$";
    regex_t re;
    if (regcomp(&re, word, REG_EXTENDED | REG_NOSUB) != 0)
        return 1;
    int known = regexec(&re, value, 0, NULL, 0) == 0;
    regfree(&re);
    size_t n = 0;
    while (value[n])
        n++;
    return known && value[n - 1] != ',';
}
