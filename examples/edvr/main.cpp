// SPDX-License-Identifier: Apache-2.0
// edvr: restores video clips and holds numbers against each other. Exit codes: 0 done, 1 compared and different, 2 usage, 3 input or output
// file, 4 model, 5 memory or threads, 6 numerics, 7 GPU, 130 interrupted.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>

#include "commands.hpp"
#include "edvr/core/error.hpp"
#include "interrupt.hpp"
#include "printable.hpp"
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace {
int fail(int code, char const* what) {
  std::cerr << "edvr: " << program::printable(what) << std::endl;
  return code;
}
/// A standard stream that is closed would give its number to the next file
/// opened, and messages or frames would go there. It stays as unusable as it was.
void hold_standard_streams() {
  for (int d : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(d, F_GETFD) == -1) (void)open("/dev/null", d == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}
}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  program::catch_interrupts();
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 20);   // whole files and pictures go back to the system when they die, so the peak is what is alive,
  mallopt(M_TRIM_THRESHOLD, 64 << 20);  // but small buffers do not, a thousand times a frame; feature maps are mapped by the library
#endif
  CLI::App app{"Video restoration with EDVR: super-resolution and deblurring, and the tools to check it.", "edvr"};
  app.set_version_flag("--version", "edvr " + std::to_string(EDVR_VERSION_MAJOR) + "." + std::to_string(EDVR_VERSION_MINOR) + "." +
                                        std::to_string(EDVR_VERSION_PATCH));
  app.footer(
      "Exit codes: 0 done; 1 compared and different; 2 usage; 3 input or output file, or --max-memory too small; 4 model or weight file; 5 memory or threads refused by the system; 6 numbers not finite; 7 GPU; 130 interrupted");
  app.require_subcommand(1);
  program::action run;
  program::add_restore(app, run);
  program::add_info(app, run);
  program::add_forward(app, run);
  program::add_verify(app, run);
  program::add_compare(app, run);
  program::add_evaluate(app, run);
  program::add_resize(app, run);
  program::add_sheet(app, run);
  program::add_convert(app, run);
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands([&](CLI::App const* c) { return c->get_name() == argv[1]; }).empty())
    return fail(2, (std::string(argv[1]).substr(0, 100) + ": no such command; see edvr --help").c_str());
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    if (e.get_exit_code() == 0)  // --help, --version
      return app.exit(e), std::cout.flush() ? 0 : fail(3, "standard output: cannot be written (closed or full)");
    return fail(2, (std::string(e.what()) + "; see edvr --help, or edvr COMMAND --help").c_str());
  }
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write, as a full disk is
#endif
  std::signal(SIGPIPE, SIG_IGN);  // and so is a reader that has gone
  try {
    int const code = run();
    std::cout.flush();
    if (!std::cout || std::fflush(stdout) != 0 || std::ferror(stdout))
      throw edvr::io_error("standard output: cannot be written (closed or full)");
    return code;
  } catch (edvr::cancelled const&) {
    return fail(130,
                "interrupted; every file that is there is complete; a stream into standard output or a pipe, if there was one, is cut off");
  } catch (edvr::model_error const& e) {
    return fail(4, e.what());
  } catch (edvr::numeric_error const& e) {
    return fail(6, e.what());
  } catch (edvr::device_error const& e) {
    return fail(7, e.what());
  } catch (edvr::error const& e) {
    return fail(3, e.what());
  } catch (CLI::ParseError const& e) {
    return fail(2, e.what());
  } catch (std::bad_alloc const&) {
    return fail(5, "not enough memory; edvr info --size WxH says how much a model needs, smaller frames need less");
  } catch (std::filesystem::filesystem_error const& e) {
    return fail(3, (e.path1().string() + ": cannot be read (" + e.code().message() + ")").c_str());
  } catch (std::system_error const& e) {
    return fail(5, (std::string(e.what()) + ": a thread cannot be started; use fewer (--threads, -j)").c_str());
  } catch (std::exception const& e) {
    return fail(3, e.what());
  }
}
