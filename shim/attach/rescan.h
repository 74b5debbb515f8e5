/* rescan: looks for objects that came or went; called whenever the loader has been at work.
 *
 * Context: any thread that may hold the loader's lock. */
#ifndef SHIM_ATTACH_RESCAN_H
#define SHIM_ATTACH_RESCAN_H

void rescan(void);

#endif
