/* decoder: opens Zydis.  See decoder.h. */
#include "shim/attach/decoder.h"

#include <dlfcn.h>

#include <Zydis/Zydis.h>

#include "shim/real.h"

static struct entry_decoder decoder;
static int ready;

/* The version that the headers describe: structures differ between minor versions. */
static void library_name(char name[32])
{
    static const char pattern[] = "libZydis.so.X.Y";
    for (unsigned i = 0; i < sizeof pattern; i++)
        name[i] = pattern[i];
    name[sizeof pattern - 4] = (char)('0' + ZYDIS_VERSION_MAJOR(ZYDIS_VERSION));
    name[sizeof pattern - 2] = (char)('0' + ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
}

int decoder_open(void)
{
    char name[32];
    if (ready)
        return 0;
    library_name(name);
    void *handle = real.dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        dlerror(); /* the host must not find our failure there */
        return -1;
    }
    *(void **)&decoder.init = dlsym(handle, "ZydisDecoderInit");
    *(void **)&decoder.decode = dlsym(handle, "ZydisDecoderDecodeInstruction");
    ready = decoder.init != NULL && decoder.decode != NULL;
    return ready ? 0 : -1;
}

const struct entry_decoder *decoder_get(void)
{
    return ready ? &decoder : NULL;
}
