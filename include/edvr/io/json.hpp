// SPDX-License-Identifier: Apache-2.0
// The only header that includes nlohmann-json.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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
    constexpr std::size_t most_values = 1'000'000;
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

/// A value of JSON in memory that destructors only give back: nlohmann's own type asks for some in its destructor, where a refusal ends the
/// program. Of numbers it holds the natural ones.
struct json_value {
  struct other {};  // null, true, false, a number below 0 or with a fraction
  using array = std::vector<json_value>;
  struct object {
    std::vector<std::string> keys;
    std::vector<json_value> values;
  };
  std::variant<other, std::uint64_t, std::string, array, object> value = other{};

  template <class Kind>
  Kind const* as() const {
    return std::get_if<Kind>(&value);
  }
  /// How it reads in a message.
  std::string described() const {
    if (auto const* n = as<std::uint64_t>()) return std::to_string(*n);
    if (auto const* s = as<std::string>()) return '"' + s->substr(0, 40) + '"';
    return as<array>() ? "[...]" : as<object>() ? "{...}" : "another value";
  }
  /// Of an object; null if it has none of this name, or is no object.
  json_value const* find(std::string_view key) const {
    if (auto const* o = as<object>())
      for (std::size_t i = 0; i < o->keys.size(); ++i)
        if (o->keys[i] == key) return &o->values[i];
    return nullptr;
  }
};
/// Builds one of what json_guard lets pass.
struct json_builder : json_guard {
  json_value root{};
  std::vector<json_value*> open{};  // where the reader is, outermost first
  using json_guard::json_guard;

  /// Where the next value goes. It is made there, for of one moved there GCC 12 says, wrongly and to users, that it may be uninitialized.
  json_value& next() {
    if (open.empty()) return root;
    auto* const o = std::get_if<json_value::object>(&open.back()->value);
    return (o ? o->values : std::get<json_value::array>(open.back()->value)).emplace_back();
  }
  bool leaf() {
    next();
    return count();
  }
  template <class Kind>
  bool begin() {
    auto& v = next();
    v.value.emplace<Kind>();
    open.push_back(&v);
    return enter();
  }
  bool end() {
    open.pop_back();
    return leave();
  }
  bool null() override { return leaf(); }
  bool boolean(bool) override { return leaf(); }
  bool number_integer(number_integer_t) override { return leaf(); }
  bool number_unsigned(number_unsigned_t n) override {
    next().value.emplace<std::uint64_t>(n);
    return count();
  }
  bool number_float(number_float_t, string_t const&) override { return leaf(); }
  bool string(string_t& s) override {
    next().value.emplace<std::string>(std::move(s));
    return count();
  }
  bool start_object(std::size_t) override { return begin<json_value::object>(); }
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override { return begin<json_value::array>(); }
  bool end_array() override { return end(); }
  bool key(string_t& k) override {
    std::get<json_value::object>(open.back()->value).keys.push_back(k);
    return json_guard::key(k);
  }
};
/// A string as JSON writes it; what is not UTF-8 in it becomes U+FFFD.
inline std::string quoted_json(std::string const& s) { return json(s).dump(-1, ' ', false, json::error_handler_t::replace); }

/// nlohmann's reader takes a byte 0 for the end, and would not look at what follows.
inline void refuse_zero_byte(std::string const& who, char const* first, char const* last) {
  if (auto const* const at = std::find(first, last, '\0'); at != last)
    throw io_error(text(who, ": JSON is malformed at byte ", at - first, " (a byte 0)"));
}
/// Untrusted JSON as a json_value. Throws io_error, beginning with `who`.
inline json_value read_json(std::string const& who, char const* first, char const* last, int most_levels = 16) {
  refuse_zero_byte(who, first, last);
  json_builder builder(who, most_levels);
  json::sax_parse(first, last, &builder);
  return std::move(builder.root);
}
}  // namespace detail

/// Parses untrusted JSON, looked through by json_guard first. Throws io_error, beginning with `who`.
inline json parse_json(std::string const& who, char const* first, char const* last, int most_levels = 16) {
  detail::refuse_zero_byte(who, first, last);
  detail::json_guard guard(who, most_levels);
  json::sax_parse(first, last, &guard);
  return json::parse(first, last);
}

}  // namespace edvr::v1
