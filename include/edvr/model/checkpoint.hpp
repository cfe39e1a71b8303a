// SPDX-License-Identifier: Apache-2.0
// From a weight file as published to a network: container, wrapper, dialect, configuration, weights.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edvr/io/npy.hpp"
#include "edvr/io/pth.hpp"
#include "edvr/io/safetensors.hpp"
#include "edvr/model/dialects.hpp"
#include "edvr/model/edvr.hpp"
#include "edvr/model/published.hpp"

namespace edvr::inline v1 {

/// The weights of one file under BasicSR's names, and how they were found.
struct checkpoint {
  std::string file, container, wrapper;  // wrapper: "params", "params_ema", "state_dict", or empty
  dialect speaks = dialect::basicsr;
  index_t file_size = 0;  // bytes; 0: not from a file
  tensor_map weights;
  std::vector<std::string> ignored;  // entries that are not weights, the first hundred
  std::set<std::string> opaque;      // Python globals that the file names; nothing was done with them
};

namespace detail {
/// Tensors of a PyTorch file's state dict, by their names in the file.
inline tensor_map state_dict(checkpoint& c, pth_file const& file, std::string const& key) {
  using kind = pth_file::kind;
  auto const* dict = &file.root();
  auto const descend = [&](std::string const& k) {
    auto const* const inner = dict->find(k);
    if (inner && inner->is == kind::dict) return dict = inner, c.wrapper = k, true;
    return false;
  };
  if (dict->is != kind::dict)
    throw model_error(text(c.file, ": holds no dictionary of weights", dict->is == kind::opaque ? text(" but a ", dict->text) : "",
                           "; save model.state_dict()"));
  if (!descend(key) && !descend("params") && !descend("params_ema")) descend("state_dict");
  tensor_map weights;
  index_t axes = 0;  // of all tensors: a stream can repeat one of 64 at little cost, under many names
  for (std::size_t i = 0; i + 1 < dict->items.size(); i += 2) {
    auto const& k = *dict->items[i];
    auto const& v = *dict->items[i + 1];
    constexpr std::size_t most_ignored = 100;
    if (k.is == kind::string && k.text.size() > pickle::longest_name)
      throw model_error(text(c.file, ": a key has ", k.text.size(), " bytes; expected at most ", pickle::longest_name));
    if (k.is != kind::string || v.is != kind::tensor) {
      if (c.ignored.size() < most_ignored)
        c.ignored.push_back(k.is != kind::string ? "(a key that is not a string)"
                                                 : k.text + (v.is == kind::opaque ? text(" (", v.text, ")") : ""));
    } else {
      auto const& weight = weights[k.text] = file.tensor_of(k.text, v);
      if ((axes += static_cast<index_t>(weight.shape().size())) > c.file_size)
        throw model_error(text(c.file, ": its tensors have more axes than the file has bytes; it is damaged or made to deceive"));
    }
  }
  return weights;
}
inline void strip(checkpoint const& c, tensor_map& weights, std::string_view prefix) {
  tensor_map stripped;
  for (auto& [key, t] : weights) {
    auto const shorter = key.starts_with(prefix) ? key.substr(prefix.size()) : key;
    if (!stripped.emplace(shorter, std::move(t)).second)
      throw model_error(text(c.file, ": ", shorter, " occurs with and without the prefix ", prefix));
  }
  weights = std::move(stripped);
}
}  // namespace detail

/// Reads weights from bytes: safetensors, PyTorch or npz. key: which of params and params_ema a file with both gives. Throws model_error.
inline checkpoint parse_checkpoint(std::string const& who, file_bytes const& bytes, std::string const& key = "params") try {
  checkpoint c;
  c.file = who;
  c.file_size = static_cast<index_t>(bytes->size());
  tensor_map weights;
  bool const pickled = bytes->size() >= 2 && (std::memcmp(bytes->data(), "PK", 2) == 0 || bytes->front() == std::byte{0x80});
  bool const framed = bytes->size() > 8 && bytes->at(8) == std::byte{'{'};
  if (framed || (!pickled && who.ends_with(".safetensors"))) {
    c.container = "safetensors";
    weights = parse_safetensors(who, bytes).tensors;
  } else if (detail::is_npz(*bytes)) {
    c.container = "NumPy npz";
    weights = parse_npz(who, bytes);
  } else {
    auto const file = parse_pth(who, bytes);
    c.container = file.is_legacy() ? "PyTorch legacy stream" : "PyTorch zip";
    c.opaque = file.opaque_names();
    weights = detail::state_dict(c, file, key);
  }
  detail::strip(c, weights, "module.");
  detail::strip(c, weights, "generator.");
  if (auto const counter = weights.find("step_counter"); counter != weights.end()) {
    c.ignored.push_back("step_counter");
    weights.erase(counter);
  }
  std::vector<std::string> keys;
  for (auto const& [k, t] : weights) keys.push_back(k);
  c.speaks = dialect_of(keys).value_or(dialect::basicsr);
  for (auto& [k, t] : weights) {
    auto const to = basicsr_name(c.speaks, k);
    if (!c.weights.emplace(to, std::move(t)).second)
      throw model_error(text(who, ": two weights are called ", to, " after renaming from the ", name(c.speaks), " dialect"));
  }
  return c;
} catch (io_error const& e) {
  throw model_error(e.what());
} catch (model_error const& e) {
  std::string const what = e.what();
  throw model_error(what.starts_with(who) ? what : text(who, ": ", what));
}
/// parse_checkpoint of a file. Throws model_error, beginning with the path, also if it cannot be read.
inline checkpoint read_checkpoint(std::filesystem::path const& path, std::string const& key = "params") try {
  return parse_checkpoint(path.string(), read_file(path), key);
} catch (io_error const& e) {
  throw model_error(e.what());
}

/// The configuration that the weights' names and shapes imply. center_frame_idx leaves no trace: it stays -1, num_frame / 2, unless the
/// caller knows better. Throws model_error if these are not EDVR's weights.
inline edvr_config infer_config(checkpoint const& c) {
  auto const shape = [&](std::string const& key, std::size_t rank) -> std::vector<index_t> const& {
    auto const found = c.weights.find(key);
    if (found == c.weights.end())
      throw model_error(text(c.file, ": not EDVR weights: ", key, " is missing (", c.weights.size(), " tensors",
                             c.weights.empty() ? "" : text(", the first is ", c.weights.begin()->first), ")"));
    if (found->second.shape().size() != rank)
      throw model_error(text(c.file, ": ", key, " is ", found->second.describe(), "; expected rank ", rank));
    return found->second.shape();
  };
  auto const has = [&](std::string const& key) { return c.weights.count(key) > 0; };
  auto const blocks = [&](std::string const& list) {
    index_t n = 0;
    for (auto i = c.weights.lower_bound(list + "."); i != c.weights.end() && i->first.starts_with(list + "."); ++i) {
      std::size_t const digits = i->first.find_first_not_of("0123456789", list.size() + 1) - list.size() - 1;
      if (digits >= 1 && digits <= 6) n = std::max<index_t>(n, 1 + std::stoi(i->first.substr(list.size() + 1, digits)));
    }
    return n;
  };
  edvr_config config;
  auto const any = [&](std::string const& prefix) {
    auto const first = c.weights.lower_bound(prefix);
    return first != c.weights.end() && first->first.starts_with(prefix);
  };
  bool pyramid = any("conv_l2_") || any("conv_l3_") || any("pcd_align.cas_offset_conv") || any("pcd_align.feat_conv.") ||
                 any("pcd_align.offset_conv3.");
  for (auto level : {"l2.", "l3."})
    for (auto part : {"dcn_pack.", "offset_conv1.", "offset_conv2."}) pyramid = pyramid || any(text("pcd_align.", part, level));
  bool const single_level = !pyramid && (any("pcd_align.dcn_pack.l1.") || any("pcd_align.offset_conv1.l1."));
  index_t const of_features = blocks("pcd_align.offset_dcn_pack");
  if (single_level) config.num_alignment_dcn = of_features > 0 ? of_features + 2 : any("pcd_align.cas_dcnpack.") ? 2 : 1;
  std::string const square = single_level ? "pcd_align.dcn_pack.l1.weight" : "conv_l2_1.weight",
                    offsets = single_level ? "pcd_align.dcn_pack.l1.conv_offset.weight" : "pcd_align.cas_dcnpack.conv_offset.weight";
  config.num_feat = shape(square, 4)[0];
  if (config.num_feat < 1) throw model_error(text(c.file, ": ", square, " has no rows"));
  config.with_tsa = has("fusion.feat_fusion.weight");
  std::string const fusion = config.with_tsa ? "fusion.feat_fusion.weight" : "fusion.weight";
  index_t const columns = shape(fusion, 4)[1];
  if (columns % config.num_feat != 0)
    throw model_error(
        text(c.file, ": ", fusion, " has ", columns, " columns; expected a multiple of ", config.num_feat, ", the rows of ", square));
  config.num_frame = columns / config.num_feat;
  index_t const rows = shape(offsets, 4)[0];
  if (rows < 27 || rows % 27 != 0)
    throw model_error(text(c.file, ": ", offsets, " has ", rows, " rows; expected a multiple of 27, 27 for each deformable group"));
  config.deformable_groups = rows / 27;
  config.num_extract_block = blocks("feature_extraction");
  config.num_reconstruct_block = blocks("reconstruction");
  config.with_predeblur = has("predeblur.conv_first.weight");
  config.hr_in = has("predeblur.stride_conv_hr1.weight") || has("conv_first_1.weight");
  try {
    check(config);
  } catch (model_error const& e) {
    throw model_error(text(c.file, ": ", e.what()));
  }
  return config;
}

namespace detail {
inline void append_list(std::string& to, char const* what, std::vector<std::string> const& items) {
  constexpr std::size_t most = 8;
  if (items.empty()) return;
  to += text("; ", items.size(), ' ', what, ": ");
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) to += (i ? ", " : "") + items[i];
  if (items.size() > most) to += text(", and ", items.size() - most, " more");
}
}  // namespace detail

/// Puts the weights into net. Throws model_error, and leaves net as it was, if a key is missing, unexpected or misshaped (all are listed,
/// with both shapes and the published model that the file resembles), or, unless allowed, if a weight is not finite.
template <class T>
void load(nn::edvr_net<T>& net, checkpoint const& c, bool allow_nonfinite = false) {
  std::vector<std::string> missing, misshaped, unexpected, nonfinite;
  std::set<std::string> wanted;
  // Weights that share one storage cost a file nothing each; 16-bit ones become four times as large in float64.
  constexpr index_t most_growth = 8, allowance = index_t{1} << 26;
  index_t const needed = nn::parameter_count(net) * static_cast<index_t>(sizeof(T));
  if (c.file_size > 0 && needed > most_growth * c.file_size + allowance)
    throw model_error(
        text(c.file, ": has ", c.file_size, " bytes, the network it describes needs ", needed, "; the file is made to deceive"));
  nn::for_each_parameter(net, [&]<class E, int R>(std::string const& key, tensor<E, R> const& w) {
    wanted.insert(key);
    auto const found = c.weights.find(key);
    if (found == c.weights.end()) return missing.push_back(key);
    auto const& shape = found->second.shape();
    auto const want = w.shape();
    if (!std::equal(shape.begin(), shape.end(), want.at, want.at + R))
      return misshaped.push_back(text(key, " is ", found->second.describe(), " in the file, the model wants ", want));
    index_t bad = 0;
    found->second.for_each([&](auto v) { bad += !std::isfinite(static_cast<arithmetic_t<E>>(E(static_cast<arithmetic_t<E>>(v)))); });
    if (bad) nonfinite.push_back(text(key, " (", bad, " of ", w.size(), ")"));
  });
  for (auto const& [key, t] : c.weights)
    if (!wanted.count(key)) unexpected.push_back(key);
  if (!missing.empty() || !misshaped.empty() || !unexpected.empty()) {
    std::string why = text(c.file, ": weights do not fit (", name(c.speaks), " names)");
    detail::append_list(why, "missing", missing);
    detail::append_list(why, "unexpected", unexpected);
    detail::append_list(why, "misshaped", misshaped);
    throw model_error(text(why, "; the file resembles ", nearest_published(net.config)));
  }
  if (!nonfinite.empty() && !allow_nonfinite) {
    std::string why = text(c.file, ": weights are not finite");
    detail::append_list(why, "with NaN or infinity", nonfinite);
    throw model_error(why + " (allow this explicitly if it is meant)");
  }
  nn::for_each_parameter(net, [&]<class E, int R>(std::string const& key, tensor<E, R>& w) {
    w = to<E>(c.weights.at(key).template to<arithmetic_t<E>, R>());
  });
}

/// A network from weights: configuration inferred, centre frame given or num_frame / 2. Throws model_error.
template <class T>
nn::edvr_net<T> make_edvr(checkpoint const& c, index_t center_frame_idx = -1, bool allow_nonfinite = false) {
  auto config = infer_config(c);
  config.center_frame_idx = center_frame_idx;
  nn::edvr_net<T> net(config);
  load(net, c, allow_nonfinite);
  return net;
}
/// auto const net = load_edvr<float>("EDVR_M_x4_SR_REDS_official-32075921.pth"); key: as of read_checkpoint. Throws model_error, also if
/// the file cannot be read.
template <class T>
nn::edvr_net<T> load_edvr(std::filesystem::path const& path, std::string const& key = "params", index_t center_frame_idx = -1,
                          bool allow_nonfinite = false) {
  return make_edvr<T>(read_checkpoint(path, key), center_frame_idx, allow_nonfinite);
}

}  // namespace edvr::v1
