# SPDX-License-Identifier: Apache-2.0
# python3 tests/fuzz/seeds.py: writes the PyTorch files among seeds/checkpoint from the .npz files beside them. Needs neither PyTorch nor NumPy: the opcodes are
# spelt out, and every weight is a view, of stride 0, of one storage of bytes, as large as the largest weight, which a reader demands.
import ast
import io
import pathlib
import struct
import zipfile

FOLDER = pathlib.Path(__file__).parent / "seeds" / "checkpoint"


def shapes(npz):
    """Names and shapes of an archive's arrays."""
    with zipfile.ZipFile(FOLDER / npz) as archive:
        for name in archive.namelist():
            array = archive.read(name)
            length = struct.unpack_from("<H", array, 8)[0]
            yield name.removesuffix(".npy"), ast.literal_eval(array[10 : 10 + length].decode("latin1"))["shape"]


def string(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def integer(n):
    return b"K" + bytes([n]) if n < 256 else b"J" + struct.pack("<i", n)


def integers(values):
    return b"(" + b"".join(map(integer, values)) + b"t"


def tensor(shape, storage="0", elements=1, kind="HalfStorage", function="_rebuild_tensor_v2", extra=b"", view=b"", strides=None):
    strides = strides or (0,) * len(shape)
    identity = b"(" + string("storage") + b"ctorch\n" + kind.encode() + b"\n" + string(storage) + string("cpu") + integer(elements) + view + b"tQ"
    return b"ctorch._utils\n" + function.encode() + b"\n(" + identity + integer(0) + integers(shape) + integers(strides) + b"\x89)" + extra + b"tR"


def dictionary(items):
    return b"}(" + b"".join(string(k) + v for k, v in items) + b"u"


def ordered(items):
    """An OrderedDict as Python 2 wrote it: from a list of pairs."""
    return b"ccollections\nOrderedDict\n](" + b"".join(b"](" + string(k) + v + b"e" for k, v in items) + b"e\x85R"


def pickled(value):
    return b"\x80\x02" + value + b"."


def torch_zip(root, storages, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        records = {"data.pkl": pickled(root), **{f"data/{k}": v for k, v in storages.items()}, **{k.replace("_", "."): v for k, v in more.items()}}
        for name, data in records.items():
            archive.writestr(zipfile.ZipInfo("archive/" + name), data)
    return out.getvalue()


def torch_legacy(root, storages):
    """storages: key -> (elements, bytes)"""
    magic = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
    system = dictionary([("little_endian", b"\x88"), ("protocol_version", integer(1001))])
    keys = b"](" + b"".join(map(string, storages)) + b"e"
    return b"".join(map(pickled, (magic, integer(1001), system, root, keys))) + b"".join(struct.pack("<q", n) + data for n, data in storages.values())


LARGEST = 64 * 64 * 3 * 3


def network(npz, prefix=""):
    return [(prefix + name, tensor(shape, elements=LARGEST, kind="ByteStorage")) for name, shape in shapes(npz)]


weights = network("plain.npz")
few, zeros = {"0": bytes(12)}, {"0": bytes(LARGEST)}
files = {
    "params.pth": torch_zip(dictionary([("params", dictionary(weights)), ("params_ema", dictionary(weights[:3])), ("epoch", integer(7))]), zeros, byteorder=b"little", version=b"3\n"),
    "big_endian.pth": torch_zip(dictionary(weights[:2]), few, byteorder=b"big"),
    "script.pth": torch_zip(dictionary(weights[:2]), few, constants_pkl=pickled(b")")),
    "cut_off_storage.pth": torch_zip(dictionary([("conv_first.weight", tensor((60, 1), strides=(1, 1)))]), few),
    "without_storage.pth": torch_zip(dictionary([("conv_first.weight", tensor((1, 1), storage="9"))]), few),
    "typed.pth": torch_zip(dictionary([("x", tensor((2, 3), elements=6, kind="UntypedStorage", function="_rebuild_tensor_v3", strides=(3, 1), extra=b"ctorch\nfloat16\n")), ("y", tensor((1,) * 20)), ("z", b"N")]), few),
}
plain = dict(weights)
files |= {
    "misshaped.pth": torch_zip(dictionary({**plain, "conv_last.bias": tensor((2,))}.items()), zeros),
    "mixed_names.pth": torch_zip(dictionary([*weights, ("recon_trunk.0.bias", tensor((1,)))]), zeros),
    "refused_configuration.pth": torch_zip(dictionary({**plain, "pcd_align.cas_dcnpack.conv_offset.weight": tensor((54, 1, 3, 3), elements=LARGEST, kind="ByteStorage")}.items()), zeros),
}
weights = network("original.npz", prefix="module.")
files["legacy.pth"] = torch_legacy(ordered([*weights, ("module.step_counter", tensor((1,), kind="ByteStorage"))]), {"0": (LARGEST, bytes(LARGEST))})
files["legacy_view.pth"] = torch_legacy(dictionary([("state_dict", dictionary([("x", tensor((2, 2), strides=(2, 1), elements=4, view=b"(" + string("1") + integer(3) + integer(5) + b"t"))]))]), {"0": (9, bytes(18))})
for name, data in files.items():
    (FOLDER / name).write_bytes(data)
    print(f"{name}: {len(data)} bytes")
