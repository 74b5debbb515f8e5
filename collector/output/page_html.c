/* page_html: see page_html.h. */
#include "collector/output/page_html.h"

#include <string.h>

#include "collector/output/page_bundle.h"
#include "collector/output/page_write.h"
#include "collector/util/base64_file.h"
#include "collector/util/gzip_file.h"

static const char placeholder[] = "<!--modprof-data-->";
static const char policy_begin[] = "http-equiv=\"Content-Security-Policy\" content=\"";

enum { LEVEL = 6 };

static size_t bundle_n(void)
{
    return (size_t)(page_bundle_end - page_bundle);
}

static const char *place(void)
{
    return memmem(page_bundle, bundle_n(), placeholder, sizeof placeholder - 1);
}

int page_html_check(struct err *err)
{
    if (place())
        return 0;
    return err_set(err,
                   "this modprof was built without the viewer, because Node.js or a package of "
                   "it was missing: install nodejs and npm, run `make viewer` and `make`, and "
                   "look at what it says; `modprof report` and `modprof flame` do without");
}

static void before(FILE *out)
{
    fwrite(page_bundle, 1, (size_t)(place() - page_bundle), out);
}

static void behind(FILE *out)
{
    const char *from = place() + sizeof placeholder - 1;
    fwrite(from, 1, (size_t)(page_bundle_end - from), out);
}

/* Base64, so that nothing in the data can end the element. */
static void data(const struct page *p, FILE *out)
{
    FILE *text = base64_file_open(out);
    FILE *packed = text ? gzip_file_open(text, LEVEL) : NULL;
    if (packed) {
        page_json(p, packed);
        fclose(packed);
    }
    if (text)
        fclose(text);
}

void page_html_file(const struct page *p, FILE *out)
{
    before(out);
    fputs("<script type=\"application/octet-stream\" id=\"modprof-page\">\n", out);
    data(p, out);
    fputs("</script>", out);
    behind(out);
}

void page_html_served(const char *url, FILE *out)
{
    before(out);
    fputs("<script type=\"application/json\" id=\"modprof-page-url\">{\"url\":", out);
    page_text(out, url);
    fputs("}</script>", out);
    behind(out);
}

const char *page_html_policy(size_t *n)
{
    const char *at = memmem(page_bundle, bundle_n(), policy_begin, sizeof policy_begin - 1);
    const char *end;
    if (!at)
        return NULL;
    at += sizeof policy_begin - 1;
    end = memchr(at, '"', (size_t)(page_bundle_end - at));
    *n = end ? (size_t)(end - at) : 0;
    return end ? at : NULL;
}
