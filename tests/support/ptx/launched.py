#!/usr/bin/env python3
"""Were all kernels that nvcc wrote also run?

    launched.py REPORT    REPORT: lines "count name" of one run of gpu_ptx (PTX_REPORT)

A kernel may stand unused for one of the reasons below only, and the number of those is printed.
"""
import collections
import re
import subprocess
import sys


def main(path):
    counts = collections.Counter()
    for line in open(path):
        count, name = line.split()
        counts[name] += int(count)
    if not counts:
        sys.exit(f'{path}: no kernels')
    plain = subprocess.run(['c++filt'], input='\n'.join(counts), capture_output=True, text=True, check=True).stdout.split('\n')
    names = dict(zip(counts, plain))

    def tree(name):
        m = re.search(r'sweep_device<\(?i?n?t?\)?(\d+), \(?i?n?t?\)?(\d+), (.*?)(?: >)* ?>\(long', names[name])
        return m[3] if m else None

    def is_copy(tree):
        return tree and re.fullmatch(r'edvr::v1::view<([\w: ]+), (\d), edvr::v1::gpu>, edvr::v1::view<\1 const, \2, edvr::v1::gpu>', tree)

    def width(name):
        return int(re.search(r'sweep_device<(\d+)', names[name])[1])

    ran, ran_in_packs = ({tree(n) for n in counts if counts[n] and tree(n) and width(n) >= least} for least in (1, 2))
    reductions = {m[0] for n in counts if counts[n] and (m := re.search(r'merge_reduced<[^>]*>', names[n]))}
    reasons = collections.Counter()
    wrong = []
    for name in counts:
        if counts[name]:
            continue
        if 'EmptyKernel' in names[name]:
            reasons["CUB's empty kernel, which it only asks for the PTX version"] += 1
        elif 'cub::' in names[name] and (m := re.search(r'merge_reduced<[^>]*>', names[name])) and m[0] in reductions:
            reasons['CUB: the variant for sizes that this reduction did not have; another one of it ran'] += 1
        elif tree(name) in ran_in_packs:
            reasons['the same tree ran in packs; one element at a time, or along another axis, it did not'] += 1
        elif tree(name) in ran and width(name) == 1:
            reasons['the same tree ran one element at a time along another axis'] += 1
        elif is_copy(tree(name)):
            reasons['a copy into packed order, of a type and rank that the tests only have packed'] += 1
        else:
            wrong.append(names[name])
    print(f'{len(counts)} kernels, {sum(c > 0 for c in counts.values())} launched')
    for reason, n in reasons.items():
        print(f'  {n} not: {reason}')
    for name in wrong:
        print('never launched, and no reason for it:', name[:400])
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main(sys.argv[1])
