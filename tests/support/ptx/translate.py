#!/usr/bin/env python3
"""Turns PTX, as nvcc wrote it, into C++ that runs on a CPU: one function a kernel.

    translate.py kernels.ptx > kernels.cpp

The C++ includes machine.hpp, which holds what a kernel sees of its GPU. An instruction that is not known here is an error, never a guess; so is a
form of a known one (a rounding, a type) that is not in the tables below. Facts are from the PTX ISA reference, 9.0.
"""
import re
import sys

# Types of operands, and of registers, which hold bits.
TYPES = {'s8': 'int8_t', 'u8': 'uint8_t', 'b8': 'uint8_t', 's16': 'int16_t', 'u16': 'uint16_t', 'b16': 'uint16_t', 's32': 'int32_t', 'u32': 'uint32_t',
         'b32': 'uint32_t', 's64': 'int64_t', 'u64': 'uint64_t', 'b64': 'uint64_t', 'f32': 'float', 'f64': 'double'}
SIZES = {'8': 1, '16': 2, '32': 4, '64': 8}
WIDER = {'s16': 's32', 'u16': 'u32', 's32': 's64', 'u32': 'u64'}
SPECIAL = {'%tid': 't.tid', '%ntid': 't.block->threads', '%ctaid': 't.block->index', '%nctaid': 't.block->grid'}
ROUNDED_TO_INTEGER = {'rni': 'std::nearbyint', 'rmi': 'std::floor', 'rpi': 'std::ceil', 'rzi': 'std::trunc'}
# a < b; with u: or either is NaN. lo, ls, hi, hs compare unsigned.
COMPARISONS = {'eq': '==', 'ne': '!=', 'lt': '<', 'le': '<=', 'gt': '>', 'ge': '>=', 'lo': '<', 'ls': '<=', 'hi': '>', 'hs': '>='}


class Unknown(Exception):
    pass


def size_of(kind):
    return SIZES[kind[1:]]


def unsigned(kind):
    return 'u' + kind[1:] if kind[0] == 's' else kind


class Shared:
    """Offsets of a kernel's __shared__ variables."""

    def __init__(self):
        self.offsets, self.bytes = {}, 0

    def declare(self, align, kind, name, count):
        self.bytes = (self.bytes + align - 1) // align * align
        self.offsets[name] = self.bytes
        self.bytes += size_of(kind) * count


class Kernel:
    def __init__(self, name, parameters, attributes, body, module_shared):
        self.name = name
        self.parameters = {p: i for i, p in enumerate(re.findall(r'([\w$]+)(?:\[\d*\])?\s*(?:,|$)', parameters.strip()))}
        self.max_threads = 1
        for n in re.findall(r'\d+', (re.search(r'\.maxntid([^\n.]*)', attributes) or [0, '1024'])[1]):
            self.max_threads *= int(n)
        self.shared = module_shared
        self.registers, self.local = {}, set()  # register: its type, or None for a predicate
        self.declarations, self.code = [], []
        self.together = False  # does it wait for other threads?
        for line in self.statements(body):
            self.translate(line)

    @staticmethod
    def statements(body):
        for line in body.split('\n'):
            for part in re.findall(r'[{}]|[^;{}]*(?:\{[^}]*\}[^;{}]*)*;|[\w$]+:', line.strip()) if line.strip() not in '{}' else [line.strip()]:
                if part.strip():
                    yield part.strip()

    def translate(self, line):
        if line in '{}':
            self.code.append(line)
        elif line.endswith(':'):
            self.code.append(line.replace('$', 'L') + ' ;')
        elif line.startswith('.reg'):
            self.declare_registers(line)
        elif line.startswith(('.shared', '.local')):
            self.declare_memory(line)
        elif line.startswith(('.pragma', '.loc', '.file')):
            pass
        else:
            self.instruction(line)

    def declare_registers(self, line):
        kind, names = re.fullmatch(r'\.reg\s+\.(\w+)\s+(.*);', line).groups()
        inner = self.code and '{' in self.code  # of an inline-assembly scope
        for name in names.split(','):
            family, count = re.fullmatch(r'(%?[\w$]+)(?:<(\d+)>)?', name.strip()).groups()
            all_names = [family + str(i) for i in range(int(count))] if count else [family]
            for n in all_names:
                self.registers[n] = None if kind == 'pred' else 'b' + kind[1:]
            c_type = 'bool' if kind == 'pred' else TYPES['b' + kind[1:]]
            (self.code if inner and not count else self.declarations).append(c_type + ' ' + ', '.join(n.lstrip('%') for n in all_names) + ';')

    def declare_memory(self, line):
        space, align, kind, name, count = re.fullmatch(r'\.(shared|local)\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+([\w$]+)(?:\[(\d+)\])?;', line).groups()
        if space == 'shared':
            self.shared.declare(int(align or size_of(kind)), kind, name, int(count or 1))
        else:
            self.local.add(name)
            self.declarations.append(f'alignas({align or 8}) unsigned char {name}[{int(count or 1) * size_of(kind)}];')

    # ---- operands --------------------------------------------------------------------------------------------------------------------

    def value(self, x, kind):
        """An operand read as `kind`."""
        c = TYPES[kind]
        if m := re.fullmatch(r'(%(?:tid|ntid|ctaid|nctaid))\.([xyz])', x):
            return f'{c}({SPECIAL[m[1]]}.{m[2]})'
        if x == '%laneid':
            return f'{c}(t.lane())'
        if x in self.registers:
            if self.registers[x] is None:
                raise Unknown('predicate as a number')
            return f'as<{c}>({x.lstrip("%")})'
        if m := re.fullmatch(r'0[fF]([0-9a-fA-F]{8})', x):
            return f'as<float>(uint32_t(0x{m[1]}))'
        if m := re.fullmatch(r'0[dD]([0-9a-fA-F]{16})', x):
            return f'as<double>(uint64_t(0x{m[1]}))'
        if re.fullmatch(r'-?(?:0[xX][0-9a-fA-F]+|\d+)U?', x):
            return f'{c}({x.rstrip("U")}{"ull" if not x.startswith("-") else "ll"})'
        if x in self.shared.offsets:
            return f'{c}({self.shared.offsets[x]})'
        if x in self.local:
            return f'{c}(uint64_t({x}))'
        if x in self.parameters:
            return f'{c}(uint64_t(arguments[{self.parameters[x]}]))'
        raise Unknown('operand ' + x)

    def predicate(self, x):
        negated = x.startswith('!')
        x = x.lstrip('!')
        if x not in self.registers or self.registers[x] is not None:
            raise Unknown('predicate ' + x)
        return ('!' if negated else '') + x.lstrip('%')

    def assign(self, x, expression):
        """Register x = expression; a wider register than the expression is extended by the expression's sign."""
        if x == '_':
            return f'(void)({expression});'
        if x not in self.registers:
            raise Unknown('result ' + x)
        if self.registers[x] is None:
            return f'{x.lstrip("%")} = {expression};'
        return f'put({x.lstrip("%")}, {expression});'

    def address(self, space, operand, bytes_):
        base, offset = re.fullmatch(r'\[\s*([^+\]\s]+)\s*(?:\+\s*(-?\d+))?\s*\]', operand).groups()
        where = f'{self.value(base, "u64" if base not in self.registers else self.registers[base])} + ({offset or 0}ll)'
        if space == 'global':
            return f't.global({where}, {bytes_})'
        if space == 'shared':
            return f't.shared({where}, {bytes_})'
        if space in ('local', 'param'):
            return f't.own({where}, {bytes_})'
        raise Unknown('address space ' + str(space))

    # ---- instructions ----------------------------------------------------------------------------------------------------------------

    def instruction(self, line):
        guard = ''
        if m := re.match(r'@(!?%?[\w$]+)\s+', line):
            guard, line = f'if ({self.predicate(m[1])}) ', line[m.end():]
        opcode, _, rest = line.rstrip(';').strip().partition(' ')
        opcode, _, more = opcode.partition('\t')
        operands = [o.strip() for o in re.findall(r'\{[^}]*\}|\[[^\]]*\]|[^,\s]+', more + ' ' + rest)]
        parts = opcode.split('.')
        handler = getattr(self, 'op_' + parts[0], None)
        try:
            if handler is None:
                raise Unknown('instruction')
            self.code.append(f'{guard}{{ {handler(parts[1:], *operands)} }}')
        except (Unknown, TypeError, KeyError, AttributeError) as e:
            raise Unknown(f'{self.name}: "{line}": {e!r}') from e

    def allow(self, modifiers, *sets):
        """The modifiers must be one of each set, in order; a set that holds None may be left out. Returns what each set matched."""
        found, rest = [], list(modifiers)
        for s in sets:
            if rest and rest[0] in s:
                found.append(rest.pop(0))
            elif None in s:
                found.append(None)
            else:
                raise Unknown('modifiers ' + '.'.join(modifiers))
        if rest:
            raise Unknown('modifiers ' + '.'.join(modifiers))
        return found

    INTEGERS = {'u16', 's16', 'u32', 's32', 'u64', 's64'}
    FLOATS = {'f32', 'f64'}
    BITS = {'b16', 'b32', 'b64'}

    def op_ret(self, m):
        self.allow(m)
        return 'return;'

    op_exit = op_ret

    def op_bra(self, m, target):
        self.allow(m, {'uni', None})
        return f'goto {target.replace("$", "L")};'

    def op_bar(self, m, number, count=None):
        self.allow(m, {'sync'})
        if number != '0' or count:
            raise Unknown('barrier of some threads')
        self.together = True
        return 't.wait_for_block();'

    def op_ld(self, m, result, source):
        space, _, vector, kind = self.allow(m, {'global', 'shared', 'local', 'param'}, {'nc', None}, {'v2', 'v4', None}, set(TYPES))
        return self.move_vector(space, vector, kind, result, source, False)

    def op_st(self, m, target, value):
        space, vector, kind = self.allow(m, {'global', 'shared', 'local'}, {'v2', 'v4', None}, set(TYPES))
        return self.move_vector(space, vector, kind, value, target, True)

    def move_vector(self, space, vector, kind, names, address, store):
        names = [n.strip() for n in names.strip('{}').split(',')]
        if len(names) != int((vector or 'v1')[1:]):
            raise Unknown('vector length')
        c, n = TYPES[kind], size_of(kind)
        lines = [f'unsigned char* const p = {self.address(space, address, n * len(names))};']
        for i, name in enumerate(names):
            lines.append(f'store_at<{c}>(p + {i * n}, {self.value(name, kind)});' if store else self.assign(name, f'load_at<{c}>(p + {i * n})'))
        return ' '.join(lines)

    def op_mov(self, m, to, source):
        (kind,) = self.allow(m, set(TYPES) | {'pred'})
        if kind == 'pred':
            return self.assign(to, {'0': 'false', '1': 'true', '-1': 'true'}.get(source) or self.predicate(source))
        if source.startswith('{'):
            low, high = [s.strip() for s in source.strip('{}').split(',')]
            half = 'u' + str(int(kind[1:]) // 2)
            return self.assign(to, f'{TYPES[unsigned("b" + kind[1:])]}({TYPES[kind]}({self.value(low, half)}) | {TYPES[kind]}({self.value(high, half)}) << {int(kind[1:]) // 2})')
        if to.startswith('{'):
            low, high = [s.strip() for s in to.strip('{}').split(',')]
            half = TYPES['u' + str(int(kind[1:]) // 2)]
            return f'auto const whole = {self.value(source, kind)}; {self.assign(low, f"{half}(whole)")} {self.assign(high, f"{half}(whole >> {int(kind[1:]) // 2})")}'
        return self.assign(to, self.value(source, kind))

    def op_cvta(self, m, to, source):
        """Generic addresses are not used: each space's own are what registers hold."""
        self.allow(m, {'to', None}, {'global', 'local', 'param'}, {'u64'})
        return self.assign(to, self.value(source, 'u64'))

    def op_selp(self, m, to, a, b, p):
        (kind,) = self.allow(m, set(TYPES))
        return self.assign(to, f'{self.predicate(p)} ? {self.value(a, kind)} : {self.value(b, kind)}')

    def op_setp(self, m, to, a, b):
        test, kind = self.allow(m, set(COMPARISONS) | {'equ', 'neu', 'ltu', 'leu', 'gtu', 'geu', 'nan', 'num'}, set(TYPES))
        x, y = self.value(a, kind), self.value(b, kind)
        if test in ('nan', 'num'):
            return self.assign(to, f'{"" if test == "nan" else "!"}({x} != {x} || {y} != {y})')
        if kind in self.FLOATS and test.endswith('u'):
            return self.assign(to, f'{x} != {x} || {y} != {y} || {x} {COMPARISONS[test[:-1]]} {y}')
        if kind in self.FLOATS and test == 'ne':  # ordered: false for a NaN
            return self.assign(to, f'{x} < {y} || {x} > {y}')
        return self.assign(to, f'{x} {COMPARISONS[test]} {y}')

    def arithmetic(self, m, to, a, b, sign):
        if m[-1] in self.FLOATS:
            _, kind = self.allow(m, {'rn', None}, self.FLOATS)
        else:
            (kind,) = self.allow(m, self.INTEGERS)
        return self.assign(to, f'{TYPES[kind]}({self.value(a, unsigned(kind))} {sign} {self.value(b, unsigned(kind))})')

    def op_add(self, m, to, a, b):
        return self.arithmetic(m, to, a, b, '+')

    def op_sub(self, m, to, a, b):
        return self.arithmetic(m, to, a, b, '-')

    def op_mul(self, m, to, a, b):
        if m[-1] in self.FLOATS:
            return self.arithmetic(m, to, a, b, '*')
        part, kind = self.allow(m, {'lo', 'hi', 'wide'}, self.INTEGERS)
        if part == 'wide':
            return self.assign(to, f'{TYPES[WIDER[kind]]}({self.value(a, kind)}) * {self.value(b, kind)}')
        if part == 'hi':
            return self.assign(to, f'high_product({self.value(a, kind)}, {self.value(b, kind)})')
        return self.assign(to, f'{TYPES[kind]}({self.value(a, unsigned(kind))} * {self.value(b, unsigned(kind))})')

    def op_mad(self, m, to, a, b, c):
        part, kind = self.allow(m, {'lo', 'wide'}, self.INTEGERS)
        if part == 'wide':
            wide = WIDER[kind]
            return self.assign(to, f'{TYPES[wide]}({TYPES[unsigned(wide)]}({TYPES[wide]}({self.value(a, kind)}) * {self.value(b, kind)}) + {self.value(c, unsigned(wide))})')
        u = unsigned(kind)
        return self.assign(to, f'{TYPES[kind]}({self.value(a, u)} * {self.value(b, u)} + {self.value(c, u)})')

    def op_fma(self, m, to, a, b, c):
        rounding, kind = self.allow(m, {'rn', 'rm'}, self.FLOATS)
        return self.assign(to, f'{"std::fma" if rounding == "rn" else "fma_down"}({self.value(a, kind)}, {self.value(b, kind)}, {self.value(c, kind)})')

    def op_div(self, m, to, a, b):
        if m[-1] in self.FLOATS:
            self.allow(m, {'rn'}, self.FLOATS)
            return self.assign(to, f'{self.value(a, m[-1])} / {self.value(b, m[-1])}')
        (kind,) = self.allow(m, self.INTEGERS)
        return self.assign(to, f'quotient({self.value(a, kind)}, {self.value(b, kind)})')

    def op_rem(self, m, to, a, b):
        (kind,) = self.allow(m, self.INTEGERS)
        return self.assign(to, f'remainder_of({self.value(a, kind)}, {self.value(b, kind)})')

    def op_min(self, m, to, a, b):
        (kind,) = self.allow(m, self.INTEGERS | self.FLOATS)
        return self.assign(to, f'smaller({self.value(a, kind)}, {self.value(b, kind)})')

    def op_max(self, m, to, a, b):
        (kind,) = self.allow(m, self.INTEGERS | self.FLOATS)
        return self.assign(to, f'larger({self.value(a, kind)}, {self.value(b, kind)})')

    def op_neg(self, m, to, a):
        (kind,) = self.allow(m, {'s16', 's32', 's64', 'f32', 'f64'})
        return self.assign(to, f'-{self.value(a, kind)}' if kind in self.FLOATS else f'{TYPES[kind]}(0 - {self.value(a, unsigned(kind))})')

    def op_abs(self, m, to, a):
        (kind,) = self.allow(m, {'s16', 's32', 's64'} | self.FLOATS)
        x = self.value(a, kind)
        return self.assign(to, f'std::fabs({x})' if kind in self.FLOATS else f'{x} < 0 ? {TYPES[kind]}(0 - {self.value(a, unsigned(kind))}) : {x}')

    def op_copysign(self, m, to, sign_of, a):
        (kind,) = self.allow(m, self.FLOATS)
        return self.assign(to, f'std::copysign({self.value(a, kind)}, {self.value(sign_of, kind)})')

    def op_sqrt(self, m, to, a):
        _, kind = self.allow(m, {'rn'}, self.FLOATS)
        return self.assign(to, f'std::sqrt({self.value(a, kind)})')

    def op_rcp(self, m, to, a):
        """rn is exact; the approximations are computed exactly here, which hardware does not do."""
        *_, kind = self.allow(m, {'rn'}, self.FLOATS) if m[0] == 'rn' else self.allow(m, {'approx'}, {'ftz', None}, self.FLOATS)
        inverse = f'{TYPES[kind]}(1) / {self.value(a, kind)}'
        return self.assign(to, f'high_word({inverse})' if m[0] == 'approx' and kind == 'f64' else inverse)

    def op_ex2(self, m, to, a):
        self.allow(m, {'approx'}, {'ftz', None}, {'f32'})
        flush = 'flushed' if 'ftz' in m else ''
        return self.assign(to, f'{flush}(std::exp2({flush}({self.value(a, "f32")})))')

    def op_lg2(self, m, to, a):
        self.allow(m, {'approx'}, {'ftz', None}, {'f32'})
        flush = 'flushed' if 'ftz' in m else ''
        return self.assign(to, f'std::log2({flush}({self.value(a, "f32")}))')

    def logic(self, m, to, sign, *operands):
        (kind,) = self.allow(m, self.BITS | {'pred'})
        if kind == 'pred':
            return self.assign(to, f' {sign} '.join(self.predicate(x) for x in operands))
        return self.assign(to, f'{TYPES[kind]}({f" {sign} ".join(self.value(x, kind) for x in operands)})')

    def op_and(self, m, to, a, b):
        return self.logic(m, to, '&', a, b)

    def op_or(self, m, to, a, b):
        return self.logic(m, to, '|', a, b)

    def op_xor(self, m, to, a, b):
        return self.logic(m, to, '^', a, b)

    def op_not(self, m, to, a):
        (kind,) = self.allow(m, self.BITS | {'pred'})
        return self.assign(to, f'!{self.predicate(a)}' if kind == 'pred' else f'{TYPES[kind]}(~{self.value(a, kind)})')

    def op_shl(self, m, to, a, n):
        (kind,) = self.allow(m, self.BITS)
        return self.assign(to, f'shifted_left({self.value(a, kind)}, {self.value(n, "u32")})')

    def op_shr(self, m, to, a, n):
        (kind,) = self.allow(m, self.BITS | self.INTEGERS)
        return self.assign(to, f'shifted_right({self.value(a, kind)}, {self.value(n, "u32")})')

    def op_prmt(self, m, to, a, b, selector):
        self.allow(m, {'b32'})
        return self.assign(to, f'permuted({self.value(a, "u32")}, {self.value(b, "u32")}, {self.value(selector, "u32")})')

    def op_cvt(self, m, to, a):
        rounding, _, saturate, target, source = self.allow(m, {'rn', 'rni', 'rmi', 'rpi', 'rzi', None}, {'ftz', None}, {'sat', None}, set(TYPES), set(TYPES))
        if 'ftz' in m or (rounding == 'rn' and source in self.FLOATS and target not in self.FLOATS):
            raise Unknown('conversion')
        x = self.value(a, source)
        if rounding in ROUNDED_TO_INTEGER:
            x = f'{ROUNDED_TO_INTEGER[rounding]}({x})'
        if saturate:
            if target not in self.FLOATS:
                raise Unknown('saturation of integers')
            x = f'into_unit_interval({x})'
        return self.assign(to, f'converted<{TYPES[target]}>({x})')

    def op_shfl(self, m, to, a, b, c, mask):
        _, mode, _ = self.allow(m, {'sync'}, {'up', 'down', 'bfly', 'idx'}, {'b32'})
        if mask not in ('-1', '0xffffffff') and self.registers.get(mask) is None:
            raise Unknown('shuffle of some lanes')
        self.together = True
        result, _, inside = to.partition('|')
        numbers = ', '.join(self.value(x, 'u32') for x in (a, b, c, mask))
        shuffled = self.assign(result, f't.shuffle(shuffle_mode::{mode}, {numbers}, inside)')
        return f'bool inside; {shuffled} ' + (self.assign(inside, 'inside') if inside else '(void)inside;')

    def text(self, function):
        body = '\n  '.join(self.declarations + self.code)
        return f'// {self.name}\nstatic void {function}([[maybe_unused]] void** arguments, [[maybe_unused]] thread& t) {{\n  {body}\n}}\n'


def balanced(text, start):
    """The end of the {...} that begins at `start`."""
    depth = 0
    for i in range(start, len(text)):
        depth += {'{': 1, '}': -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise Unknown('a body without end')


def main(path):
    source = re.sub(r'//[^\n]*|/\*.*?\*/', '', open(path).read(), flags=re.S)
    if '.func' in source:
        raise Unknown('.func: device functions are expected to be inlined')
    # The dialect that translates one instruction a line is the one nvcc writes.
    outside = Shared()
    for m in re.finditer(r'^\.shared\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+([\w$]+)(?:\[(\d+)\])?;', source, re.M):
        outside.declare(int(m[1] or size_of(m[2])), m[2], m[3], int(m[4] or 1))
    kernels = []
    for m in re.finditer(r'\.entry\s+([\w$]+)\s*\(([^)]*)\)([^{;]*)\{', source):
        shared = Shared()
        shared.offsets, shared.bytes = dict(outside.offsets), outside.bytes
        body = source[m.end():balanced(source, m.end() - 1)]
        kernels.append(Kernel(m[1], m[2], m[3], body, shared))
    print('// Made by translate.py.\n#include "machine.hpp"\nnamespace {\nusing namespace ptx;\n')
    for i, k in enumerate(kernels):
        print(k.text(f'kernel_{i}'))
    print('kernel const all[] = {')
    for i, k in enumerate(kernels):
        print(f'    {{"{k.name}", kernel_{i}, {str(k.together).lower()}, {k.shared.bytes}, {k.max_threads}}},')
    print('};\nregistration const here(all, sizeof all / sizeof *all);\n}  // namespace')


if __name__ == '__main__':
    try:
        main(sys.argv[1])
    except Unknown as e:
        sys.exit(f'{sys.argv[1]}: not translated: {e}')
