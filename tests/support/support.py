#!/usr/bin/env python3
"""docs/support.md, from what passing tests proved (proves.hpp).

    support.py --check PAGE FILE.proofs...    fails unless the page says of these files' spaces what they say, and an op of the headers has a row
    support.py --write PAGE FILE.proofs...    writes the page, which needs the files of every space

A file has a line `op, tab, element type, tab, space` for each combination that a passing test case stands for. gpu_omp.proofs and gpu_ptx.proofs are two
ways of running one backend: the page claims a GPU where both do.
"""
import glob
import os
import re
import sys

ELEMENTS = ['float32', 'float64', 'float16', 'bfloat16', 'long double', 'int32', 'int64', 'uint8', 'bool', 'own scalar']
GROUPS = [
    ('Arithmetic', ['operator+', 'operator-', 'operator*', 'operator/', 'minimum', 'maximum', 'clamp', 'abs', 'sqrt', 'exp', 'log', 'tanh', 'apply_each', 'cast']),
    ('Comparison', ['operator<', 'operator<=', 'operator>', 'operator>=', 'equal', 'logical_not', 'where']),
    ('Activation', ['relu', 'leaky_relu', 'sigmoid', 'softmax']),
    ('Views and order', ['permute', 'transpose', 'slice', 'flip', 'select', 'squeeze', 'unsqueeze', 'broadcast_to', 'reshape', 'concat', 'stack', 'pad', 'pixel_shuffle', 'pixel_unshuffle', 'gather']),
    ('Reduction', ['sum', 'mean', 'max', 'min', 'argmax', 'argmin', 'correlation']),
    ('Products and windows', ['matmul', 'conv2d', 'deform_conv2d', 'max_pool2d', 'avg_pool2d', 'resize_bilinear', 'upsample_bilinear', 'stencil']),
    ('Attention', ['temporal_attention', 'temporal_attention_gate', 'spatial_attention_gate', 'scaled_dot_product_attention']),
    ('Networks', ['nn::residual_block', 'nn::deform_conv2d_pack', 'nn::edvr_net']),
]
NOT_ROWS = {'allclose'}  # gives a bool, not a tensor
HEAD = """# What runs where

Generated from the tests that passed: `python3 tests/support/support.py --write docs/support.md build/release/tests/*.proofs build/gpu/tests/gpu/*.proofs` after `bash tests/run.sh` and
`bash tests/gpu.sh`. Every test run checks that this page says what its own tests showed.

**CPU**: a test of that op and element type passed on the CPU. **GPU**: on device tensors too, run by Thrust's OpenMP system and as nvcc's PTX on the CPU ([cuda.md](cuda.md) says
what that proves). An empty field means that no test shows it: mostly what C++ makes of the type works too, or does not compile. Tensors of float16 and bfloat16 store,
and compute in float32. A scalar of your own is a class with the usual operators; the tests use dual numbers.
"""


def public_ops(root):
    """Names of the functions that the headers of ops/ offer outside namespaces of their own."""
    names = set()
    for path in glob.glob(os.path.join(root, 'include/edvr/ops/*.hpp')):
        inside = []  # open namespaces that are not the library's
        for line in open(path):
            if m := re.match(r'namespace ([\w:]+ ?[\w:]*) ?\{', line):
                inside.append(m[1])
            elif re.match(r'\}  // namespace', line):
                inside.pop()
            elif inside == ['edvr::inline v1'] and (m := re.match(r'(?:auto|bool|tensor<[^()]*>) (operator[^(\s]+|\w+)\(', line)):
                names.add(m[1])
    return names


def proofs(files):
    """{space: {(op, element)}}, the GPU's from each way of running it."""
    found = {}
    for path in files:
        for line in open(path):
            op, element, space = line.rstrip('\n').split('\t')
            way = os.path.basename(path) if space == 'gpu' else 'cpu'
            found.setdefault(way, set()).add((op, element))
    spaces = {}
    if 'cpu' in found:
        spaces['CPU'] = found.pop('cpu')
    if found:
        spaces['GPU'] = set.intersection(*found.values())
    return spaces


def rows(spaces):
    for title, ops in GROUPS:
        for op in ops:
            yield title, op, [' '.join(s for s in ('CPU', 'GPU') if (op, element) in spaces.get(s, ())) for element in ELEMENTS]


def page(spaces):
    out, last = [HEAD], None
    for title, op, cells in rows(spaces):
        if title != last:
            out.append(f'\n## {title}\n\n| op | ' + ' | '.join(ELEMENTS) + ' |\n' + '| --- ' * (len(ELEMENTS) + 1) + '|\n')
            last = title
        out.append(f'| `{op}` | ' + ' | '.join(cells) + ' |\n')
    return ''.join(out)


def read_page(path):
    spaces = {'CPU': set(), 'GPU': set()}
    for line in open(path):
        if m := re.match(r'\| `([^`]+)` \|(.*)\|$', line):
            for element, cell in zip(ELEMENTS, m[2].split('|')):
                for space in cell.split():
                    spaces[space].add((m[1], element))
    return spaces


def main():
    mode, path, *files = sys.argv[1:]
    spaces = proofs(files)
    known = {op for _, ops in GROUPS for op in ops}
    problems = [f'{op}: is an op of the headers, and has no row here' for op in sorted(public_ops(os.path.join(os.path.dirname(__file__), '../..')) - known - NOT_ROWS)]
    problems += [f'{op}: a test proves it, and it has no row here' for op in sorted({op for s in spaces.values() for op, _ in s} - known)]
    if not spaces:
        problems.append('no proofs: run the tests first')
    if mode == '--write':
        if set(spaces) != {'CPU', 'GPU'}:
            problems.append(f'proofs of {", ".join(spaces) or "nothing"} only; expected those of CPU and GPU')
        if not problems:
            open(path, 'w').write(page(spaces))
    else:
        said = read_page(path)
        for space, shown in spaces.items():
            problems += [f'{op} of {element} on {space}: shown by a test, not on the page' for op, element in sorted(shown - said[space])]
            problems += [f'{op} of {element} on {space}: on the page, shown by no test' for op, element in sorted(said[space] - shown)]
        problems += [f'{op}: no test shows anything of it' for op in known - {op for op, _ in said['CPU']}]
    for p in problems:
        print(p)
    if not problems:
        print(', '.join(f'{space}: {len(shown)} combinations of op and element type' for space, shown in spaces.items()))
    return 1 if problems else 0


sys.exit(main())
