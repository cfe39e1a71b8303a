// expect: before stb_image.h
#define STBI_INCLUDE_STB_IMAGE_H  // as stb_image.h does
#include "edvr/io/image.hpp"
