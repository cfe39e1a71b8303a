#include <edvr/edvr.hpp>
#ifdef WITH_IO
#include <edvr/io.hpp>
#endif
#include <iostream>

int main() {
  auto const x = edvr::normal<float>({1, 8, 6, 6}, 1), w = edvr::normal<float>({8, 8, 3, 3}, 2);
  auto const y = edvr::eval(x + edvr::relu(edvr::conv2d(x, w, {.padding = 1})));
  std::cout << y.shape()[1] << '\n';
#ifdef WITH_IO
  edvr::write_png("consumer.png", edvr::to_8bit(edvr::uniform<float>({3, 4, 4}, 1)));
  return edvr::read_image("consumer.png").extent(2) == 4 ? 0 : 1;
#endif
}
