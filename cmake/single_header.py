#!/usr/bin/env python3
"""Writes the library as one header, for those who want to copy one file: single_header.py OUTPUT [HEADER...] (edvr/edvr.hpp, edvr/io.hpp and edvr/testing/compare.hpp).

Each header of the library appears where it is first included; the parts that isa.hpp includes once per instruction set (*.inc.hpp) at every place. Other includes stay.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../include')


def expand(name, seen, out, licence=True):
    if name in seen and not name.endswith('.inc.hpp'):
        return
    seen.add(name)
    for line in open(os.path.join(ROOT, name)):
        if m := re.match(r'\s*#include "(edvr/[^"]+)"', line):
            expand(m[1], seen, out)
        elif line.startswith('#pragma once') or line.startswith('// SPDX-License-Identifier'):
            continue
        else:
            out.append(line)


def main():
    output, *headers = sys.argv[1:]
    seen, out = set(), ['// SPDX-License-Identifier: Apache-2.0\n', '// edvr, as one header: made by cmake/single_header.py from include/edvr. Change that, not this.\n', '#pragma once\n']
    for name in headers or ['edvr/edvr.hpp', 'edvr/io.hpp', 'edvr/testing/compare.hpp']:
        expand(name, seen, out)
    with open(output, 'w') as f:
        f.writelines(out)
    print(f'{output}: {len(seen)} headers, {len(out)} lines')


main()
