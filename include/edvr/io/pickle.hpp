// SPDX-License-Identifier: Apache-2.0
// A pickle machine that executes nothing: it builds numbers, strings, lists, dicts and descriptions of tensors; every global it does not
// know becomes an inert value that carries the name. No recursion, no allocation beyond what the stream's own bytes justify.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edvr/io/zip.hpp"

namespace edvr::inline v1::detail::pickle {

/// A value. Lists and dicts may hold themselves; the document owns all of them.
struct value {
  enum class kind { none, boolean, integer, real, string, list, tuple, dict, storage, tensor, opaque, mark } is = kind::none;
  std::int64_t integer = 0;
  std::string text{};           // string; name of an opaque value
  std::vector<value*> items{};  // list, tuple; dict: key, value, key, value, ...; storage and tensor: their arguments

  /// The value under a string key of a dict, or null. The last one wins, as in Python.
  value const* find(std::string_view key) const {
    for (std::size_t i = items.size(); is == kind::dict && i >= 2; i -= 2)
      if (items[i - 2]->is == kind::string && items[i - 2]->text == key) return items[i - 1];
    return nullptr;
  }
};
using kind = value::kind;
/// Globals, parameters and storages with longer names are refused: names are copied, and a stream may repeat one at little cost.
inline constexpr std::size_t longest_name = 1000;

/// What one or more streams said. Globals that were named but not understood are listed; nothing was done with them.
struct document {
  std::deque<value> values;
  std::set<std::string> opaque_names;
  value* make(kind k) {
    constexpr std::size_t most = 4'000'000;
    if (values.size() >= most) throw io_error(text("more than ", most, " values"));
    values.emplace_back();
    values.back().is = k;
    return &values.back();
  }
  /// Copied arguments are paid for: a stream that hands one long list to many calls would otherwise grow without bound.
  void charge(std::size_t items) {
    constexpr std::size_t most = 16'000'000;
    if ((charged += items) > most) throw io_error(text("more than ", most, " arguments"));
  }
  /// Copied names are paid for as well: a stream can repeat one of 1000 bytes in six.
  void charge_name(std::size_t bytes) {
    constexpr std::size_t most = std::size_t{1} << 28;
    if ((named += bytes) > most) throw io_error(text("more than ", most, " bytes of names of globals"));
  }
  std::size_t charged = 0, named = 0;
};

/// Runs one stream from `begin` on; sets `begin` to the byte after it. Throws io_error: who, the opcode, the byte.
class machine {
 public:
  machine(byte_reader const& in, document& doc) : in_(in), doc_(doc) {}

  value* run(std::size_t& begin) {
    at_ = begin;
    stack_.clear(), memo_.clear();
    for (;;) {
      std::size_t const start = at_;
      auto const op = in_.at<std::uint8_t>(at_++);
      if (op == '.') {
        if (stack_.size() != 1 || stack_.back()->is == kind::mark)
          fail(start, "STOP", text("finds ", stack_.size(), " values; expected one"));
        begin = at_;
        return stack_.back();
      }
      step(op, start);
    }
  }

 private:
  [[noreturn]] void fail(std::size_t at, std::string_view op, std::string_view why) const {
    throw io_error(text(in_.who(), ": pickle opcode ", op, " at byte ", at, " ", why));
  }

  value* push(value* v) {
    stack_.push_back(v);
    return v;
  }
  value* pop(std::size_t start, std::string_view op) {
    if (stack_.empty() || stack_.back()->is == kind::mark) fail(start, op, "finds too few values");
    value* v = stack_.back();
    stack_.pop_back();
    return v;
  }
  std::vector<value*> pop_to_mark(std::size_t start, std::string_view op) {
    std::size_t i = stack_.size();
    while (i > 0 && stack_[i - 1]->is != kind::mark) --i;
    if (i == 0) fail(start, op, "finds no MARK");
    std::vector<value*> items(stack_.begin() + static_cast<std::ptrdiff_t>(i), stack_.end());
    stack_.resize(i - 1);
    return items;
  }
  value* top(std::size_t start, std::string_view op, kind k) {
    if (stack_.empty() || (stack_.back()->is != k && stack_.back()->is != kind::opaque)) fail(start, op, "has nothing to add to");
    return stack_.back();
  }
  void push_integer(std::int64_t i) { push(doc_.make(kind::integer))->integer = i; }
  void push_string(std::size_t start, std::string_view op, std::uint64_t n) {
    if (n > in_.size()) fail(start, op, text("claims ", n, " bytes; the stream has ", in_.size() - at_, " left"));
    push(doc_.make(kind::string))->text = in_.text_at(at_, static_cast<std::size_t>(n));
    at_ += static_cast<std::size_t>(n);
  }
  /// LONG1 and LONG4: little-endian two's complement. Of values beyond 64 bits `integer` has the low ones, and `text` all bytes.
  void push_long(std::size_t start, std::string_view op, std::uint64_t n) {
    constexpr std::uint64_t most = 256;  // bytes; no number in a checkpoint is longer
    if (n > most) fail(start, op, text("claims an integer of ", n, " bytes; expected at most ", most));
    auto const bytes = in_.span(at_, static_cast<std::size_t>(n));
    at_ += static_cast<std::size_t>(n);
    std::uint64_t v = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < bytes.size() && i < 8; ++i)
      v = (v & ~(std::uint64_t{0xff} << 8 * i)) | static_cast<std::uint64_t>(bytes[i]) << 8 * i;
    value* const x = push(doc_.make(kind::integer));
    x->integer = static_cast<std::int64_t>(v);
    // The whole of a long one: the legacy magic number.
    x->text.assign(reinterpret_cast<char const*>(bytes.data()), n > 8 ? bytes.size() : 0);
  }
  std::string line(std::size_t start, std::string_view op) {
    std::string s;
    for (char c; (c = static_cast<char>(in_.at<std::uint8_t>(at_++))) != '\n'; s += c)
      if (s.size() >= longest_name) fail(start, op, text("names something longer than ", longest_name, " bytes"));
    return s;
  }
  value* named(std::string const& module, std::string const& name) {
    doc_.charge_name(module.size() + name.size() + 1);
    value* const v = doc_.make(kind::opaque);
    v->text = module + "." + name;
    return v;
  }

  /// Only these names mean something; every other call yields an inert value.
  value* call(value* f, value* arguments) {
    static constexpr std::string_view tensors[] = {"torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor",
                                                   "torch._utils._rebuild_tensor_v3"};
    if (f->is == kind::opaque && arguments->is == kind::tuple) {
      for (auto t : tensors)
        if (f->text == t) {
          value* const v = doc_.make(kind::tensor);
          v->text = f->text;
          doc_.charge(arguments->items.size());
          v->items = arguments->items;
          return v;
        }
      bool const parameter = f->text == "torch._utils._rebuild_parameter" || f->text == "torch._utils._rebuild_parameter_with_state";
      if (parameter && !arguments->items.empty()) return arguments->items.front();
      if (f->text == "collections.OrderedDict") return ordered_dict(*arguments);
    }
    return inert(f, "a call of something that is not a global");
  }
  /// Stands for whatever Python would have made of a global: the global's own value, so that nothing grows.
  value* inert(value* global, char const* otherwise) {
    if (global->is != kind::opaque) {
      global = doc_.make(kind::opaque);
      global->text = otherwise;
    }
    doc_.opaque_names.insert(global->text);
    return global;
  }
  value* ordered_dict(value const& arguments) {
    value* const d = doc_.make(kind::dict);
    if (!arguments.items.empty() && arguments.items[0]->is == kind::list) {
      doc_.charge(2 * arguments.items[0]->items.size());
      for (value const* pair : arguments.items[0]->items)
        if ((pair->is == kind::tuple || pair->is == kind::list) && pair->items.size() == 2)
          d->items.insert(d->items.end(), pair->items.begin(), pair->items.end());
    }
    return d;
  }
  void set_items(std::size_t start, std::string_view op, value* d, std::vector<value*> const& items) {
    if (items.size() % 2 != 0) fail(start, op, "finds a key without a value");
    if (d->is == kind::dict) d->items.insert(d->items.end(), items.begin(), items.end());
  }
  void push_tuple(std::vector<value*> items) { push(doc_.make(kind::tuple))->items = std::move(items); }

  void step(std::uint8_t op, std::size_t start) {
    switch (op) {
      case 0x80: {  // PROTO
        auto const protocol = in_.at<std::uint8_t>(at_++);
        if (protocol > 5) fail(start, "PROTO", text("names protocol ", int{protocol}, "; expected at most 5"));
        return;
      }
      case 0x95: {  // FRAME
        auto const n = in_.at<std::uint64_t>(at_);
        at_ += 8;
        if (n > in_.size() - at_) fail(start, "FRAME", text("claims ", n, " bytes; the stream has ", in_.size() - at_, " left"));
        return;
      }
      case '(': return void(push(doc_.make(kind::mark)));
      case '0': return void(stack_.empty() ? fail(start, "POP", "finds an empty stack") : stack_.pop_back());
      case 'N': return void(push(doc_.make(kind::none)));
      case 0x88: return void(push(doc_.make(kind::boolean))->integer = 1);
      case 0x89: return void(push(doc_.make(kind::boolean)));
      case 'J': return push_integer(take<std::int32_t>());
      case 'K': return push_integer(take<std::uint8_t>());
      case 'M': return push_integer(take<std::uint16_t>());
      case 0x8a: return push_long(start, "LONG1", take<std::uint8_t>());
      case 0x8b: {
        auto const n = take<std::int32_t>();
        if (n < 0) fail(start, "LONG4", text("has the negative length ", n));
        return push_long(start, "LONG4", static_cast<std::uint64_t>(n));
      }
      case 'G':  // BINFLOAT: nothing here needs its value
        take<std::uint64_t>();
        push(doc_.make(kind::real));
        return;
      case 'U': return push_string(start, "SHORT_BINSTRING", take<std::uint8_t>());
      case 'T': return push_string(start, "BINSTRING", take<std::uint32_t>());
      case 'X': return push_string(start, "BINUNICODE", take<std::uint32_t>());
      case 0x8c: return push_string(start, "SHORT_BINUNICODE", take<std::uint8_t>());
      case 0x8d: return push_string(start, "BINUNICODE8", take<std::uint64_t>());
      case 'C': return push_string(start, "SHORT_BINBYTES", take<std::uint8_t>());
      case 'B': return push_string(start, "BINBYTES", take<std::uint32_t>());
      case ')': return push_tuple({});
      case 't': return push_tuple(pop_to_mark(start, "TUPLE"));
      case 0x85: return push_tuple({pop(start, "TUPLE1")});
      case 0x86: {
        value *const b = pop(start, "TUPLE2"), *const a = pop(start, "TUPLE2");
        return push_tuple({a, b});
      }
      case 0x87: {
        value *const c = pop(start, "TUPLE3"), *const b = pop(start, "TUPLE3"), *const a = pop(start, "TUPLE3");
        return push_tuple({a, b, c});
      }
      case ']': return void(push(doc_.make(kind::list)));
      case 'l': {
        auto items = pop_to_mark(start, "LIST");
        push(doc_.make(kind::list))->items = std::move(items);
        return;
      }
      case '}': return void(push(doc_.make(kind::dict)));
      case 'd': {
        auto const items = pop_to_mark(start, "DICT");
        return set_items(start, "DICT", push(doc_.make(kind::dict)), items);
      }
      case 'a': {
        value* const v = pop(start, "APPEND");
        value* const list = top(start, "APPEND", kind::list);
        if (list->is == kind::list) list->items.push_back(v);
        return;
      }
      case 'e': {
        auto const items = pop_to_mark(start, "APPENDS");
        value* const list = top(start, "APPENDS", kind::list);
        if (list->is == kind::list) list->items.insert(list->items.end(), items.begin(), items.end());
        return;
      }
      case 's': {
        value *const v = pop(start, "SETITEM"), *const k = pop(start, "SETITEM");
        return set_items(start, "SETITEM", top(start, "SETITEM", kind::dict), {k, v});
      }
      case 'u': {
        auto const items = pop_to_mark(start, "SETITEMS");
        return set_items(start, "SETITEMS", top(start, "SETITEMS", kind::dict), items);
      }
      case 'q': return put(start, "BINPUT", take<std::uint8_t>());
      case 'r': return put(start, "LONG_BINPUT", take<std::uint32_t>());
      case 0x94: return put(start, "MEMOIZE", memo_.size());
      case 'h': return get(start, "BINGET", take<std::uint8_t>());
      case 'j': return get(start, "LONG_BINGET", take<std::uint32_t>());
      case 'c': {
        auto const module = line(start, "GLOBAL"), name = line(start, "GLOBAL");
        push(named(module, name));
        return;
      }
      case 0x93: {
        value *const name = pop(start, "STACK_GLOBAL"), *const module = pop(start, "STACK_GLOBAL");
        if (name->is != kind::string || module->is != kind::string) fail(start, "STACK_GLOBAL", "takes two literal strings");
        if (module->text.size() + name->text.size() > longest_name)
          fail(start, "STACK_GLOBAL", text("names something longer than ", longest_name, " bytes"));
        push(named(module->text, name->text));
        return;
      }
      case 'R': {
        value *const arguments = pop(start, "REDUCE"), *const f = pop(start, "REDUCE");
        push(call(f, arguments));
        return;
      }
      case 0x81: {
        pop(start, "NEWOBJ");
        push(inert(pop(start, "NEWOBJ"), "an object without a named type"));
        return;
      }
      case 'b': return void(pop(start, "BUILD"));  // state of the object below: not used
      case 'Q': {
        value* const id = pop(start, "BINPERSID");
        value* const v = push(doc_.make(kind::storage));
        doc_.charge(id->items.size());
        v->items = id->items;
        return;
      }
      default: refuse(op, start);
    }
  }
  template <class U>
  U take() {
    U const u = in_.at<U>(at_);
    at_ += sizeof(U);
    return u;
  }
  void put(std::size_t start, std::string_view op, std::uint64_t slot) {
    if (stack_.empty() || stack_.back()->is == kind::mark) fail(start, op, "has nothing to remember");
    constexpr std::size_t most = 1'000'000;
    if (memo_.size() >= most) fail(start, op, text("would remember more than ", most, " values"));
    memo_[slot] = stack_.back();
  }
  void get(std::size_t start, std::string_view op, std::uint64_t slot) {
    auto const found = memo_.find(slot);
    if (found == memo_.end()) fail(start, op, text("asks for memo ", slot, ", which was never set"));
    push(found->second);
  }
  [[noreturn]] void refuse(std::uint8_t op, std::size_t start) const {
    struct {
      std::uint8_t code;
      char const* name;
    } constexpr known[] = {
        {'i', "INST"},       {'o', "OBJ"},        {0x82, "EXT1"},       {0x83, "EXT2"},        {0x84, "EXT4"},           {'P', "PERSID"},
        {'I', "INT"},        {'F', "FLOAT"},      {'L', "LONG"},        {'S', "STRING"},       {'V', "UNICODE"},         {'p', "PUT"},
        {'g', "GET"},        {'1', "POP_MARK"},   {'2', "DUP"},         {0x92, "NEWOBJ_EX"},   {0x8f, "EMPTY_SET"},      {0x90, "ADDITEMS"},
        {0x91, "FROZENSET"}, {0x8e, "BINBYTES8"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};
    for (auto const& k : known)
      if (k.code == op) fail(start, k.name, "is refused: no weight file needs it");
    char code[8];
    std::snprintf(code, sizeof code, "0x%02x", op);
    fail(start, code, "is not known; the stream is damaged");
  }

  byte_reader const& in_;
  document& doc_;
  std::size_t at_ = 0;
  std::vector<value*> stack_;
  std::map<std::uint64_t, value*> memo_;
};

}  // namespace edvr::inline v1::detail::pickle
