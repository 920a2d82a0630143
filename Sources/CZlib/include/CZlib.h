// zlib, as the system ships it.
#ifndef ROENTGEN_CZLIB_H
#define ROENTGEN_CZLIB_H
#include <zlib.h>
#endif
