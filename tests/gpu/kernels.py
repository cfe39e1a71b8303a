#!/usr/bin/env python3
"""What ptxas said of the GPU tests' kernels.

    kernels.py --no-spills FOLDER    fails if a kernel of the library keeps registers in memory
    kernels.py --table FOLDER        the kernels of EDVR's ops on sm_90, as a Markdown table: registers, shared memory, occupancy

Occupancy is computed from the registers with the limits of compute capability 9.0: 65,536 registers in blocks of 256 a warp, 64 warps, 256 threads a block.
"""
import glob
import re
import subprocess
import sys


def kernels(folder):
    """(name, architecture, registers, stack, spilled bytes, shared bytes) of every kernel."""
    for path in sorted(glob.glob(folder + '/*.ptxas')):
        name = architecture = None
        stack = spilled = 0
        for line in open(path):
            if m := re.search(r"Compiling entry function '(\w+)' for '(\w+)'", line):
                name, architecture = m.groups()
            elif m := re.search(r'(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads', line):
                stack, spilled = int(m[1]), int(m[2]) + int(m[3])
            elif (m := re.search(r'Used (\d+) registers', line)) and name:
                shared = re.search(r'(\d+) bytes smem', line)
                yield name, architecture, int(m[1]), stack, spilled, int(shared[1]) if shared else 0
                name = None


def occupancy(registers, threads=256):
    warps = threads // 32
    return min(64, 65536 // (-(-registers * 32 // 256) * 256) // warps * warps) / 64


def short(name):
    """A readable form of a demangled kernel name: which sweep, of what."""
    name = re.sub(r'edvr::v1::(detail::|fn::|cuda_unit::)*|\(index_t\)|\(int\)|\(bool\)', '', name)
    name = re.sub(r'view<(\w+)( const)?, (\d), gpu>', r'\1', name).replace(', gpu', '')
    m = re.search(r'run_kernel<sweep_device<(\d+), (\d+), (.*)> ?>\(', name)
    return f'packs of {m[1]}: {m[3]}' if m else name.split('(')[0]


def main(mode, folder):
    found = list(kernels(folder))
    if not found:
        sys.exit(f'{folder}: no output of ptxas')
    if mode == '--no-spills':
        bad = [k for k in found if k[4] > 0 and 'cub' not in k[0]]
        for k in bad:
            print(f'{k[0]} on {k[1]}: {k[4]} bytes of registers in memory')
        print(f'{len(found)} kernels on {", ".join(sorted({k[1] for k in found}))}; at most {max(k[2] for k in found)} registers, {len(bad)} with spills')
        sys.exit(bool(bad))
    names = subprocess.run(['c++filt'], input='\n'.join(k[0] for k in found), capture_output=True, text=True, check=True).stdout.split('\n')
    rows = {}
    for k, name in zip(found, names):
        if k[1] == 'sm_90' and 'float' in name and 'double' not in name and 'run_kernel' in name:
            rows[short(name)] = k
    print('| kernel | registers | stack, bytes | occupancy |\n| --- | --- | --- | --- |')
    for name, k in sorted(rows.items()):
        print(f'| `{name}` | {k[2]} | {k[3]} | {100 * occupancy(k[2]):.0f} % |')


if __name__ == '__main__':
    main(*sys.argv[1:])
