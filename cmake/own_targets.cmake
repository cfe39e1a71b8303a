# For our own executables only: warnings are errors, and the flags that presets ask for. Users of the library get none of this.
set(EDVR_SANITIZE "" CACHE STRING "Sanitizers of our own executables, such as address,undefined")
set(EDVR_ARCH "" CACHE STRING "Instruction set of our own executables (-march); empty for the compiler's default, as most users build")

function(edvr_own_target target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Wno-unknown-pragmas>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports its own AVX-512 headers (GCC bug 105593).
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized;-Wno-uninitialized>)
  endif()
  if(EDVR_ARCH)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-march=${EDVR_ARCH}>)
  endif()
  if(EDVR_SANITIZE)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${EDVR_SANITIZE};-fno-sanitize-recover=all;-fno-omit-frame-pointer>")
    target_link_options(${target} PRIVATE -fsanitize=${EDVR_SANITIZE})
  endif()
endfunction()
