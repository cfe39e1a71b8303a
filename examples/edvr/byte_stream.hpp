// SPDX-License-Identifier: Apache-2.0
// Files, pipes and standard streams whose waits end when the program is interrupted or nobody wants the bytes any more.
#pragma once
#include <atomic>
#include <cstddef>
#include <string>

namespace program {

class byte_stream {
 public:
  /// "-" is standard input or output. Throws io_error, which speaks of the file as `name`, or by its own.
  static byte_stream input(std::string const& argument);
  static byte_stream output(std::string const& argument, std::string name = {});
  byte_stream(byte_stream&& other) noexcept;
  ~byte_stream();

  /// Reads n bytes, fewer only at the end. Throws io_error, and cancelled after Ctrl-C or stop().
  std::size_t read(std::byte* to, std::size_t n);
  /// Throws io_error, and cancelled after Ctrl-C, or after stop() once nothing has been taken for two seconds: who is slow gets its frame.
  void write(void const* from, std::size_t n);
  /// Closes it. Throws io_error for what only shows then.
  void close();
  /// Whoever waits in read, or in vain in write, gives up.
  void stop() { stopped_ = true; }
  std::string const& name() const { return name_; }
  /// Is this the file of that name?
  bool is_file(std::string const& path) const;

 private:
  byte_stream(std::string name, int descriptor, bool owned) : name_(std::move(name)), descriptor_(descriptor), owned_(owned) {}
  void wait(short events) const;
  std::string name_;
  int descriptor_;
  bool owned_;
  std::atomic<bool> stopped_{false};
};

}  // namespace program
