#!/usr/bin/env python3
"""What ptxas said of the GPU tests' kernels.

    kernels.py --no-spills FOLDER    fails if a kernel of the library keeps registers in memory
    kernels.py --table FOLDER        the kernels behind EDVR-M's main steps on sm_90, as a Markdown table: registers, shared memory, occupancy, and what
                                     a frame of 320x180 with 64 channels costs them on an H100 at the least

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
    m = re.search(r'run_kernel<sweep_device<(\d+), (\d+), (.*)> ?>\(', name.replace(' >', '>'))
    return f'packs of {m[1]}: {m[3]}' if m else name.split('(')[0]


def main(mode, folder):
    found = list(kernels(folder))
    if not found:
        sys.exit(f'{folder}: no output of ptxas')
    if mode == '--no-spills':
        bad = [k for k in found if k[4] > 0 and '3cub' not in k[0]]
        for k in bad:
            print(f'{k[0]} on {k[1]}: {k[4]} bytes of registers in memory')
        print(f'{len(found)} kernels on {", ".join(sorted({k[1] for k in found}))}; at most {max(k[2] for k in found)} registers, {len(bad)} with spills')
        sys.exit(bool(bad))
    names = subprocess.run(['c++filt'], input='\n'.join(k[0] for k in found), capture_output=True, text=True, check=True).stdout.split('\n')
    print('| kernel | registers | shared memory | occupancy | bytes | flop | least time on an H100 |\n| --- | --- | --- | --- | --- | --- | --- |')
    pixels, c = 320 * 180, 64
    maps = 4 * c * pixels
    # What it is; its name; bytes that must move; floating-point operations. Each tensor counts once, a band's columns as written or read whole.
    steps = [('columns of conv2d 3x3', r'packs of 4: float, column<float>', maps + 9 * maps, 0),
             ('samples of deform_conv2d 3x3, 8 groups', r'packs of 4: float, deformed_column<float, float, unary<sigmoid<float>, float>>', maps + 9 * maps + 4 * 27 * 8 * pixels, 9 * c * pixels * 11),
             ('store of a convolution', r'packs of 4: float, composed<biased<float>, hole<float, 4>>', 2 * maps, c * pixels),
             ('store through leaky_relu', r'packs of 4: float, composed<biased<float>, unary<leaky_relu<float>, hole<float, 4>>>', 2 * maps, 3 * c * pixels),
             ('store of a residual block', r'packs of 4: float, composed<biased<float>, binary<plus, float, binary<times, constant<float, 4>, hole<float, 4>>>>', 3 * maps, 3 * c * pixels),
             ('bilinear enlargement by 2', r'packs of 4: float, composed<resize_bilinear_kernel<float>, hole<float, 4>>', maps / 4 + maps, 9 * c * pixels),
             ('temporal attention', r'packs of 1: float, composed<reduce_kernel<sum<float>, binary<times, float, float>, 4>, unary<sigmoid<float>, hole<float, 4>>>', 2 * maps, 2 * c * pixels)]
    by_name = {short(n): k for k, n in zip(found, names) if k[1] == 'sm_90' and 'sweep_device<4, 3' not in n}  # channels-last
    for what, name, moved, flop in steps:
        k = by_name.get(name)
        if not k:
            sys.exit('no kernel ' + name)
        least = max(moved / 3.35e12, flop / 66.9e12)
        print(f'| {what} | {k[2]} | {k[5]} | {100 * occupancy(k[2]):.0f} % | {moved / 1e6:.0f} MB | {flop / 1e6:.0f} M | {1e6 * least:.0f} us, {"memory" if moved / 3.35e12 >= flop / 66.9e12 else "arithmetic"} |')
    flop = 2 * 9 * c * c * pixels
    print(f"| product (cuBLAS) | theirs | theirs | theirs | {(10 * maps + 4 * 9 * c * c) / 1e6:.0f} MB | {flop / 1e6:.0f} M | {1e6 * max((10 * maps) / 3.35e12, flop / 66.9e12):.0f} us, arithmetic |")


if __name__ == '__main__':
    main(*sys.argv[1:])
