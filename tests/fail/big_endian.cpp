// expect: a little-endian machine is expected
#undef __BYTE_ORDER__
#define __BYTE_ORDER__ __ORDER_BIG_ENDIAN__
#include "edvr/core/platform.hpp"
