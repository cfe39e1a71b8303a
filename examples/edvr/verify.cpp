// SPDX-License-Identifier: Apache-2.0
// Runs golden files and folders through verify_cases.hpp.
#include <memory>

#include "commands.hpp"
#include "interrupt.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "verify_cases.hpp"

namespace program {

namespace {
/// frame_indices.json: "n<frames>_t<window>_<mode>" to a list, over centre frames, of index lists.
void verify_indices(reporter& to, std::string const& path) {
  auto const bytes = read_file(path);
  auto const* const text_begin = reinterpret_cast<char const*>(bytes->data());
  json const root = parse_json(path, text_begin, text_begin + bytes->size());
  if (!root.is_object() || root.empty()) throw io_error(edvr::text(path, ": is not an object of index lists"));
  for (auto const& [key, lists] : root.items()) {
    long n = 0, t = 0;
    char mode[32] = "";
    if (std::sscanf(key.c_str(), "n%ld_t%ld_%31s", &n, &t, mode) != 3 || n < 1 || t < 1 || n > 100000 || t > 99)
      throw io_error(edvr::text(path, ": ", key, " is not n<frames>_t<window>_<mode>"));
    auto const padding = temporal_padding_named(mode);
    if (!padding) throw io_error(edvr::text(path, ": ", key, " names no temporal padding"));
    ++to.cases;
    double wrong = lists.size() == static_cast<std::size_t>(n) ? 0 : 1;
    for (index_t i = 0; i < n && wrong == 0; ++i)
      wrong += window_frames(i, n, {t, t / 2}, *padding) != lists.at(static_cast<std::size_t>(i)).get<std::vector<index_t>>();
    to.line(key + " (wrong windows)", "integer", wrong, 0);
  }
}

int verify(verify_options const& o) {
  std::vector<fs::path> files;
  for (auto const& p : o.paths) {
    if (!fs::is_directory(p)) {
      files.push_back(p);
      continue;
    }
    std::vector<fs::path> inside;
    for (auto const& e : fs::directory_iterator(p))
      if (e.path().extension() == ".safetensors" || e.path().extension() == ".json") inside.push_back(e.path());
    if (inside.empty()) throw io_error(edvr::text(p, ": folder holds no golden file (.safetensors)"));
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  reporter to;
  std::vector<std::pair<std::string, double>> worst;
  for (auto const& path : files) {
    stop_if_interrupted();
    to.file = path.filename().string();
    if (path.extension() == ".json") {
      try {
        verify_indices(to, path.string());
      } catch (json::exception const& e) {
        throw io_error(edvr::text(path.string(), ": ", e.what()));
      }
      continue;
    }
    auto const file = read_safetensors(path);
    auto const cases = testing::golden_cases(path.string(), file);
    if (cases.empty()) throw io_error(edvr::text(path.string(), ": names no case (no metadata with an \"op\")"));
    for (auto const& c : cases) {
      if (c.op() == "weights") continue;
      ++to.cases;
      try {
        bool known = true;
        if (o.precision != "float64") known = case_runner<float>(to, path.parent_path(), o).run(c);
        if (o.precision != "float32" || c.op() == "metrics") known = known && case_runner<double>(to, path.parent_path(), o).run(c);
        if (!known) throw io_error(edvr::text("unknown op \"", c.op(), "\""));
      } catch (json::exception const& e) {
        throw io_error(edvr::text(path.string(), ": case ", c.name, ": ", e.what()));
      } catch (model_error const&) {
        throw;
      } catch (numeric_error const& e) {
        throw numeric_error(edvr::text(path.string(), ": case ", c.name, ": ", e.what()));
      } catch (cancelled const&) {
        throw;
      } catch (edvr::error const& e) {
        throw io_error(edvr::text(path.string(), ": case ", c.name, ": ", e.what()));
      } catch (std::logic_error const& e) {  // a position beyond a list of the file
        throw io_error(edvr::text(path.string(), ": case ", c.name, ": ", e.what()));
      }
      to.not_checked(c.name, c.unused());
    }
    if (double const w = to.worst_of_file(); w > 0) worst.emplace_back(to.file, w);
  }
  if (to.cases == 0) throw io_error("no known case in the files given (weights alone are no case)");
  std::printf("\nlargest error by file\n");
  for (auto const& [file, error] : worst) std::printf("  %-32s %9.3g\n", printable(file).c_str(), error);
  std::printf("%d cases, %d results beyond their limit\n", to.cases, to.failures);
  std::fflush(stdout);
  return to.failures ? 1 : 0;
}
}  // namespace

void add_verify(CLI::App& app, action& run) {
  auto* const c = app.add_subcommand(
      "verify", "Run golden cases: exit code 1 if a result is beyond its limit, 3 if a file holds no known case (weights are passed over)");
  auto const o = std::make_shared<verify_options>();
  c->add_option("paths", o->paths, "golden files or folders")->required()->check(not_empty);
  c->add_option("-m,--model", o->model.path, "weights for network cases (default: the files beside them that they name)")->check(not_empty);
  c->add_option("--precision", o->precision, "what to compute in")
      ->check(CLI::IsMember({"float32", "float64", "both"}))
      ->capture_default_str();
  c->callback([o, &run] { run = [o] { return verify(*o); }; });
}

}  // namespace program
