#!/usr/bin/env python3
"""PyTorch's times on the GPU for the shapes of bench/gpu/bench.cu: eager and channels-last, with cuDNN choosing its algorithms, without TF32."""
import torch
import torchvision

torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True


def time_of(f):
    for _ in range(5):
        f()
    rounds = []
    for _ in range(5):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record()
        for _ in range(20):
            f()
        b.record()
        b.synchronize()
        rounds.append(a.elapsed_time(b) / 20)
    return sorted(rounds)[2]


@torch.inference_mode()
def main():
    print('PyTorch', torch.__version__, torch.cuda.get_device_name())
    for c in (64, 128):
        for scale in (1, 2, 4):
            h, w = 180 // scale // 4 * 4, 320 // scale
            weight = torch.randn(c, c, 3, 3, device='cuda') * 0.04
            offset, mask = 2 * torch.randn(1, 144, h, w, device='cuda'), torch.randn(1, 72, h, w, device='cuda')
            for layout in (torch.contiguous_format, torch.channels_last):
                x, k = (t.contiguous(memory_format=layout) for t in (torch.randn(1, c, h, w, device='cuda'), weight))
                name = f'{c} channels {w}x{h}' + (', channels last' if layout == torch.channels_last else '')
                print(f'conv2d {name}: {time_of(lambda: torch.nn.functional.conv2d(x, k, padding=1)):.4f} ms')
                print(f'deform_conv2d {name}: {time_of(lambda: torchvision.ops.deform_conv2d(x, offset, k, padding=1, mask=torch.sigmoid(mask))):.4f} ms')


main()
