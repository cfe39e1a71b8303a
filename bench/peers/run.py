# SPDX-License-Identifier: Apache-2.0
"""One peer on one work, in a process of its own.

usage: run.py PEER WORK INPUT OUTPUT THREADS ROUNDS [WEIGHTS]
PEER: torch, torch-channels-last, torch-compile, onnxruntime, openvino.  WORK: conv2d, deform_conv2d, window.
INPUT: safetensors with x, weight, bias (and offset, mask), or frames (1, t, 3, h, w). OUTPUT gets "output". Prints JSON: seconds of each round
after warming up, peak memory, version.
"""
import json
import sys
import time

import numpy as np
import tensors
from network import Edvr


def torch_peer(mode, work, given, weights, threads):
    import torch
    import torchvision
    from torch_ops import TorchOps

    torch.set_num_threads(threads)
    last = torch.channels_last if mode != "torch" else torch.contiguous_format
    put = lambda a: torch.from_numpy(a).contiguous(memory_format=last) if a.ndim == 4 else torch.from_numpy(a)
    o = TorchOps()
    if work == "window":
        net = Edvr({k: put(v) for k, v in weights.items()}, o)
        inputs = [put(given["frames"][:, t]) for t in range(given["frames"].shape[1])]
        f = net
    else:
        g = {k: put(v) for k, v in given.items()}
        inputs = g
        f = (lambda g: o.deform(g["x"], g["offset"], g["mask"], g["weight"], g["bias"], 0)) if work == "deform_conv2d" else (lambda g: o.conv(g["x"], g["weight"], g["bias"]))
    if mode == "torch-compile":
        f = torch.compile(f)

    def run():
        with torch.inference_mode():
            return f(inputs)

    return run, lambda y: y.contiguous().numpy(), f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}"


def onnx_graph(work, given, weights):
    from onnx_ops import OnnxOps

    o = OnnxOps()
    if work == "window":
        n, t, c, h, w = given["frames"].shape
        feeds = {f"frame{i}": np.ascontiguousarray(given["frames"][:, i]) for i in range(t)}
        y = Edvr(weights, o)([o.input(k, list(v.shape)) for k, v in feeds.items()])
        return o.model(y, [n, 3, 4 * h, 4 * w]), feeds
    names = ["x", "offset", "mask"] if work == "deform_conv2d" else ["x"]
    feeds = {k: given[k] for k in names}
    x = [o.input(k, list(feeds[k].shape)) for k in names]
    w, b = given["weight"], given["bias"]
    y = o.deform(*x, w, b, given["mask"].shape[1] // 9) if work == "deform_conv2d" else o.conv(*x, w, b)
    n, _, h, wide = given["x"].shape
    return o.model(y, [n, w.shape[0], h, wide]), feeds


def onnxruntime_peer(work, given, weights, threads):
    import onnxruntime

    model, feeds = onnx_graph(work, given, weights)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feeds)[0], lambda y: y, f"ONNX Runtime {onnxruntime.__version__}"


def openvino_peer(work, given, weights, threads):
    import io

    import openvino

    model, feeds = onnx_graph(work, given, weights)
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(io.BytesIO(model.SerializeToString())), "CPU", settings)
    request = compiled.create_infer_request()
    return lambda: request.infer(feeds)[compiled.output(0)], lambda y: np.array(y), f"OpenVINO {openvino.__version__}"


def peak_mib():
    """Of this process alone: getrusage counts what started it."""
    return next(int(l.split()[1]) // 1024 for l in open("/proc/self/status") if l.startswith("VmHWM"))


def main():
    peer, work, source, target, threads, rounds = sys.argv[1:7]
    given, weights = tensors.read(source), tensors.read(sys.argv[7]) if len(sys.argv) > 7 else {}
    threads = int(threads)
    if peer.startswith("torch"):
        run, as_numpy, version = torch_peer(peer, work, given, weights, threads)
    else:
        run, as_numpy, version = (onnxruntime_peer if peer == "onnxruntime" else openvino_peer)(work, given, weights, threads)
    for _ in range(2 if work != "window" else 1):
        y = run()
    tensors.write(target, {"output": as_numpy(y)})
    seconds = []
    for _ in range(int(rounds)):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "peak_MiB": peak_mib(), "version": version}))


if __name__ == "__main__":
    main()
