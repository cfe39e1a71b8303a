// heap-buffer-overflow
// The same mistake as one_too_many, with device memory that is the host's and an address sanitizer.
#include "one_too_many.cu"
