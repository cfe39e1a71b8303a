# SPDX-License-Identifier: Apache-2.0
"""safetensors files of float32 tensors, read and written with numpy alone."""
import json
import struct

import numpy as np


def read(path):
    data = open(path, "rb").read()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", name
        tensors[name] = np.frombuffer(data[8 + n + begin : 8 + n + end], np.float32).reshape(entry["shape"]).copy()
    return tensors


def write(path, tensors):
    header, blobs, at = {}, [], 0
    for name, t in tensors.items():
        t = np.ascontiguousarray(t, np.float32)
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + t.nbytes]}
        blobs.append(t.tobytes())
        at += t.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
