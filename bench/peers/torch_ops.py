# SPDX-License-Identifier: Apache-2.0
import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d


class TorchOps:
    def conv(self, x, w, b, stride=1):
        return F.conv2d(x, w, b, stride=stride, padding=w.shape[2] // 2)

    def deform(self, x, offset, mask, w, b, groups):
        return deform_conv2d(x, offset, w, b, padding=1, mask=mask)

    def relu(self, x):
        return F.relu(x)

    def leaky_relu(self, x):
        return F.leaky_relu(x, 0.1)

    def sigmoid(self, x):
        return torch.sigmoid(x)

    def add(self, a, b):
        return a + b

    def mul(self, a, b):
        return a * b

    def scale(self, a, s):
        return a * s

    def cat(self, *parts):
        return torch.cat(parts, 1)

    def split(self, x, at, channels):
        return x[:, :at], x[:, at:]

    def sum_channels(self, x):
        return x.sum(1, keepdim=True)

    def up(self, x, factor):
        return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)

    def shuffle(self, x):
        return F.pixel_shuffle(x, 2)

    def max_pool(self, x):
        return F.max_pool2d(x, 3, 2, 1)

    def avg_pool(self, x):
        return F.avg_pool2d(x, 3, 2, 1)
