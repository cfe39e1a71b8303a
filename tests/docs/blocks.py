#!/usr/bin/env python3
"""Compiles every ```cpp block of the pages.

    blocks.py COMPILER FLAGS... -- PAGE...

A page becomes one file: its blocks in order, each in a function, or, if it defines types or functions, as it stands; the page's own includes come first. Blocks for a GPU are compiled for Thrust's OpenMP system, where there is a Thrust.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

DEFINES = re.compile(r'^(template|struct|class|namespace|int main|(auto|void|tensor<.*>) \w+\(.*\) \{)', re.M)


def blocks(path):
    text = open(path).read()
    for m in re.finditer(r'^```cpp\n(.*?)^```', text, re.M | re.S):
        yield text.count('\n', 0, m.start()) + 2, m[1]


def source(path):
    top, body = [], []
    for i, (line, code) in enumerate(blocks(path)):
        rest = []
        for number, l in enumerate(code.splitlines(), line):
            if l.startswith('#include'):
                top.append(l)
            elif not l.startswith('using namespace edvr;'):
                rest.append((number, l))
        if not any(l.strip() for _, l in rest):
            continue
        scope = '' if DEFINES.search(code) else f'[[maybe_unused]] static void block_{i}(auto&&...) {{ [[maybe_unused]] auto const window = zeros<float>({{1, 5, 3, 8, 8}}); [[maybe_unused]] auto const x = zeros<float>({{1, 8, 4, 4}}), w = zeros<float>({{8, 8, 3, 3}}); {{'
        body.append(scope)
        body += [f'#line {rest[0][0]} "{path}"'] + [l for _, l in rest] + ['' if DEFINES.search(code) else '} }']
        if not DEFINES.search(code):
            body.append(f'[[maybe_unused]] static auto const run_{i} = [] {{ if (false) block_{i}(0); return 0; }}();')
    gpu = any('edvr/cuda.hpp' in l for l in top)
    return gpu, len(body), '\n'.join(top + ['using namespace edvr;'] + body) + '\n'


def thrust():
    nvcc = shutil.which('nvcc')
    for folder in ([os.path.join(os.path.dirname(os.path.realpath(nvcc)), '../include/cccl')] if nvcc else []) + ['/usr/local/cuda/include/cccl', '/usr/include']:
        if os.path.exists(os.path.join(folder, 'thrust/version.h')):
            return folder
    return None


def main():
    split = sys.argv.index('--')
    compiler, pages = sys.argv[1:split], sys.argv[split + 1:]
    failed = 0
    for path in pages:
        gpu, lines, text = source(path)
        name = os.path.basename(path)
        if lines == 0:
            print(f'{name}: no code')
            continue
        flags = []
        if gpu:
            if not thrust():
                print(f'{name}: SKIPPED, no Thrust here')
                continue
            if subprocess.run(compiler + ['-fopenmp', '-x', 'c++', '-fsyntax-only', '-'], input='#include <omp.h>', capture_output=True, text=True).returncode:
                print(f'{name}: SKIPPED, this compiler has no OpenMP here')
                continue
            flags = ['-isystem', thrust(), '-DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP', '-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_OMP', '-fopenmp']
        with tempfile.NamedTemporaryFile('w', suffix='.cpp', delete=False) as f:
            f.write(text)
        r = subprocess.run(compiler + flags + ['-std=c++20', '-fsyntax-only', f.name], capture_output=True, text=True)
        os.unlink(f.name)
        print(f'{name}: {sum(1 for _ in blocks(path))} blocks {"compile" if r.returncode == 0 else "DO NOT COMPILE"}')
        if r.returncode:
            failed = 1
            print(r.stderr[:4000])
    return failed


sys.exit(main())
