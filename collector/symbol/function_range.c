/* function_range: see function_range.h. */
#include "collector/symbol/function_range.h"

#include <string.h>

/* Where functions begin: a sorted table of pairs of 32-bit numbers, relative to the section. */
int function_range_end(Elf *elf, uint64_t begin, uint64_t *end)
{
    Elf_Scn *scn = NULL;
    size_t strings;
    if (elf_getshdrstrndx(elf, &strings))
        return -1;
    while ((scn = elf_nextscn(elf, scn))) {
        static const uint8_t expected[] = {1, 0x1b, 0x03, 0x3b};
        GElf_Shdr sh;
        const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name) : NULL;
        if (!name || strcmp(name, ".eh_frame_hdr"))
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        if (!data || data->d_size < 12 || memcmp(data->d_buf, expected, sizeof expected))
            return -1;
        int here = 0;
        for (size_t at = 12; at + 8 <= data->d_size; at += 8) {
            int32_t offset;
            memcpy(&offset, (const char *)data->d_buf + at, sizeof offset);
            uint64_t from = sh.sh_addr + (uint64_t)(int64_t)offset;
            if (here && from > begin) {
                *end = from;
                return 0;
            }
            here |= from == begin;
        }
    }
    return -1;
}
