# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md and its plots, from what compare.py measured."""
import os
import statistics

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "edvr"  # the same file for the same figures
import matplotlib.pyplot as plt  # noqa: E402

LABELS = {"torch": "PyTorch", "torch-channels-last": "PyTorch, channels last", "torch-compile": "PyTorch, compiled", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "edvr": "edvr", "edvr, 1 thread": "edvr, 1 thread", "edvr, bfloat16": "edvr, bfloat16"}
TORCH = ("torch", "torch-channels-last", "torch-compile")


def seconds(r):
    return statistics.median(r["seconds"])


def fastest(results, names):
    ran = [(seconds(results[n]), n) for n in names if n in results and "failed" not in results[n]]
    return min(ran) if ran else None


def ratio(results, names):
    best = fastest(results, names)
    return best[0] / seconds(results["edvr"]) if best else None


def text(v, form="{:.1f}x"):
    return form.format(v) if v is not None else "-"


def table(headers, rows):
    lines = ["| " + " | ".join(headers) + " |", "| " + " | ".join(["---"] * len(headers)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]) + "\n"


def bars(group, works, folder):
    fig, axes = plt.subplots(1, len(works), figsize=(3.4 * len(works), 3.2), squeeze=False)
    for ax, w in zip(axes[0], works):
        ran = [(LABELS[n], 1000 * seconds(r)) for n, r in w["results"].items() if "failed" not in r and n != "edvr, 1 thread"]
        ran.sort(key=lambda p: -p[1])
        ax.barh([n for n, _ in ran], [v for _, v in ran], color=["#c44e52" if n == "edvr" else "#dd8452" if n.startswith("edvr") else "#8c9bb0" for n, _ in ran])
        ax.set_title(w["name"].replace(" channels", "ch"), fontsize=8)
        ax.set_xlabel("ms", fontsize=8)
        ax.tick_params(labelsize=7)
    fig.tight_layout()
    name = f"benchmarks-{group}.svg"
    fig.savefig(os.path.join(folder, name), metadata={"Date": None})
    plt.close(fig)
    return name


def growth_plot(points, x, label, name, folder):
    fig, axes = plt.subplots(1, 2, figsize=(8, 3))
    for ax, key, unit in ((axes[0], "seconds", "s"), (axes[1], "peak_MiB", "MiB")):
        ax.loglog([p[x] for p in points], [p[key] for p in points], "o-", color="#c44e52")
        ax.set_xlabel(label), ax.set_ylabel(unit), ax.grid(True, which="both", alpha=0.3)
    fig.tight_layout()
    fig.savefig(os.path.join(folder, name), metadata={"Date": None})
    plt.close(fig)


def peers_section(measured, folder):
    out = []
    for group in dict.fromkeys(w["group"] for w in measured):
        works = [w for w in measured if w["group"] == group]
        out.append(f"### {group}\n\n![{group}]({bars(group, works, folder)})\n")
        names = [n for n in LABELS if any(n in w["results"] for w in works)]
        rows = []
        for w in works:
            rows.append([w["name"]] + [("failed" if "failed" in w["results"][n] else f"{1000 * seconds(w['results'][n]):.1f}") if n in w["results"] else "-" for n in names])
        out.append("Medians, ms:\n\n" + table(["work"] + [LABELS[n] for n in names], rows))
        rows = []
        for w in works:
            r = w["results"]
            one, half = r.get("edvr, 1 thread"), r.get("edvr, bfloat16")
            best = fastest(r, TORCH)
            memory = r["edvr"]["peak_MiB"] / r[best[1]]["peak_MiB"] if best and "peak_MiB" in r[best[1]] else None
            rows.append([w["name"], w["goal"], text(ratio(r, TORCH)), text(ratio(r, ["onnxruntime"])), text(ratio(r, ["openvino"])), text(seconds(one) / seconds(r["edvr"]) if one and "failed" not in one else None, "{:.2f}x"),
                         f"{r['edvr']['relative']:.1e}", f"{r['edvr']['peak_MiB']} MiB", text(memory, "{:.2f}"),
                         text(seconds(r["edvr"]) / seconds(half) if half and "failed" not in half else None, "{:.2f}x"), f"{half['relative']:.1e}" if half and "failed" not in half else "-"])
        out.append("Ours in float32 against each, times as fast; errors beside the largest result; memory as a share of the fastest PyTorch's; last, ours in bfloat16 against ours in float32. The goal is what we set out to reach, met or not:\n\n" + table(["work", "goal", "PyTorch, fastest", "ONNX Runtime", "OpenVINO", "ours on 1 thread", "largest error", "our memory", "share", "bfloat16", "its largest error"], rows))
        failed = [(w["name"], LABELS[n], r["failed"]) for w in works for n, r in w["results"].items() if "failed" in r]
        if failed:
            out.append("What could not run, with its message:\n\n" + table(["work", "peer", "message"], [(a, b, "`" + c.replace("|", "/").replace("`", "'") + "`") for a, b, c in failed]))
    return "\n".join(out)


def own_section(bench):
    rows = []
    for b in bench["benchmarks"]:
        if b.get("error_occurred"):
            rows.append([b["name"], "failed: " + b["error_message"], "", "", ""])
            continue
        name = b["name"].replace("/real_time", "")
        rows.append([name, f"{b['real_time']:.3g}", f"{b['FLOP/s'] / 1e9:.0f}" if "FLOP/s" in b else "", f"{100 * b['peak']:.0f} %" if "peak" in b else "", f"{b['bytes/s'] / 1e9:.1f}" if "bytes/s" in b else ""])
    return table(["benchmark", "ms", "GFLOP/s", "of peak", "GB/s"], rows)


def stages_section(stages):
    rows = [(s["stage"], f"{1000 * s['seconds']:.0f}", f"{100 * s['share']:.0f} %", f"{s['gflops']:.0f}" if s["gflops"] else "", f"{100 * s['peak']:.0f} %" if s["gflops"] else "") for s in stages]
    return table(["stage", "ms", "share", "GFLOP/s of the plain sums", "of peak"], rows)


def write_report(all_, docs):
    bench, measured = all_["bench"], all_["measured"]
    context = bench["context"]
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown processor")
    versions = sorted({r["version"] for w in measured for n, r in w["results"].items() if "version" in r and not n.startswith("edvr")})
    growth_plot(all_["area"], "pixels", "pixels of an input frame", "benchmarks-area.svg", docs)
    growth_plot(all_["length"], "frames", "frames of the clip", "benchmarks-length.svg", docs)
    parts = [
        "# Benchmarks\n",
        "Written by `bash bench/compare.sh`; ratios are from one run, in which ours and the peers took turns on the same cores, inputs and weights. Times alone mean little elsewhere.\n",
        f"{cpu}, {all_['threads']} threads. {context['edvr']}. {'; '.join(versions)}. Built with `-O2`, no `-march`. Measured first: "
        f"{float(context['peak_GFLOP/s']):.0f} GFLOP/s of float32 multiply-adds, {float(context['peak_bfloat16_GFLOP/s']):.0f} of bfloat16 ones, {float(context['copy_GB/s']):.0f} GB/s of copying.\n",
        "PyTorch runs in inference mode, as it is, channels last, and compiled (`torch.compile`, channels last); ONNX Runtime with all graph optimisations; OpenVINO with its latency hint in float32. "
        "The networks have the published configurations and random weights; frames are noise. Each is warm; the median of all rounds counts; the fastest PyTorch is compared with. Every output is held against a float64 result first: within 1e-4 of its largest value, bfloat16 within 3e-2. A peer's frame of a clip is a whole window, because none of them keeps features. Convolutions ran in two turns, networks in one (`--thorough`: two). Feature maps are channels-last for us and for the two "
        "PyTorch settings that want it, planar for the others, as each keeps them between its own layers. Memory is the peak of the whole process; a peer's includes Python and its libraries.\n",
        "## Beside others\n",
        peers_section(measured, docs),
        "## Where a window of EDVR-M spends its time\n\nIn float32, a run of its own. FLOP are those of the plain sums; Winograd's algorithm executes about a quarter of them, so that a share of the peak may exceed 100 %.\n",
        stages_section(all_["stages"]),
        "## How cost grows\n\nOne window of EDVR-M over the area of its frames, and a clip of 64 x 64 over its length.\n\n![area](benchmarks-area.svg)\n\n![length](benchmarks-length.svg)\n",
        table(["input", "pixels", "s", "MiB"], [(p["name"], p["pixels"], f"{p['seconds']:.3g}", p["peak_MiB"]) for p in all_["area"]]),
        table(["frames", "s", "MiB"], [(p["frames"], f"{p['seconds']:.3g}", p["peak_MiB"]) for p in all_["length"]]),
        "## Our own kernels\n\n`edvr_bench` (`--threads=N`), Google Benchmark; a run of its own, so times differ from those above by what the machine does; each verified against float64 before it is timed. GFLOP/s count the plain sum, whatever the algorithm does.\n",
        own_section(bench),
    ]
    with open(os.path.join(docs, "benchmarks.md"), "w") as f:
        f.write("\n".join(parts))
    print("written: docs/benchmarks.md")
