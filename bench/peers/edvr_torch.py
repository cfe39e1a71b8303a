# SPDX-License-Identifier: Apache-2.0
"""EDVR in PyTorch and torchvision, written from the published description, for comparison only.

usage: edvr_torch.py WEIGHTS.safetensors INPUT.safetensors OUTPUT.safetensors THREADS
WEIGHTS: BasicSR names (edvr convert); INPUT: "input" (B, T, 3, H, W). Plain entry, with or without TSA. Prints the seconds of one window
(the second of two: the first warms up) and the peak memory of the process.
"""
import json
import resource
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d


def read(path):
    data = open(path, "rb").read()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", name
        tensors[name] = torch.from_numpy(np.frombuffer(data[8 + n + begin : 8 + n + end], np.float32).reshape(entry["shape"]).copy())
    return tensors


def write(path, tensor):
    data = tensor.contiguous().numpy().tobytes()
    header = json.dumps({"output": {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [0, len(data)]}}).encode()
    open(path, "wb").write(struct.pack("<Q", len(header)) + header + data)


class Edvr:
    def __init__(self, weights):
        self.w = weights
        self.tsa = "fusion.feat_fusion.weight" in weights
        c = weights["conv_l2_1.weight"].shape[0]
        self.frames = weights["fusion.feat_fusion.weight" if self.tsa else "fusion.weight"].shape[1] // c
        self.blocks = {}
        for key in weights:
            part = key.split(".")
            if part[0] in ("feature_extraction", "reconstruction"):
                self.blocks[part[0]] = max(self.blocks.get(part[0], 0), int(part[1]) + 1)

    def conv(self, name, x, stride=1):
        w = self.w[name + ".weight"]
        return F.conv2d(x, w, self.w[name + ".bias"], stride=stride, padding=w.shape[2] // 2)

    def act(self, name, x, stride=1):
        return F.leaky_relu(self.conv(name, x, stride), 0.1, inplace=True)

    def trunk(self, name, x):
        for i in range(self.blocks.get(name, 0)):
            x = x + self.conv(f"{name}.{i}.conv2", F.relu(self.conv(f"{name}.{i}.conv1", x), inplace=True))
        return x

    def dcn(self, name, x, feat):
        raw = self.conv(name + ".conv_offset", feat)
        split = raw.shape[1] // 3 * 2
        return deform_conv2d(x, raw[:, :split], self.w[name + ".weight"], self.w[name + ".bias"], padding=1, mask=torch.sigmoid(raw[:, split:]))

    @staticmethod
    def up(x, factor=2):
        return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)

    def features(self, x):
        one = self.trunk("feature_extraction", self.act("conv_first", x))
        two = self.act("conv_l2_2", self.act("conv_l2_1", one, 2))
        return one, two, self.act("conv_l3_2", self.act("conv_l3_1", two, 2))

    def align(self, neighbour, reference):
        p = "pcd_align."
        offset = feat = None
        for level in (3, 2, 1):
            n, r = neighbour[level - 1], reference[level - 1]
            o = self.act(f"{p}offset_conv1.l{level}", torch.cat((n, r), 1))
            if level == 3:
                o = self.act(f"{p}offset_conv2.l3", o)
            else:
                o = self.act(f"{p}offset_conv2.l{level}", torch.cat((o, 2 * self.up(offset)), 1))
                o = self.act(f"{p}offset_conv3.l{level}", o)
            f = self.dcn(f"{p}dcn_pack.l{level}", n, o)
            if level < 3:
                f = self.conv(f"{p}feat_conv.l{level}", torch.cat((f, self.up(feat)), 1))
            if level > 1:
                f = F.leaky_relu(f, 0.1)
            offset, feat = o, f
        o = self.act(p + "cas_offset_conv2", self.act(p + "cas_offset_conv1", torch.cat((feat, reference[0]), 1)))
        return F.leaky_relu(self.dcn(p + "cas_dcnpack", feat, o), 0.1)

    def fuse(self, aligned, center):
        if not self.tsa:
            return self.conv("fusion", torch.cat(aligned, 1))
        p = "fusion."
        reference = self.conv(p + "temporal_attn1", aligned[center])
        weighed = [a * torch.sigmoid((self.conv(p + "temporal_attn2", a) * reference).sum(1, keepdim=True)) for a in aligned]
        m = torch.cat(weighed, 1)
        pools = lambda x: torch.cat((F.max_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 3, 2, 1)), 1)
        fea = self.act(p + "feat_fusion", m)
        s = self.act(p + "spatial_attn2", pools(self.act(p + "spatial_attn1", m)))
        l = self.act(p + "spatial_attn_l2", pools(self.act(p + "spatial_attn_l1", s)))
        s = self.act(p + "spatial_attn3", s) + self.up(self.act(p + "spatial_attn_l3", l))
        s = self.conv(p + "spatial_attn5", self.up(self.act(p + "spatial_attn4", s)))
        return fea * torch.sigmoid(s) * 2 + self.conv(p + "spatial_attn_add2", self.act(p + "spatial_attn_add1", s))

    def __call__(self, x):
        center = self.frames // 2
        pyramids = [self.features(x[:, t]) for t in range(self.frames)]
        aligned = [self.align(pyramids[t], pyramids[center]) for t in range(self.frames)]
        del pyramids
        z = self.trunk("reconstruction", self.fuse(aligned, center))
        for name in ("upconv1", "upconv2"):
            z = F.leaky_relu(F.pixel_shuffle(self.conv(name, z), 2), 0.1)
        return self.conv("conv_last", self.act("conv_hr", z)) + self.up(x[:, center], 4)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[4]))
    net, x = Edvr(read(sys.argv[1])), read(sys.argv[2])["input"]
    with torch.inference_mode():
        for _ in range(2):
            start = time.perf_counter()
            y = net(x)
            seconds = time.perf_counter() - start
    write(sys.argv[3], y)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "seconds": round(seconds, 3), "peak_MiB": peak // 1024}))
