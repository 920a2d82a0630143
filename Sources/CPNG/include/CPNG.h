// libpng behind calls that return a status: `longjmp` never leaves this target.
#ifndef ROENTGEN_CPNG_H
#define ROENTGEN_CPNG_H

/// The version of libpng that is linked, such as "1.6.39".
const char *cpng_version(void);

#endif
