// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "files.hpp"
#include "networks.hpp"
#include "support.hpp"
using namespace edvr;
using namespace files;

namespace {
std::string const golden = EDVR_GOLDEN;

/// A small network with random weights, as the tensors of a file.
struct fixture {
  edvr_config config{.num_feat = 8, .num_frame = 3, .deformable_groups = 2, .num_extract_block = 2, .num_reconstruct_block = 3};
  tensor_map weights(edvr_config const& c) {
    nn::edvr_net<float> net(c);
    nn::init_random(net, 7);
    tensor_map m;
    nn::for_each_parameter(net, [&](std::string const& key, auto const& w) { m.emplace(key, any_tensor(w)); });
    return m;
  }
  checkpoint as_checkpoint(tensor_map m) {
    checkpoint c;
    c.file = "f";
    c.weights = std::move(m);
    return c;
  }
  /// Through a file, so that container, dialect and renaming take part.
  checkpoint through_file(tensor_map const& m) {
    auto const path = temporary("checkpoint.safetensors");
    write_safetensors(path, m);
    auto const c = parse_checkpoint("f", read_file(path));
    std::filesystem::remove(path);
    return c;
  }
};
/// From this library's names to another dialect's: the inverse of a renaming table, written out by hand.
std::string to_original(std::string k) {
  auto const swap = [&](std::string const& from, std::string const& to) {
    if (k.starts_with(from)) k = to + k.substr(from.size());
  };
  if (k.starts_with("predeblur.")) {
    swap("predeblur.resblock_l3.", "pre_deblur.RB_L3_1.");
    swap("predeblur.resblock_l2_", "pre_deblur.RB_L2_");
    swap("predeblur.stride_conv_l2.", "pre_deblur.deblur_L2_conv.");
    swap("predeblur.stride_conv_l3.", "pre_deblur.deblur_L3_conv.");
    swap("predeblur.stride_conv_hr1.", "pre_deblur.conv_first_2.");
    swap("predeblur.stride_conv_hr2.", "pre_deblur.conv_first_3.");
    for (int i = 0; i < 5; ++i) swap(text("predeblur.resblock_l1.", i, '.'), text("pre_deblur.RB_L1_", i + 1, '.'));
    swap("predeblur.", "pre_deblur.");
  }
  for (int l : {2, 3})
    for (int i : {1, 2}) swap(text("conv_l", l, '_', i, '.'), text("fea_L", l, "_conv", i, '.'));
  for (int l : {1, 2, 3}) {
    for (int i : {1, 2, 3}) swap(text("pcd_align.offset_conv", i, ".l", l, '.'), text("pcd_align.L", l, "_offset_conv", i, '.'));
    swap(text("pcd_align.dcn_pack.l", l, ".conv_offset."), text("pcd_align.L", l, "_dcnpack.conv_offset_mask."));
    swap(text("pcd_align.dcn_pack.l", l, '.'), text("pcd_align.L", l, "_dcnpack."));
    swap(text("pcd_align.feat_conv.l", l, '.'), text("pcd_align.L", l, "_fea_conv."));
    swap(text("fusion.spatial_attn_l", l, '.'), text("tsa_fusion.sAtt_L", l, '.'));
    swap(text("fusion.spatial_attn_add", l, '.'), text("tsa_fusion.sAtt_add_", l, '.'));
  }
  swap("pcd_align.cas_dcnpack.conv_offset.", "pcd_align.cas_dcnpack.conv_offset_mask.");
  for (int i = 1; i <= 5; ++i) swap(text("fusion.spatial_attn", i, '.'), text("tsa_fusion.sAtt_", i, '.'));
  swap("fusion.temporal_attn1.", "tsa_fusion.tAtt_2.");
  swap("fusion.temporal_attn2.", "tsa_fusion.tAtt_1.");
  swap("fusion.feat_fusion.", "tsa_fusion.fea_fusion.");
  swap("fusion.", "tsa_fusion.");
  swap("reconstruction.", "recon_trunk.");
  swap("conv_hr.", "HRconv.");
  return k;
}
std::string to_mmagic(std::string k) {
  auto const dot = k.rfind('.');
  std::string const leaf = k.substr(dot);
  k = k.substr(0, dot);
  for (int l : {2, 3})
    for (int i : {1, 2})
      if (k == text("conv_l", l, '_', i)) k = text("feat_l", l, "_conv", i, ".conv");
  if (k.starts_with("pcd_align.")) {
    k = "pcd_alignment." + k.substr(10);
    if (k.find("dcn") == std::string::npos) k += ".conv";
  }
  if (k.starts_with("fusion.") && k != "fusion.temporal_attn1" && k != "fusion.temporal_attn2" && k != "fusion.spatial_attn5" &&
      k != "fusion.spatial_attn_add2")
    k += ".conv";
  if (k == "upconv1") k = "upsample1.upsample_conv";
  if (k == "upconv2") k = "upsample2.upsample_conv";
  return "generator." + k + leaf;
}
std::string to_paddle(std::string const& key) {
  auto k = to_original(key);
  auto const swap = [&](std::string const& from, std::string const& to) {
    if (k.starts_with(from)) k = to + k.substr(from.size());
  };
  for (int l : {1, 2, 3}) {
    swap(text("pcd_align.L", l, "_dcnpack.conv_offset_mask."), text("PCDModule.PCD_Align_L", l, "_dcn.conv_offset_mask."));
    swap(text("pcd_align.L", l, "_dcnpack."), text("PCDModule.PCD_Align_L", l, "_dcn.dcn."));
  }
  swap("pcd_align.cas_dcnpack.conv_offset_mask.", "PCDModule.PCD_Align_cascade_dcn.conv_offset_mask.");
  swap("pcd_align.cas_dcnpack.", "PCDModule.PCD_Align_cascade_dcn.dcn.");
  swap("pcd_align.", "PCDModule.PCD_Align_");
  swap("tsa_fusion.", "TSAModule.");
  swap("feature_extraction.", "feature_extractor.block");
  swap("recon_trunk.", "reconstructor.block");
  swap("conv_1x1.", "cov_1.");
  return k;
}
bool same_output(nn::edvr_net<float> const& a, nn::edvr_net<float> const& b) {
  index_t const side = a.config.size_multiple();
  auto const x = uniform<float>({1, a.config.num_frame, 3, side, side}, 1);
  return allclose(a(x), b(x), 0, 0);
}
}  // namespace

TEST_CASE_FIXTURE(fixture, "every dialect and wrapper of every variant loads the same network") {
  auto const with = [&](auto const& change) {
    auto changed = config;
    change(changed);
    return changed;
  };
  auto const plain = config, blur = with([](edvr_config& to) { to.with_predeblur = true; }),
             deblur = with([](edvr_config& to) { to.with_predeblur = to.hr_in = true; }),
             stage2 = with([](edvr_config& to) { to.hr_in = true; }), no_tsa = with([](edvr_config& to) { to.with_tsa = false; }),
             one_dcn = with([](edvr_config& to) { to.with_tsa = false, to.num_alignment_dcn = 1; }),
             two_dcn = with([](edvr_config& to) { to.num_alignment_dcn = 2; }),
             four_dcn = with([](edvr_config& to) { to.num_alignment_dcn = 4; });
  for (auto const& c : {plain, deblur, stage2, no_tsa, blur, one_dcn, two_dcn, four_dcn}) {
    auto const m = weights(c);
    auto const want = make_edvr<float>(as_checkpoint(m));
    CHECK(want.config == c);
    auto const check = [&](dialect d, auto const& rename, std::string const& prefix = "") {
      tensor_map renamed;
      for (auto const& [k, t] : m) renamed.emplace(prefix + rename(k), t);
      auto const loaded = through_file(renamed);
      CHECK(loaded.speaks == d);
      CHECK(loaded.weights.size() == m.size());
      for (auto const& [k, t] : m) CHECK_MESSAGE(loaded.weights.count(k) == 1, k);
      auto const net = make_edvr<float>(loaded);
      CHECK(net.config == c);
      CHECK(same_output(net, want));
    };
    auto const same = [](std::string const& k) { return k; };
    check(dialect::basicsr, same);
    check(dialect::basicsr, same, "module.");
    if (c.num_alignment_dcn > 2) continue;  // no other dialect has a name for these
    check(dialect::original, to_original);
    check(dialect::original, to_original, "module.");
    if (!c.hr_in || c.with_predeblur) check(dialect::paddlegan, to_paddle);
    if (!c.hr_in && !c.with_predeblur && c.with_tsa && c.num_alignment_dcn == 0) check(dialect::mmagic, to_mmagic);
  }
}
TEST_CASE_FIXTURE(fixture, "alignment on one level: what is missing of it is named, and parts of PCD make it PCD") {
  config.num_alignment_dcn = 4;
  auto const m = weights(config);
  auto const without = [&](std::string const& key) {
    auto less = m;
    REQUIRE(less.erase(key) == 1);
    return as_checkpoint(less);
  };
  CHECK(infer_config(as_checkpoint(m)) == config);
  for (auto key : {"pcd_align.offset_dcn_pack.0.weight", "pcd_align.cas_dcnpack.bias", "pcd_align.offset_conv1.l1.weight",
                   "pcd_align.dcn_pack.l1.weight", "pcd_align.dcn_pack.l1.conv_offset.weight"})
    CHECK_THROWS_SAYING(model_error, key, make_edvr<float>(without(key)));
  auto more = m;
  more["pcd_align.offset_dcn_pack.999999.weight"] = m.at("pcd_align.dcn_pack.l1.weight");
  CHECK_THROWS_SAYING(model_error, "num_alignment_dcn = 1000002; expected 0 (PCD) to 16", make_edvr<float>(as_checkpoint(more)));
  more = m;
  more["conv_l3_2.weight"] = m.at("pcd_align.dcn_pack.l1.weight");
  CHECK_THROWS_SAYING(model_error, "conv_l2_1.weight is missing", make_edvr<float>(as_checkpoint(more)));
}
TEST_CASE("params, params_ema and state_dict are found; a missing key falls back") {
  auto const both = golden + "/net_c.params_and_ema_zip.pth";
  auto const a = read_checkpoint(both), b = read_checkpoint(both, "params_ema");
  CHECK(a.wrapper == "params");
  CHECK(b.wrapper == "params_ema");
  CHECK(testing::compare(a.weights.at("conv_last.weight"), b.weights.at("conv_last.weight")).max_abs > 0);
  CHECK(read_checkpoint(golden + "/net_a.params_zip.pth", "params_ema").wrapper == "params");
  CHECK(read_checkpoint(golden + "/net_a.raw_legacy.pth").container == "PyTorch legacy stream");
  std::string const x = pickled_tensor(pickled_storage("0", 1), 0, {1}, {1});
  auto const in = [&](std::string const& body) { return parse_checkpoint("f", bytes_of(pth(body, {{"0", floats({5})}}))); };
  auto const only_ema = in(dict({{"params_ema", dict({{"w", x}})}}));
  CHECK(only_ema.wrapper == "params_ema");
  auto const mm =
      in(dict({{"meta", dict({{"epoch", num(3)}})},
               {"optimizer", "]"},
               {"state_dict", dict({{"generator.w", x}, {"step_counter", x}, {"n", num(4)}, {"o", global("a", "B") + ")R"}})}}));
  CHECK(mm.wrapper == "state_dict");
  CHECK(mm.weights.count("w") == 1);
  CHECK(mm.ignored.size() == 3);
  CHECK(mm.opaque.count("a.B") == 1);
  CHECK_THROWS_SAYING(model_error, "occurs with and without the prefix module.", in(dict({{"w", x}, {"module.w", x}})));
  CHECK_THROWS_SAYING(model_error, "holds no dictionary of weights", in("]"));
}
TEST_CASE_FIXTURE(fixture, "hostile input 43: all keys right, one shape wrong") {
  auto m = weights(config);
  m.insert_or_assign("fusion.temporal_attn1.weight", any_tensor(zeros<float>({8, 8, 5, 5})));
  CHECK_THROWS_SAYING(
      model_error,
      "f: weights do not fit (BasicSR names); 1 misshaped: fusion.temporal_attn1.weight is float32 (8, 8, 5, 5) in the file, the model wants (8, 8, 3, 3); the file resembles EDVR_M",
      make_edvr<float>(as_checkpoint(m)));
}
TEST_CASE_FIXTURE(fixture, "hostile input 44: a missing bias, foreign keys") {
  auto m = weights(config);
  m.erase("pcd_align.dcn_pack.l1.conv_offset.bias");
  m.emplace("discriminator.conv0.weight", any_tensor(zeros<float>({1})));
  auto const said = message_of<model_error>([&] { make_edvr<float>(as_checkpoint(m)); });
  CHECK(contains(said, "1 missing: pcd_align.dcn_pack.l1.conv_offset.bias"));
  CHECK(contains(said, "1 unexpected: discriminator.conv0.weight"));
  auto broken = weights(config);
  broken.erase("conv_l2_1.weight");
  CHECK_THROWS_SAYING(model_error, "not EDVR weights: conv_l2_1.weight is missing (", infer_config(as_checkpoint(broken)));
  CHECK_THROWS_SAYING(model_error, "not EDVR weights", infer_config(as_checkpoint({})));
  auto none = weights(config);
  none.insert_or_assign("conv_l2_1.weight", any_tensor(zeros<float>({0, 8, 3, 3})));
  CHECK_THROWS_SAYING(model_error, "has no rows", infer_config(as_checkpoint(none)));
}
TEST_CASE_FIXTURE(fixture, "hostile input 45: mixed dialects") {
  auto m = weights(config);
  m.emplace("pcd_align.L1_offset_conv1.weight", any_tensor(zeros<float>({1})));
  CHECK_THROWS_SAYING(
      model_error,
      "f: weights mix two dialects: pcd_align.L1_offset_conv1.weight is original (2019), pcd_align.dcn_pack.l1.bias is BasicSR",
      through_file(m));
}
TEST_CASE_FIXTURE(fixture, "two weights that one name would stand for are refused") {
  tensor_map m;
  for (auto const& [k, t] : weights(config)) m.emplace(to_original(k), t);
  m.emplace("conv_l2_1.weight", any_tensor(zeros<float>({1})));
  CHECK_THROWS_SAYING(model_error, "two weights are called conv_l2_1.weight", through_file(m));
}
TEST_CASE_FIXTURE(fixture, "hostile input 46: weights that are not finite are named and counted, and allowed on request") {
  auto m = weights(config);
  auto const w = normal<float>({64, 64, 3, 3}, 1);
  w(0, 0, 0, 0) = std::nanf(""), w(1, 0, 0, 0) = HUGE_VALF;
  m.insert_or_assign("conv_hr.weight", any_tensor(w));
  CHECK_THROWS_SAYING(model_error, "f: weights are not finite; 1 with NaN or infinity: conv_hr.weight (2 of 36864)",
                      make_edvr<float>(as_checkpoint(m)));
  CHECK(std::isnan(make_edvr<float>(as_checkpoint(m), -1, true).upsampling.conv_hr.weight(0, 0, 0, 0)));
  auto const path = temporary("not_finite.safetensors");
  write_safetensors(path, m);
  CHECK_THROWS_SAYING(model_error, "weights are not finite", load_edvr<float>(path));
  CHECK(std::isnan(load_edvr<float>(path, "params", -1, true).upsampling.conv_hr.weight(0, 0, 0, 0)));
  std::filesystem::remove(path);
}
TEST_CASE_FIXTURE(fixture, "hostile input 47: float16, bfloat16 and float64 weights load as their exact values") {
  auto const m = weights(config);
  for (auto [name, bits] : {std::pair{"F16", std::uint16_t(0x3400)}, {"BF16", std::uint16_t(0x3e80)}}) {  // 0.25 in both
    auto copy = m;
    auto const path = temporary("half.safetensors");
    std::string data;
    for (int i = 0; i < 3 * 64 * 9; ++i) data += le(bits);
    std::string const header =
        "{\"w\":{\"dtype\":\"" + std::string(name) + "\",\"shape\":[3,64,3,3],\"data_offsets\":[0," + std::to_string(data.size()) + "]}}";
    copy.insert_or_assign("conv_last.weight", parse_safetensors("h", bytes_of(safetensors(header, data))).tensors.at("w"));
    CHECK(make_edvr<float>(as_checkpoint(copy)).upsampling.conv_last.weight(2, 63, 2, 2) == 0.25f);
  }
  auto copy = m;
  copy.insert_or_assign("conv_last.weight", any_tensor(full<double>({3, 64, 3, 3}, 0.1)));
  CHECK(make_edvr<double>(as_checkpoint(copy)).upsampling.conv_last.weight(2, 63, 2, 2) == 0.1);
  CHECK(make_edvr<float>(as_checkpoint(copy)).upsampling.conv_last.weight(2, 63, 2, 2) == 0.1f);
}
TEST_CASE_FIXTURE(fixture, "hostile input 48: configurations that cannot be") {
  auto m = weights(config);
  m.insert_or_assign("pcd_align.cas_dcnpack.conv_offset.weight", any_tensor(zeros<float>({27 * 3, 8, 3, 3})));
  CHECK_THROWS_SAYING(model_error, "f: config: deformable_groups = 3; expected a divisor of num_feat = 8",
                      make_edvr<float>(as_checkpoint(m)));
  m.insert_or_assign("pcd_align.cas_dcnpack.conv_offset.weight", any_tensor(zeros<float>({50, 8, 3, 3})));
  CHECK_THROWS_SAYING(model_error, "has 50 rows; expected a multiple of 27", make_edvr<float>(as_checkpoint(m)));
  m = weights(config);
  m.emplace("reconstruction.9999.conv1.weight", any_tensor(zeros<float>({8, 8, 3, 3})));
  CHECK_THROWS_SAYING(model_error, "10000 reconstruction blocks; expected 0 to 4096", make_edvr<float>(as_checkpoint(m)));
  m = weights(config);
  m.emplace("reconstruction.7.conv1.weight", any_tensor(zeros<float>({8, 8, 3, 3})));
  auto const before = host_memory.bytes.load();
  CHECK_THROWS_SAYING(model_error, "missing: reconstruction.3.conv1.weight", make_edvr<float>(as_checkpoint(m)));
  CHECK(host_memory.bytes.load() == before);
  m = weights(config);
  for (int i = 0; i < 2; ++i)
    for (auto conv : {"conv1", "conv2"})
      for (auto leaf : {"weight", "bias"}) m.erase(text("feature_extraction.", i, '.', conv, '.', leaf));
  CHECK(make_edvr<float>(as_checkpoint(m)).config.num_extract_block == 0);  // no blocks is a network too
  auto even = config;
  even.num_frame = 4;
  CHECK(make_edvr<float>(as_checkpoint(weights(even))).config.center() == 2);
  CHECK_THROWS_SAYING(model_error, "center_frame_idx = 3; expected 0 to 2", make_edvr<float>(as_checkpoint(weights(config)), 3));
  auto odd = weights(config);
  odd.insert_or_assign("fusion.feat_fusion.weight", any_tensor(zeros<float>({8, 25, 1, 1})));
  CHECK_THROWS_SAYING(model_error, "has 25 columns; expected a multiple of 8", make_edvr<float>(as_checkpoint(odd)));
}
TEST_CASE("a small file cannot make the loader take much memory") {
  tensor_map m;  // claims 4096 channels with one row of each telling tensor
  m.emplace("conv_l2_1.weight", any_tensor(zeros<float>({4096, 1, 1, 1})));
  m.emplace("fusion.feat_fusion.weight", any_tensor(zeros<float>({1, 4096 * 5, 1, 1})));
  m.emplace("pcd_align.cas_dcnpack.conv_offset.weight", any_tensor(zeros<float>({27 * 8, 1, 1, 1})));
  checkpoint c;
  c.file = "f";
  c.weights = m;
  host_memory.peak_bytes = host_memory.bytes.load();
  CHECK_THROWS_SAYING(model_error, "weights do not fit", make_edvr<float>(c));
  CHECK(host_memory.peak_bytes.load() - host_memory.bytes.load() < 1'000'000);
}
TEST_CASE("one tensor of many axes under many names cannot make a small file many megabytes") {
  auto const of_names = [](int n) {
    std::vector<std::int64_t> const ones(64, 1);
    std::string body = pickled_tensor(pickled_storage("0", 1), 0, ones, ones) + "q" + std::string(1, '\0') + "0}(";
    for (int i = 0; i < n; ++i) body += str(std::to_string(i)) + "h" + std::string(1, '\0');
    return bytes_of(pth(body + "u", {{"0", floats({1})}}));
  };
  CHECK(parse_checkpoint("f", of_names(10)).weights.size() == 10);
  CHECK_THROWS_SAYING(model_error, "more axes than the file has bytes", parse_checkpoint("f", of_names(1000)));
}
TEST_CASE("weights that share one storage cannot make a small file a large network") {
  // 128 channels and 400 blocks, every 3x3 convolution the same storage: 0.9 MB that would become 470 MB
  nn::edvr_net<float> net(edvr_config{.num_feat = 128, .num_extract_block = 200, .num_reconstruct_block = 200});
  std::vector<std::pair<std::string, std::string>> items;
  nn::for_each_parameter(net, [&]<int R>(std::string const& key, tensor<float, R> const& w) {
    auto const shape = w.shape();
    std::vector<std::int64_t> size(shape.at, shape.at + R), step(R, 0);
    items.emplace_back(key, pickled_tensor(pickled_storage("0", 600'000), 0, size, step));
  });
  auto const file = pth(dict(items), {{"0", std::string(2'400'000, '\0')}});
  CHECK_THROWS_SAYING(model_error, "the file is made to deceive", make_edvr<float>(parse_checkpoint("f", bytes_of(file))));
}
TEST_CASE("a failed load leaves the network as it was") {
  auto net = load_edvr<float>(golden + "/net_a.raw_zip.pth");
  auto const before = clone(net.upsampling.conv_last.weight);
  auto c = read_checkpoint(golden + "/net_a.raw_zip.pth");
  c.weights.erase("conv_hr.bias");
  CHECK_THROWS_AS(load(net, c), model_error);
  CHECK(allclose(net.upsampling.conv_last.weight, before, 0, 0));
}
