# SPDX-License-Identifier: Apache-2.0
"""Records an ONNX graph (opset 19, the first with DeformConv)."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class OnnxOps:
    def __init__(self):
        self.nodes, self.constants, self.inputs, self.n, self.known = [], [], [], 0, {}

    def node(self, kind, inputs, **attributes):
        self.n += 1
        name = f"t{self.n}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value):
        value = np.ascontiguousarray(value)
        key = id(value) if value.size > 64 else (value.dtype.str, value.shape, value.tobytes())
        if key not in self.known:
            self.n += 1
            self.known[key] = f"c{self.n}"
            self.constants.append(numpy_helper.from_array(value, f"c{self.n}"))
        return self.known[key]

    def input(self, name, shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def model(self, output, shape):
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "graph", self.inputs, [result], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
        onnx.checker.check_model(model)
        return model

    def conv(self, x, w, b, stride=1):
        p = w.shape[2] // 2
        return self.node("Conv", [x, self.constant(w), self.constant(b)], kernel_shape=list(w.shape[2:]), strides=[stride] * 2, pads=[p] * 4)

    def deform(self, x, offset, mask, w, b, groups):
        return self.node("DeformConv", [x, self.constant(w), offset, self.constant(b), mask], kernel_shape=[3, 3], pads=[1] * 4, offset_group=groups)

    def relu(self, x):
        return self.node("Relu", [x])

    def leaky_relu(self, x):
        return self.node("LeakyRelu", [x], alpha=0.1)

    def sigmoid(self, x):
        return self.node("Sigmoid", [x])

    def add(self, a, b):
        return self.node("Add", [a, b])

    def mul(self, a, b):
        return self.node("Mul", [a, b])

    def scale(self, a, s):
        return self.node("Mul", [a, self.constant(np.float32(s).reshape(1))])

    def cat(self, *parts):
        return self.node("Concat", list(parts), axis=1)

    def split(self, x, at, channels):
        cut = lambda a, b: self.node("Slice", [x] + [self.constant(np.array([v], np.int64)) for v in (a, b, 1)])
        return cut(0, at), cut(at, channels)

    def sum_channels(self, x):
        return self.node("ReduceSum", [x, self.constant(np.array([1], np.int64))], keepdims=1)

    def up(self, x, factor):
        scales = self.constant(np.array([1, 1, factor, factor], np.float32))
        return self.node("Resize", [x, "", scales], mode="linear", coordinate_transformation_mode="half_pixel")

    def shuffle(self, x):
        return self.node("DepthToSpace", [x], blocksize=2, mode="CRD")

    def max_pool(self, x):
        return self.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)

    def avg_pool(self, x):
        return self.node("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, count_include_pad=1)
