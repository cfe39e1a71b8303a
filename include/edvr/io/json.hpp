// SPDX-License-Identifier: Apache-2.0
// The only header that includes nlohmann-json.
#pragma once
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

using json = nlohmann::ordered_json;

/// Parses untrusted JSON. Beyond the grammar it refuses what the parser by itself lets pass: a key given twice, and nesting deeper than
/// `most_levels`. Throws io_error, beginning with `who`.
inline json parse_json(std::string const& who, char const* first, char const* last, int most_levels = 16) {
  struct guard : nlohmann::json_sax<json> {
    nlohmann::detail::json_sax_dom_parser<json> dom;
    std::string const& who;
    std::vector<std::vector<std::string>> keys;
    int levels = 0, most;
    guard(json& to, std::string const& name, int most_levels) : dom(to, true), who(name), most(most_levels) {}
    void enter() {
      if (++levels > most) throw io_error(text(who, ": JSON is nested more than ", most, " levels deep"));
      keys.emplace_back();
    }
    void leave() { --levels, keys.pop_back(); }
    bool null() override { return dom.null(); }
    bool boolean(bool v) override { return dom.boolean(v); }
    bool number_integer(number_integer_t v) override { return dom.number_integer(v); }
    bool number_unsigned(number_unsigned_t v) override { return dom.number_unsigned(v); }
    bool number_float(number_float_t v, string_t const& s) override { return dom.number_float(v, s); }
    bool string(string_t& v) override { return dom.string(v); }
    bool binary(binary_t& v) override { return dom.binary(v); }
    bool start_object(std::size_t n) override { return enter(), dom.start_object(n); }
    bool key(string_t& k) override {
      keys.back().push_back(k);
      return dom.key(k);
    }
    bool end_object() override {
      auto& k = keys.back();
      std::sort(k.begin(), k.end());
      auto const twice = std::adjacent_find(k.begin(), k.end());
      if (twice != k.end()) throw io_error(text(who, ": JSON has the key \"", *twice, "\" twice in one object"));
      return leave(), dom.end_object();
    }
    bool start_array(std::size_t n) override { return enter(), dom.start_array(n); }
    bool end_array() override { return leave(), dom.end_array(); }
    bool parse_error(std::size_t at, std::string const&, nlohmann::detail::exception const& e) override {
      std::string why = e.what();  // "[json.exception...] parse error at ...: why"
      auto const colon = why.find(": ");
      throw io_error(text(who, ": JSON is malformed at byte ", at, " (", colon == std::string::npos ? why : why.substr(colon + 2, 160), ")"));
    }
  };
  json result;
  guard g(result, who, most_levels);
  json::sax_parse(first, last, &g);
  return result;
}

}  // namespace edvr::v1
