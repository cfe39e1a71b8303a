// expect: edvr/cuda.hpp needs a CUDA compiler
#include "edvr/cuda.hpp"
