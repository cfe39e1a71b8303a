// SPDX-License-Identifier: Apache-2.0
// The only header that includes nlohmann-json.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

using json = nlohmann::json;

namespace detail {
/// Walks untrusted JSON without keeping it. Beyond the grammar it refuses what the parser by itself lets pass: a key given twice in one
/// object, nesting deeper than most_levels, more than most_values values.
struct json_guard : nlohmann::json_sax<json> {
  std::string const& who;
  int most_levels, levels = 0;
  std::size_t values = 0;
  std::vector<std::set<std::string>> keys{};
  json_guard(std::string const& name, int most) : who(name), most_levels(most) {}

  bool count() {
    constexpr std::size_t most_values = 4'000'000;
    if (++values > most_values) throw io_error(text(who, ": JSON holds more than ", most_values, " values"));
    return true;
  }
  bool enter() {
    if (++levels > most_levels) throw io_error(text(who, ": JSON is nested more than ", most_levels, " levels deep"));
    keys.emplace_back();
    return count();
  }
  bool leave() {
    --levels, keys.pop_back();
    return true;
  }
  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, string_t const&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool key(string_t& k) override {
    if (!keys.back().insert(k).second) throw io_error(text(who, ": JSON has the key \"", k.substr(0, 200), "\" twice in one object"));
    return count();
  }
  bool parse_error(std::size_t at, std::string const&, nlohmann::detail::exception const& e) override {
    std::string const why = e.what();  // "[json.exception...] parse error at ...: why"
    auto const colon = why.find(": ");
    throw io_error(text(who, ": JSON is malformed at byte ", at, " (", colon == std::string::npos ? why : why.substr(colon + 2, 160), ")"));
  }
};
}  // namespace detail

/// Parses untrusted JSON, looked through by json_guard first. Throws io_error, beginning with `who`.
inline json parse_json(std::string const& who, char const* first, char const* last, int most_levels = 16) {
  detail::json_guard guard(who, most_levels);
  json::sax_parse(first, last, &guard);
  return json::parse(first, last);
}

}  // namespace edvr::v1
