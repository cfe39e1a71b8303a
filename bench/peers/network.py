# SPDX-License-Identifier: Apache-2.0
"""EDVR's forward pass, written from the published description, on whatever `ops` computes with: PyTorch runs it, the ONNX builder records it."""


class Edvr:
    """Plain entry (conv_first), with or without TSA; weights with BasicSR's names."""

    def __init__(self, weights, ops):
        self.w, self.o = weights, ops
        self.tsa = "fusion.feat_fusion.weight" in weights
        channels = weights["conv_l2_1.weight"].shape[0]
        self.frames = weights["fusion.feat_fusion.weight" if self.tsa else "fusion.weight"].shape[1] // channels
        self.blocks = {}
        for key in weights:
            part = key.split(".")
            if part[0] in ("feature_extraction", "reconstruction"):
                self.blocks[part[0]] = max(self.blocks.get(part[0], 0), int(part[1]) + 1)

    def conv(self, name, x, stride=1):
        return self.o.conv(x, self.w[name + ".weight"], self.w[name + ".bias"], stride)

    def act(self, name, x, stride=1):
        return self.o.leaky_relu(self.conv(name, x, stride))

    def trunk(self, name, x):
        for i in range(self.blocks.get(name, 0)):
            x = self.o.add(x, self.conv(f"{name}.{i}.conv2", self.o.relu(self.conv(f"{name}.{i}.conv1", x))))
        return x

    def dcn(self, name, x, feat):
        raw = self.conv(name + ".conv_offset", feat)
        channels = self.w[name + ".conv_offset.weight"].shape[0]
        offset, mask = self.o.split(raw, channels // 3 * 2, channels)
        return self.o.deform(x, offset, self.o.sigmoid(mask), self.w[name + ".weight"], self.w[name + ".bias"], channels // 27)

    def features(self, x):
        one = self.trunk("feature_extraction", self.act("conv_first", x))
        two = self.act("conv_l2_2", self.act("conv_l2_1", one, 2))
        return one, two, self.act("conv_l3_2", self.act("conv_l3_1", two, 2))

    def align(self, neighbour, reference):
        p, o = "pcd_align.", self.o
        offset = feat = None
        for level in (3, 2, 1):
            n, r = neighbour[level - 1], reference[level - 1]
            e = self.act(f"{p}offset_conv1.l{level}", o.cat(n, r))
            if level == 3:
                e = self.act(f"{p}offset_conv2.l3", e)
            else:
                e = self.act(f"{p}offset_conv2.l{level}", o.cat(e, o.scale(o.up(offset, 2), 2.0)))
                e = self.act(f"{p}offset_conv3.l{level}", e)
            f = self.dcn(f"{p}dcn_pack.l{level}", n, e)
            if level < 3:
                f = self.conv(f"{p}feat_conv.l{level}", o.cat(f, o.up(feat, 2)))
            if level > 1:
                f = o.leaky_relu(f)
            offset, feat = e, f
        e = self.act(p + "cas_offset_conv2", self.act(p + "cas_offset_conv1", o.cat(feat, reference[0])))
        return o.leaky_relu(self.dcn(p + "cas_dcnpack", feat, e))

    def fuse(self, aligned, center):
        o = self.o
        if not self.tsa:
            return self.conv("fusion", o.cat(*aligned))
        p = "fusion."
        reference = self.conv(p + "temporal_attn1", aligned[center])
        weighed = [o.mul(a, o.sigmoid(o.sum_channels(o.mul(self.conv(p + "temporal_attn2", a), reference)))) for a in aligned]
        m = o.cat(*weighed)
        pools = lambda x: o.cat(o.max_pool(x), o.avg_pool(x))
        feat = self.act(p + "feat_fusion", m)
        s = self.act(p + "spatial_attn2", pools(self.act(p + "spatial_attn1", m)))
        l = self.act(p + "spatial_attn_l2", pools(self.act(p + "spatial_attn_l1", s)))
        s = o.add(self.act(p + "spatial_attn3", s), o.up(self.act(p + "spatial_attn_l3", l), 2))
        s = self.conv(p + "spatial_attn5", o.up(self.act(p + "spatial_attn4", s), 2))
        return o.add(o.scale(o.mul(feat, o.sigmoid(s)), 2.0), self.conv(p + "spatial_attn_add2", self.act(p + "spatial_attn_add1", s)))

    def __call__(self, frames):
        """frames: one (1, 3, h, w) each."""
        center = self.frames // 2
        pyramids = [self.features(x) for x in frames]
        aligned = [self.align(p, pyramids[center]) for p in pyramids]
        del pyramids
        z = self.trunk("reconstruction", self.fuse(aligned, center))
        for name in ("upconv1", "upconv2"):
            z = self.o.leaky_relu(self.o.shuffle(self.conv(name, z)))
        return self.o.add(self.conv("conv_last", self.act("conv_hr", z)), self.o.up(frames[center], 4))
