/* page_bundle: the viewer (viewer/), bundled into one HTML file by the build and made part of the
 * program (page_bundle.S).  Empty where Node was missing when it was built. */
#ifndef COLLECTOR_OUTPUT_PAGE_BUNDLE_H
#define COLLECTOR_OUTPUT_PAGE_BUNDLE_H

extern const char page_bundle[], page_bundle_end[];

#endif
