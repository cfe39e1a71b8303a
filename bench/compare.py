# SPDX-License-Identifier: Apache-2.0
"""Runs ours and the peers alternately and writes docs/benchmarks.md with plots. Started by compare.sh."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "peers"))
import tensors  # noqa: E402
from report import write_report  # noqa: E402

PEERS = ["torch", "torch-channels-last", "torch-compile", "onnxruntime", "openvino"]


class Work:
    """One thing to compute: its inputs on disk, the expected output, who may run it."""

    def __init__(self, name, kind, args, given, weights=None, peers=PEERS, ours=None, rounds=5, group="", goal=""):
        self.name, self.kind, self.given, self.weights, self.rounds, self.group, self.goal = name, kind, given, weights, rounds, group, goal
        self.ours, self.peers = ours or kind, peers
        self.path = os.path.join(args.work, name.replace(" ", "_").replace("/", "_") + ".safetensors")


def conv_work(args, c, h, w, deform, goal):
    rng = np.random.default_rng(1)
    f = lambda *s: rng.standard_normal(s).astype(np.float32)
    given = {"x": f(1, c, h, w), "weight": f(c, c, 3, 3) / np.float32(np.sqrt(9 * c)), "bias": f(c)}
    if deform:
        given["offset"] = 2 * f(1, 18 * 8, h, w)
        given["mask"] = rng.random((1, 9 * 8, h, w), np.float32)
    kind = "deform_conv2d" if deform else "conv2d"
    return Work(f"{kind} {c} channels {w}x{h}", kind, args, given, group=kind, goal=goal)


def exact(work, args):
    """The float64 result: PyTorch's for an op, ours for a network (PyTorch's takes minutes; the two agree to 1e-12 in the golden tests)."""
    target = work.path + ".exact"
    if work.kind == "window":
        subprocess.run([args.time, "exact", work.path, target, str(args.threads), "0", work.weights], check=True)
        return tensors.read(target)["output"]
    import torch
    import torchvision

    g = {k: torch.from_numpy(v).double() for k, v in work.given.items()}
    if work.kind == "conv2d":
        y = torch.nn.functional.conv2d(g["x"], g["weight"], g["bias"], padding=1)
    else:
        y = torchvision.ops.deform_conv2d(g["x"], g["offset"], g["weight"], g["bias"], padding=1, mask=g["mask"])
    return y.numpy()


def run(command):
    p = subprocess.run(command, capture_output=True, text=True)
    if p.returncode != 0:
        lines = [l for l in p.stderr.strip().splitlines() if l.strip()]
        return {"failed": lines[-1][:300] if lines else f"exit status {p.returncode}"}
    return json.loads(p.stdout.strip().splitlines()[-1])


def compare(work, args):
    tensors.write(work.path, work.given)
    expected = exact(work, args)
    results = {}
    for turn in range(1 if work.kind == "window" and not args.thorough else args.turns):
        for who in ["edvr", "edvr, 1 thread", "edvr, bfloat16"] + work.peers:
            if who in results and "failed" in results[who]:
                continue
            target = work.path + ".out"
            extra = [work.weights] if work.weights else []
            if who.startswith("edvr"):
                threads = "1" if "1 thread" in who else str(args.threads)
                command = [args.time, work.ours + (":bfloat16" if "bfloat16" in who else ""), work.path, target, threads, str(work.rounds)] + extra
            else:
                kind = "window" if work.kind == "clip" else work.kind
                command = [sys.executable, os.path.join(here, "peers", "run.py"), who, kind, work.path, target, str(args.threads), str(work.rounds)] + extra
            print(f"  {work.name}: {who}", end="", flush=True)
            r = run(command)
            if "failed" not in r:
                error = float(np.abs(tensors.read(target)["output"].astype(np.float64) - expected).max())
                largest = float(np.abs(expected).max())
                r["error"], r["relative"] = error, error / largest
                if error > (0.03 if "bfloat16" in who else 1e-4) * max(1.0, largest):
                    r = {"failed": f"result is off by {error:.2g} beside values up to {largest:.2g}"}
            print("  " + (r["failed"] if "failed" in r else f"{1000 * statistics.median(r['seconds']):.1f} ms, error {r['error']:.1g}, {r['peak_MiB']} MiB"), flush=True)
            if who not in results or "failed" in r:
                results[who] = r
            else:
                results[who]["error"] = max(results[who]["error"], r["error"])
                results[who]["relative"] = max(results[who]["relative"], r["relative"])
                results[who]["seconds"] += r["seconds"]
                results[who]["peak_MiB"] = max(results[who]["peak_MiB"], r["peak_MiB"])
    os.remove(work.path)
    if "failed" in results["edvr"]:
        sys.exit(f"{work.name}: {results['edvr']['failed']}")
    return {"name": work.name, "group": work.group, "goal": work.goal, "results": results}


def ours(args, work, frames, weights, rounds):
    path = os.path.join(args.work, "ours.safetensors")
    tensors.write(path, {"frames": frames})
    r = run([args.time, work, path, path + ".out", str(args.threads), str(rounds), weights])
    os.remove(path)
    if "failed" in r:
        sys.exit(f"{work}: {r['failed']}")
    return r


def growth(args, weights):
    """Seconds and memory of a window over the area of its frames, and of a clip over its length."""
    rng, area, length = np.random.default_rng(3), [], []
    for w, h in ((64, 64), (128, 128), (256, 256), (512, 512), (960, 540), (1280, 720), (1920, 1080)):
        r = ours(args, "once", rng.random((1, 5, 3, h, w), np.float32), weights, 1)
        area.append({"name": f"{w}x{h}", "pixels": w * h, "seconds": r["seconds"][0], "peak_MiB": r["peak_MiB"]})
        print(f"  window {w}x{h}: {r['seconds'][0]:.2f} s, {r['peak_MiB']} MiB", flush=True)
    for n in (5, 10, 20, 40, 80):
        r = ours(args, "clip", rng.random((1, 5, 3, 64, 64), np.float32), weights, n)
        length.append({"frames": n, "seconds": sum(r["seconds"]), "peak_MiB": r["peak_MiB"]})
    return area, length


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", required=True)
    p.add_argument("--work", required=True)
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--quick", action="store_true", help="ops only, one turn")
    p.add_argument("--thorough", action="store_true", help="networks too in several turns: half an hour more")
    p.add_argument("--only", default="", help="works whose name contains this")
    args = p.parse_args()
    args.time, args.turns = os.path.join(args.bin, "edvr_time"), 1 if args.quick else 2
    cli = os.path.join(args.bin, "edvr")

    works = [conv_work(args, c, h, w, deform, goal) for deform, goal in ((False, "2.5x PyTorch"), (True, "30x torchvision, 3x ONNX Runtime")) for c, h, w in ((64, 180, 320), (64, 90, 160), (128, 180, 320), (128, 90, 160))]
    if not args.quick:
        for model, h, w in (("edvr_m", 180, 320), ("edvr_l", 88, 160)):
            weights = os.path.join(args.work, model + ".safetensors")
            if not os.path.exists(weights):
                subprocess.run([cli, "convert", "-m", "random:" + model, "-o", weights], check=True)
            given = {"frames": np.random.default_rng(2).random((1, 5, 3, h, w), np.float32)}
            title = "EDVR-" + model[-1].upper()
            works.append(Work(f"{title} window {w}x{h}", "window", args, given, weights, rounds=2, group="network", goal="10x PyTorch, 3x ONNX Runtime and OpenVINO"))
    chosen = [w for w in works if args.only in w.name]
    measured = []
    for w in chosen:
        measured.append(compare(w, args))
        if w.kind == "window":  # the same frames as a clip that goes on: only ours can use what windows share
            clip = Work(w.name.replace("window", "clip, a frame"), "window", args, w.given, w.weights, peers=[], ours="clip", rounds=6, group="clip", goal="15x PyTorch, 4x ONNX Runtime and OpenVINO")
            r = compare(clip, args)
            for who in PEERS:  # a peer's frame is a window
                r["results"][who] = measured[-1]["results"][who]
            measured.append(r)
    bench = os.path.join(args.work, "bench.json")
    pattern = "conv2d|leaky|add|sigmoid|concat|upsample|pool|temporal|shuffle" + ("" if args.quick else "|EDVR")
    subprocess.run([os.path.join(args.bin, "edvr_bench"), f"--threads={args.threads}", "--benchmark_out=" + bench, "--benchmark_out_format=json", "--benchmark_filter=" + pattern, "--benchmark_min_time=0.3"], check=True, stdout=subprocess.DEVNULL)
    area = length = stages = []
    if not args.quick and not args.only:
        weights = os.path.join(args.work, "edvr_m.safetensors")
        stages = ours(args, "stages", np.random.default_rng(2).random((1, 5, 3, 180, 320), np.float32), weights, 5)
        area, length = growth(args, weights)
    everything = {"measured": measured, "stages": stages, "area": area, "length": length, "bench": json.load(open(bench)), "threads": args.threads, "python": platform.python_version()}
    json.dump(everything, open(os.path.join(args.work, "compare.json"), "w"), indent=1)
    if args.quick or args.only:
        print("not all works were run: docs/benchmarks.md is left as it is; figures are in", os.path.join(args.work, "compare.json"))
    else:
        write_report(everything, os.path.join(here, "..", "docs"))


if __name__ == "__main__":
    main()
