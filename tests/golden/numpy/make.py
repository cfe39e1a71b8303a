#!/usr/bin/env python3
"""Writes the files of this folder with NumPy, for tests/io/npy.cpp. Element i of every array is i - 2, or its truth."""
import os

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def numbers(shape, dtype):
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) - 2).astype(dtype)


def write(name, array, version=None, allow_pickle=False):
    with open(name, 'wb') as f:
        np.lib.format.write_array(f, array, version=version, allow_pickle=allow_pickle)


for version in (1, 2, 3):
    write(f'version{version}.npy', numbers((2, 3), '<f4'), (version, 0))
write('fortran.npy', np.asfortranarray(numbers((2, 3, 4), '<f8')))
write('scalar.npy', np.array(7.5, '<f8'))
write('empty.npy', np.zeros((0, 3), '<i4'))
write('vector.npy', numbers((5,), '<i8'))
write('big_endian.npy', numbers((2, 3), '>f4'))
write('object.npy', np.array([{}, None], dtype=object), allow_pickle=True)
write('structured.npy', np.zeros(2, [('x', '<f4'), ('y', '<i2')]))
write('complex.npy', np.zeros(2, '<c8'))
every = {name: numbers((2, 3), t) for name, t in dict(f2='<f2', f4='<f4', f8='<f8', i1='i1', i2='<i2', i4='<i4', i8='<i8', u1='u1', b1='?').items()}
np.savez('stored.npz', **every)
np.savez_compressed('deflated.npz', zeros=np.zeros((100, 100), '<f4'), **every)
