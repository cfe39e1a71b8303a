#!/usr/bin/env python3
"""Writes the pictures of this folder with Pillow, for tests/io/image.cpp: kinds that the library reads and does not write. Pixel (x, y) of channel c is
40 + 3 x + 2 y + 20 c, in 16 bits 257 times that and x more."""
import os

import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
y, x, c = np.mgrid[0:13, 0:21, 0:3]
rgb = (40 + 3 * x + 2 * y + 20 * c).astype('u1')
Image.fromarray(rgb).save('progressive.jpg', quality=95, progressive=True)
Image.fromarray(rgb).save('subsampled.jpg', quality=95, subsampling='4:1:1')
Image.fromarray(rgb[..., 0]).save('gray.png')
Image.fromarray((rgb[..., 0].astype('u2') * 257 + x[..., 0].astype('u2'))).save('gray16.png')
Image.fromarray(rgb).quantize(256).save('palette.png')
Image.fromarray(rgb).convert('CMYK').save('cmyk.jpg')
Image.fromarray(np.dstack([rgb, rgb[..., :1]])).save('alpha.png')
