// SPDX-License-Identifier: Apache-2.0
// One work of ours on given inputs, for comparisons with other programs:
//   edvr_time WORK[:bfloat16] INPUT.safetensors OUTPUT.safetensors THREADS ROUNDS [WEIGHTS]
// WORK: conv2d, deform_conv2d (INPUT: x, weight, bias, and offset, mask), window, once, clip, stages (INPUT: frames (1, t, 3, h, w)), exact
// (a window in float64). :bfloat16: weights and features in 16 bits. OUTPUT gets "output". Prints JSON: seconds of each round after warming
// up (clip: of each further frame), peak memory.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <utility>

#include "edvr/backend/cpu/build_info.hpp"
#include "edvr/bench/peak.hpp"
#include "edvr/io.hpp"
#include "edvr/model/cost.hpp"
#include "edvr/nn/deform_conv2d.hpp"
#include "networks.hpp"
using namespace edvr;

namespace {
void report(std::vector<double> const& seconds, std::string const& version) {
  long peak = 0;  // of this program alone: getrusage counts what started it
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) peak = std::atol(line.c_str() + 6);
  std::cout << "{\"seconds\": [";
  for (std::size_t i = 0; i < seconds.size(); ++i) std::cout << (i ? ", " : "") << seconds[i];
  std::cout << "], \"peak_MiB\": " << peak / 1024 << ", \"version\": \"" << version << "\"}\n";
}
void time_and_write(std::function<tensor<float, 4>()> const& run, char const* to, int rounds, cpu_executor const& ex) {
  run();
  auto const y = run();
  write_safetensors(to, {{"output", any_tensor(contiguous(y))}});
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    double const start = bench::seconds_now();
    run();
    seconds.push_back(bench::seconds_now() - start);
  }
  report(seconds, build_info(ex));
}
/// Seconds and FLOP of each stage of a window, by the progress that the network reports.
template <class T>
void report_stages(nn::edvr_net<T> const& net, tensor<float, 5> const& frames, int rounds, cpu_executor const& ex) {
  struct stage {
    char const* name;
    double until;  // progress at its end
    std::vector<std::string> keys;
    double seconds = 0, flop = 0;
  };
  std::vector<stage> stages{{"features", 0.5, {"conv_first", "predeblur", "conv_1x1", "feature_extraction", "conv_l2", "conv_l3"}},
                            {"alignment", 0.75, {"pcd_align"}},
                            {"fusion", 0.8, {"fusion"}},
                            {"reconstruction", 0.9, {"reconstruction"}},
                            {"upsampling", 1.0, {"upconv", "conv_hr", "conv_last"}}};
  for (auto const& l : layers(net.config, frames.extent(3), frames.extent(4)))
    for (auto& s : stages)
      if (std::any_of(s.keys.begin(), s.keys.end(), [&](auto const& k) { return l.name.starts_with(k); })) {
        s.flop += 2.0 * static_cast<double>(l.multiply_adds());
        break;
      }
  net(frames, {.executor = ex});
  for (int i = 0; i < rounds; ++i) {
    double last = bench::seconds_now();
    net(frames, {.executor = ex, .progress = [&](double done) {
                   double const now = bench::seconds_now();
                   for (auto& s : stages)
                     if (done <= s.until + 1e-9) {
                       s.seconds += (now - std::exchange(last, now)) / rounds;
                       break;
                     }
                   return true;
                 }});
  }
  double const peak = bench::peak_flops<T>(ex);
  double total = 0;
  for (auto const& s : stages) total += s.seconds;
  std::cout << '[';
  for (auto const& s : stages)
    std::cout << (&s == stages.data() ? "" : ", ") << "{\"stage\": \"" << s.name << "\", \"seconds\": " << s.seconds
              << ", \"share\": " << s.seconds / total << ", \"gflops\": " << s.flop / s.seconds / 1e9
              << ", \"peak\": " << s.flop / s.seconds / peak << '}';
  std::cout << "]\n";
}

struct asked {
  std::string work;
  char const *output, *weights;  // weights: null if none were given
  cpu_executor ex;
  int rounds;
};
/// T: what weights and features are stored as.
template <class T>
int convolution(asked const& o, tensor_map const& given) {
  auto const get = [&](char const* name) { return to_channels_last(given.at(name).to<float, 4>()); };
  auto const x = to<T>(get("x")), weight = to<T>(given.at("weight").to<float, 4>());
  auto const bias = given.at("bias").to<float, 1>();
  auto const kept = std::make_shared<detail::packed_weights<T>>();
  conv2d_params const p{.padding = weight.extent(2) / 2};
  if (o.work == "conv2d")
    return time_and_write([&] { return eval(detail::conv2d<algo::automatic>(x, weight, bias, p, kept), o.ex); }, o.output, o.rounds, o.ex),
           0;
  auto const offset = get("offset"), mask = get("mask");
  return time_and_write([&] { return eval(detail::deform_conv2d<algo::automatic>(x, offset, mask, weight, bias, p, kept), o.ex); },
                        o.output, o.rounds, o.ex),
         0;
}
template <class T>
int network(asked const& o, tensor<float, 5> const& frames) {
  auto const net = load_edvr<T>(o.weights);
  if (o.work == "once") {  // not warmed up: large windows take a minute
    double const start = bench::seconds_now();
    net(frames, {.executor = o.ex});
    return report({bench::seconds_now() - start}, build_info(o.ex)), 0;
  }
  if (o.work == "stages") return report_stages(net, frames, o.rounds, o.ex), 0;
  if (o.work == "window") return time_and_write([&] { return net(frames, {.executor = o.ex}); }, o.output, o.rounds, o.ex), 0;
  if (o.work != "clip") return std::cerr << "edvr_time: unknown work " << o.work << '\n', 2;
  video_restorer<T> restorer(net, {.forward = {.executor = o.ex}});
  std::vector<double> seconds;
  tensor<float, 3> first_whole;
  for (int i = 0; static_cast<int>(seconds.size()) < o.rounds + 4; ++i) {  // the frames over and over; the first results only warm up
    restorer.push(contiguous(select(select(frames, 0, 0), 0, i % frames.extent(1))));
    double const start = bench::seconds_now();
    auto const y = restorer.pop();
    if (!y) continue;
    seconds.push_back(bench::seconds_now() - start);
    if (seconds.size() == static_cast<std::size_t>(net.config.center()) + 1) first_whole = *y;  // its window is exactly `frames`
  }
  write_safetensors(o.output, {{"output", any_tensor(contiguous(unsqueeze(first_whole, 0)))}});
  return report({seconds.begin() + 4, seconds.end()}, build_info(o.ex)), 0;
}
}  // namespace

int main(int count, char** a) try {
  if (count < 6) return std::cerr << "usage: edvr_time WORK[:bfloat16] INPUT OUTPUT THREADS ROUNDS [WEIGHTS]\n", 2;
  asked o{a[1], a[3], count > 6 ? a[6] : nullptr, {.threads = std::stoi(a[4])}, std::stoi(a[5])};
  auto const given = read_safetensors(a[2]).tensors;
  bool const half = o.work.ends_with(":bfloat16");
  if (half) o.work.resize(o.work.size() - std::string_view(":bfloat16").size());
  if (o.work == "conv2d" || o.work == "deform_conv2d") return half ? convolution<bfloat16>(o, given) : convolution<float>(o, given);
  if (!o.weights) return std::cerr << "edvr_time: " << o.work << " wants WEIGHTS\n", 2;
  auto const frames = given.at("frames").to<float, 5>();
  if (o.work == "exact") {
    write_safetensors(o.output, {{"output", any_tensor(eval(cast<float>(load_edvr<double>(o.weights)(eval(cast<double>(frames))))))}});
    return 0;
  }
  return half ? network<bfloat16>(o, frames) : network<float>(o, frames);
} catch (std::exception const& e) {
  return std::cerr << "edvr_time: " << e.what() << '\n', 1;
}
