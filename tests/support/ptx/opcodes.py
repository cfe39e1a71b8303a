#!/usr/bin/env python3
"""Tests of translate.py: every instruction form in a kernel of its own, compared with values worked out by hand; and what must be refused.

    opcodes.py COMPILER FOLDER    writes FOLDER/opcodes.cpp, builds it with COMPILER and runs it
"""
import math
import os
import struct
import subprocess
import sys

import translate

HERE = os.path.dirname(os.path.abspath(__file__))


def f32(v):
    return struct.unpack('<I', struct.pack('<f', v))[0]


def f64(v):
    return struct.unpack('<Q', struct.pack('<d', v))[0]


NAN32, INF32, NAN64 = 0x7fc00000, 0x7f800000, 0x7ff8000000000000
M = 1 << 64

# (instruction on %a and %b (and %c), 64-bit registers; or on their lower 32-bit copies %x, %y, %z; result in %r or %w (32 bits) or %p), inputs, result
CASES = [
    # integers
    ('add.s32 %w, %x, %y;', (5, (1 << 32) - 7), (1 << 32) - 2), ('add.s64 %r, %a, %b;', (M - 1, 3), 2), ('add.u64 %r, %a, %b;', (7, 3), 10), ('add.s64 %r, %a, -5;', (3,), M - 2),
    ('sub.s32 %w, %x, %y;', (5, 7), (1 << 32) - 2), ('sub.s64 %r, %a, %b;', (5, 7), M - 2),
    ('mul.lo.s32 %w, %x, %y;', (0x10001, 0x10001), 0x20001), ('mul.lo.s64 %r, %a, %b;', (M - 3, 5), M - 15),
    ('mul.hi.u32 %w, %x, %y;', (1 << 31, 6), 3), ('mul.hi.s32 %w, %x, %y;', ((1 << 32) - 1, 2), (1 << 32) - 1), ('mul.hi.u64 %r, %a, %b;', (1 << 63, 6), 3),
    ('mul.wide.u32 %r, %x, %y;', ((1 << 32) - 1, 2), (1 << 33) - 2), ('mul.wide.s32 %r, %x, %y;', ((1 << 32) - 1, 2), M - 2),
    ('mad.lo.s32 %w, %x, %y, %z;', (3, 5, 7), 22), ('mad.wide.u32 %r, %x, %y, %c;', ((1 << 32) - 1, 2, 4), (1 << 33) + 2),
    ('div.s64 %r, %a, %b;', (M - 7, 2), M - 3), ('div.u64 %r, %a, %b;', (7, 2), 3), ('div.u32 %w, %x, %y;', ((1 << 32) - 1, 2), (1 << 31) - 1), ('div.s32 %w, %x, %y;', ((1 << 32) - 7, 2), (1 << 32) - 3),
    ('rem.s64 %r, %a, %b;', (M - 7, 2), M - 1), ('rem.u64 %r, %a, %b;', (7, 4), 3), ('rem.u32 %w, %x, %y;', (9, 4), 1), ('rem.s64 %r, %a, %b;', (1 << 63, M - 1), 0),
    ('neg.s64 %r, %a;', (5,), M - 5), ('neg.s32 %w, %x;', (1 << 31,), 1 << 31),
    ('min.s64 %r, %a, %b;', (M - 1, 1), M - 1), ('max.s64 %r, %a, %b;', (M - 1, 1), 1), ('max.u64 %r, %a, %b;', (M - 1, 1), M - 1), ('min.u32 %w, %x, %y;', (3, 9), 3),
    # bits
    ('and.b32 %w, %x, %y;', (12, 10), 8), ('and.b64 %r, %a, %b;', (12, 10), 8), ('or.b32 %w, %x, %y;', (12, 10), 14), ('or.b64 %r, %a, %b;', (12, 10), 14), ('xor.b32 %w, %x, %y;', (12, 10), 6),
    ('not.b32 %w, %x;', (0,), (1 << 32) - 1), ('shl.b32 %w, %x, 4;', (3,), 48), ('shl.b32 %w, %x, %y;', (3, 32), 0), ('shl.b64 %r, %a, 63;', (3,), 1 << 63), ('shl.b64 %r, %a, 64;', (3,), 0),
    ('shr.u32 %w, %x, 4;', (1 << 31,), 1 << 27), ('shr.s32 %w, %x, 4;', (1 << 31,), 0xf8000000), ('shr.s32 %w, %x, 99;', (1 << 31,), (1 << 32) - 1), ('shr.u64 %r, %a, 1;', (M - 1,), (1 << 63) - 1),
    ('mov.b64 {%w, %x}, %a;', (0x1122334455667788,), 0x55667788), ('mov.b64 %r, {%x, %y};', (0x55667788, 0x11223344), 0x1122334455667788), ('mov.u32 %w, -2;', (), (1 << 32) - 2),
    ('mov.u64 %r, %a;', (77,), 77), ('mov.pred %p, 0; selp.b32 %w, 1, 2, %p;', (), 2), ('mov.pred %p, -1; selp.b32 %w, 1, 2, %p;', (), 1), ('mov.f32 %w, 0f3F800000;', (), f32(1)), ('mov.f64 %r, 0dBFF0000000000000;', (), f64(-1)), ('mov.b32 %w, %x;', (9,), 9),
    ('prmt.b32 %w, %x, %y, 30292;', (0x33221100, 0x77665544), 0x77665544), ('prmt.b32 %w, %x, %y, 4180;', (0x33221100, 0x77665544), 0x11005544), ('prmt.b32 %w, %x, 0, 0xb180;', (0x80112280,), 0xff22ff80),
    ('cvta.to.global.u64 %r, %a;', (77,), 77),
    # floats
    ('add.f32 %w, %x, %y;', (f32(1.5), f32(2.25)), f32(3.75)), ('add.f64 %r, %a, %b;', (f64(1), f64(1e-17)), f64(1)), ('add.rn.f64 %r, %a, %b;', (f64(1), f64(2)), f64(3)),
    ('sub.f32 %w, %x, %y;', (f32(1), f32(3)), f32(-2)), ('sub.f64 %r, %a, %b;', (f64(1), f64(3)), f64(-2)), ('mul.f32 %w, %x, %y;', (f32(3), f32(-2)), f32(-6)), ('mul.f64 %r, %a, %b;', (f64(3), f64(-2)), f64(-6)),
    ('fma.rn.f32 %w, %x, %y, %z;', (f32(1 + 2**-23), f32(1 - 2**-23), f32(-1)), f32(-2**-46)), ('fma.rn.f64 %r, %a, %b, %c;', (f64(2), f64(3), f64(4)), f64(10)),
    ('fma.rm.f32 %w, %x, %y, %z;', (f32(1), f32(1), f32(-2**-40)), f32(1 - 2**-24)), ('fma.rm.f32 %w, %x, %y, %z;', (f32(2), f32(3), f32(4)), f32(10)),
    ('div.rn.f32 %w, %x, %y;', (f32(1), f32(3)), 0x3eaaaaab), ('div.rn.f64 %r, %a, %b;', (f64(1), f64(4)), f64(0.25)), ('rcp.rn.f32 %w, %x;', (f32(4),), f32(0.25)), ('rcp.rn.f64 %r, %a;', (f64(4),), f64(0.25)),
    ('rcp.approx.ftz.f32 %w, %x;', (f32(8),), f32(0.125)), ('rcp.approx.ftz.f64 %r, %a;', (f64(3),), 0x3fd5555500000000), ('sqrt.rn.f32 %w, %x;', (f32(2),), 0x3fb504f3), ('sqrt.rn.f64 %r, %a;', (f64(9),), f64(3)),
    ('ex2.approx.ftz.f32 %w, %x;', (f32(3),), f32(8)), ('ex2.approx.ftz.f32 %w, %x;', (f32(-140),), 0), ('lg2.approx.f32 %w, %x;', (f32(8),), f32(3)),
    ('neg.f32 %w, %x;', (f32(1),), f32(-1)), ('neg.f64 %r, %a;', (f64(0),), f64(-0.0)), ('abs.f32 %w, %x;', (f32(-2),), f32(2)), ('abs.f64 %r, %a;', (f64(-2),), f64(2)), ('abs.s32 %w, %x;', ((1 << 32) - 7,), 7), ('abs.s32 %w, %x;', (1 << 31,), 1 << 31), ('abs.s64 %r, %a;', (M - 7,), 7),
    ('copysign.f32 %w, %x, %y;', (f32(-1), f32(5)), f32(-5)), ('copysign.f64 %r, %a, %b;', (f64(-1), f64(5)), f64(-5)),
    ('min.f32 %w, %x, %y;', (NAN32, f32(5)), f32(5)), ('max.f32 %w, %x, %y;', (f32(-1), f32(5)), f32(5)), ('max.f64 %r, %a, %b;', (f64(2), NAN64), f64(2)),
    # conversions
    ('cvt.u64.u32 %r, %x;', ((1 << 32) - 1,), (1 << 32) - 1), ('cvt.s64.s32 %r, %x;', ((1 << 32) - 1,), M - 1), ('cvt.u32.u64 %w, %a;', ((7 << 32) + 9,), 9), ('cvt.rn.f32.s32 %w, %x;', ((1 << 32) - 3,), f32(-3)),
    ('cvt.rn.f32.s64 %w, %a;', ((1 << 24) + 1,), f32(1 << 24)), ('cvt.rn.f64.s64 %r, %a;', (M - 3,), f64(-3)), ('cvt.f64.f32 %r, %x;', (f32(1.5),), f64(1.5)), ('cvt.rn.f32.f64 %w, %a;', (f64(1 + 2**-30),), f32(1)),
    ('cvt.rmi.f32.f32 %w, %x;', (f32(-1.5),), f32(-2)), ('cvt.rmi.f64.f64 %r, %a;', (f64(1.5),), f64(1)), ('cvt.rpi.f32.f32 %w, %x;', (f32(1.2),), f32(2)), ('cvt.rni.f32.f32 %w, %x;', (f32(2.5),), f32(2)),
    ('cvt.rzi.s64.f32 %r, %x;', (f32(-1.5),), M - 1), ('cvt.rzi.s64.f64 %r, %a;', (f64(1e30),), (1 << 63) - 1), ('cvt.rzi.s64.f64 %r, %a;', (NAN64,), 1 << 63), ('cvt.rzi.s32.f32 %w, %x;', (NAN32,), 0),
    ('cvt.rzi.s32.f32 %w, %x;', (f32(-1e20),), 1 << 31), ('cvt.rzi.u32.f32 %w, %x;', (f32(-5),), 0), ('cvt.sat.f32.f32 %w, %x;', (f32(1.5),), f32(1)), ('cvt.sat.f32.f32 %w, %x;', (NAN32,), 0), ('cvt.sat.f32.f32 %w, %x;', (f32(0.25),), f32(0.25)),
    # choices: selp and predicates, through setp
    ('setp.gt.s32 %p, %x, %y; selp.b32 %w, %x, %y, %p;', (3, 9), 9), ('setp.gt.s64 %p, %a, 0; selp.b64 %r, 1, 2, %p;', (M - 1,), 2), ('setp.gt.u64 %p, %a, 0; selp.f64 %r, %a, %b, %p;', (M - 1, 2), M - 1),
    ('setp.lt.f32 %p, %x, %y; @%p mov.u32 %w, 7;', (f32(1), f32(2)), 7), ('setp.lt.f32 %p, %x, %y; @!%p mov.u32 %w, 7;', (NAN32, f32(2)), 7), ('setp.ltu.f32 %p, %x, %y; selp.b32 %w, 1, 0, %p;', (NAN32, f32(2)), 1),
    ('setp.geu.f64 %p, %a, %b; selp.b32 %w, 1, 0, %p;', (f64(1), f64(2)), 0), ('setp.neu.f32 %p, %x, %y; selp.b32 %w, 1, 0, %p;', (f32(1), f32(1)), 0), ('setp.ne.f32 %p, %x, %y; selp.b32 %w, 1, 0, %p;', (NAN32, f32(1)), 0),
    ('setp.nan.f32 %p, %x, %y; selp.b32 %w, 1, 0, %p;', (f32(1), NAN32), 1), ('setp.num.f64 %p, %a, %b; selp.b32 %w, 1, 0, %p;', (f64(1), NAN64), 0), ('setp.eq.s32 %p, %x, 0; selp.b32 %w, 1, 0, %p;', (0,), 1),
    ('setp.le.s64 %p, %a, %b; not.pred %p, %p; selp.b32 %w, 1, 0, %p;', (1, 2), 0), ('setp.ne.s64 %p, %a, %b; setp.lt.u32 %q, %x, %y; and.pred %p, %p, %q; selp.b32 %w, 1, 0, %p;', (1, 2), 1),
    ('setp.eq.s64 %p, %a, %b; setp.lt.u32 %q, %x, %y; or.pred %p, %p, %q; selp.b32 %w, 1, 0, %p;', (1, 2), 1), ('setp.lo.u32 %p, %x, %y; selp.b32 %w, 1, 0, %p;', (1, (1 << 32) - 1), 1),
    # memory and control: %m is the address of 32 bytes that hold 1, 2, 3 ... as 32-bit numbers
    ('ld.global.u32 %w, [%m+8];', (), 3), ('ld.global.nc.u32 %w, [%m];', (), 1), ('ld.global.s32 %r, [%m+4];', (), 2), ('ld.global.u8 %w, [%m+4];', (), 2), ('ld.global.v2.u64 {%r, %b}, [%m];', (), (2 << 32) + 1),
    ('ld.global.v4.f32 {%x, %y, %w, %z}, [%m];', (), 3), ('st.global.v2.f64 [%m], {%a, %b}; ld.global.f64 %r, [%m+8];', (5, 6), 6), ('st.global.u32 [%m+4], %x; ld.global.u64 %r, [%m];', (9,), (9 << 32) + 1),
    ('st.shared.f64 [buffer+8], %a; ld.shared.u64 %r, [buffer+8];', (5,), 5), ('mov.u32 %x, buffer; st.shared.u32 [%x+4], %y; ld.shared.u32 %w, [buffer+4];', (0, 6), 6),
    ('st.local.v4.f32 [depot], {%x, %y, %z, %x}; ld.local.u64 %r, [depot+8];', (1, 2, 3), (1 << 32) + 3), ('mov.b64 %a, depot; cvta.local.u64 %b, %a; st.local.u64 [%b+8], %c; ld.local.f64 %r, [%a+8];', (0, 0, 4), 4),
    ('mov.u32 %w, 1; bra.uni $over; mov.u32 %w, 2; $over: add.s32 %w, %w, 4;', (), 5), ('mov.u32 %w, 3; ret; mov.u32 %w, 9;', (), None), ('{ .reg .b32 %t; mov.b64 {%t, %w}, %a; }', ((7 << 32) + 1,), 7),
    ('mov.u32 %w, %tid.x; mov.u32 %x, %ntid.y; add.s32 %w, %w, %x; mov.u32 %x, %ctaid.x; add.s32 %w, %w, %x; mov.u32 %x, %nctaid.z; add.s32 %w, %w, %x;', (), 2), ('mov.u32 %w, %laneid;', (), 0),
]
# What the whole warp does together, thread i of 32 holding 10 i in %x; the result of thread 5.
WARP = [('shfl.sync.down.b32 %w, %x, 4, 31, -1;', 90), ('shfl.sync.down.b32 %w|%p, %x, 30, 31, -1;', 50), ('shfl.sync.up.b32 %w, %x, 2, 0, -1;', 30), ('shfl.sync.up.b32 %w, %x, 9, 0, -1;', 50),
        ('shfl.sync.bfly.b32 %w, %x, 1, 31, -1;', 40), ('shfl.sync.idx.b32 %w, %x, 17, 31, -1;', 170), ('shfl.sync.down.b32 %w, %x, 4, 6175, 0xffffffff;', 50),
        ('mov.u32 %y, %tid.x; shl.b32 %y, %y, 2; mov.u32 %z, shared; add.s32 %y, %y, %z; st.shared.u32 [%y], %x; bar.sync 0; ld.shared.u32 %w, [shared+124];', 310)]
REFUSED = ['frobnicate.s32 %w, %x;', 'add.rz.f32 %w, %x, %y;', 'add.sat.s32 %w, %x, %y;', 'ld.volatile.global.u32 %w, [%m];', 'ld.u32 %w, [%m];', 'atom.global.add.u32 %w, [%m], 1;', 'cvt.rz.f32.f64 %w, %a;',
           'bar.sync 1;', 'shfl.sync.down.b32 %w, %x, 1, 31, 255;', 'mov.u32 %w, %clock;', 'mov.u32 %w, nobody;', 'div.full.f32 %w, %x, %y;', 'setp.lt.and.s32 %p, %x, %y, %q;', 'call foo;', 'fma.rz.f32 %w, %x, %y, %z;']


def entry(name, code):
    body = code.replace('; ', ';\n').replace(': ', ':\n').replace('{ ', '{\n').replace(' }', '\n}')
    load = ''.join(f'ld.param.u64 %{r}, [{name}_in+{8 * i}];\ncvt.u32.u64 %{s}, %{r};\n' for i, (r, s) in enumerate(zip('abc', 'xyz')))
    end = f'st.global.u64 [%o], %r;\n' if '%r' in code else 'cvt.u64.u32 %r, %w;\nst.global.u64 [%o], %r;\n'
    registers = '.reg .pred %p, %q;\n.reg .b32 %w, %x, %y, %z;\n.reg .b64 %a, %b, %c, %r, %m, %o;\n.shared .align 8 .b8 buffer[32];\n.local .align 16 .b8 depot[16];\n'
    return (f'.visible .entry {name}(\n.param .align 8 .b8 {name}_in[24],\n.param .u64 {name}_m,\n.param .u64 {name}_o\n)\n{{\n{registers}{load}ld.param.u64 %m, [{name}_m];\nld.param.u64 %o, [{name}_o];\n'
            f'mov.u32 %w, 0;\n{body}\n{end}ret;\n}}\n')


def warp_entry(name, code):
    body = code.replace('; ', ';\n')
    registers = '.reg .pred %p;\n.reg .b32 %w, %x, %y, %z;\n.reg .b64 %r, %o, %a;\n.shared .align 4 .b8 shared[128];\n'
    return (f'.visible .entry {name}(\n.param .u64 {name}_o\n)\n{{\n{registers}ld.param.u64 %o, [{name}_o];\nmov.u32 %x, %tid.x;\nmul.lo.s32 %x, %x, 10;\n{body}\nmov.u32 %z, %tid.x;\nmul.wide.u32 %r, %z, 8;\nadd.s64 %o, %o, %r;\n'
            f'cvt.u64.u32 %a, %w;\nst.global.u64 [%o], %a;\nret;\n}}\n')


def main(compiler, folder):
    os.makedirs(folder, exist_ok=True)
    source = '.version 9.0\n.target sm_75\n.address_size 64\n' + ''.join(entry(f'case_{i}', c[0]) for i, c in enumerate(CASES)) + ''.join(warp_entry(f'warp_{i}', c[0]) for i, c in enumerate(WARP))
    with open(f'{folder}/opcodes.ptx', 'w') as f:
        f.write(source)
    with open(f'{folder}/kernels.cpp', 'w') as f:
        subprocess.run([sys.executable, f'{HERE}/translate.py', f'{folder}/opcodes.ptx'], stdout=f, check=True)
    rows = ''.join('{"%s", {%s}, %sull, %s},\n' % (c[0].replace('"', ''), ', '.join(f'{v}ull' for v in c[1]), c[2] or 0, 'false' if c[2] is None else 'true') for c in CASES)
    warps = ''.join('{"%s", {}, %sull, true},\n' % c for c in WARP)
    with open(f'{folder}/run.cpp', 'w') as f:
        f.write(open(f'{HERE}/opcodes.inc.cpp').read().replace('// CASES', rows).replace('// WARPS', warps))
    subprocess.run([compiler, '-std=c++20', '-O1', '-w', '-ffp-contract=off', '-frounding-math', f'-I{HERE}', '-isystem', sys.argv[3], f'{folder}/kernels.cpp', f'{folder}/run.cpp', f'{HERE}/runtime.cpp', '-pthread', '-o', f'{folder}/run'], check=True)
    subprocess.run([f'{folder}/run'], check=True)
    for code in REFUSED:
        with open(f'{folder}/refused.ptx', 'w') as f:
            f.write(entry('refused', code))
        try:
            translate.main(f'{folder}/refused.ptx')
        except translate.Unknown:
            continue
        sys.exit(f'translated, but is not known: {code}')
    print(f'{len(CASES)} forms of instructions, {len(WARP)} of a warp; {len(REFUSED)} refused')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
