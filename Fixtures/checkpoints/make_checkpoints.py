"""Makes or checks the weights files here: every form in which PyTorch writes state dicts, and some that are broken.

    python make_checkpoints.py [--check]          (needs torch, safetensors)

With --check all are made again in a temporary folder, with the weights that the files here hold, and must read alike.
"""
import os, pathlib, pickle, sys, tempfile, zipfile
import torch
from safetensors.torch import load_file, save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "golden"))
from enlargers import SRVGGNetCompact, random_weights
from networks import Patch, ResNet, UNet, normal

check = "--check" in sys.argv[1:]


class Command:
    """What unpickling would run."""

    def __reduce__(self):
        return os.system, ("echo a checkpoint ran this command",)


def read(path):
    return torch.load(path, weights_only=True)


def weights(network, stored):
    """The state dict of a network: drawn, or in a check what `stored` returns in the order of the network."""
    drawn = normal(network, 0.05).state_dict()
    if not check:
        return drawn
    values = stored()
    assert values.keys() == drawn.keys() and all(values[key].shape == drawn[key].shape for key in drawn)
    return type(drawn)((key, values[key]) for key in drawn)


def make(folder):
    def save(value, name, forms=("zip", "legacy")):
        for form in forms:
            torch.save(value, folder / f"{name}.{form}.pth", _use_new_zipfile_serialization=form == "zip")

    torch.manual_seed(1)
    for name, network in {
        "patch_basic_batch": Patch(6, 4, 3, "batch"), "resnet_6blocks_instance": ResNet(6, 4, "instance"),
        "unet_128_batch": UNet(7, 4, "batch")}.items():
        state = weights(network, lambda: load_file(here / f"{name}.safetensors"))
        save_file({key: value.contiguous() for key, value in state.items()}, folder / f"{name}.safetensors")
        save(state, name)
    half = weights(Patch(3, 4, 3, "batch"), lambda: read(here / "patch_basic_half.zip.pth"))
    save({key: value.half() for key, value in half.items()}, "patch_basic_half", ["zip"])
    # Weights of above rounded as PyTorch does it, and numbers that are delicate to round (no NaN: which of them PyTorch
    # writes depends on the processor).
    rounded = {
        key: value.to(torch.bfloat16) if value.is_floating_point() else value
        for key, value in read(folder / "patch_basic_batch.zip.pth").items()}
    save_file(rounded, folder / "patch_basic_bfloat16.safetensors")
    save(rounded, "patch_basic_bfloat16")
    upper = [0x0000, 0x0001, 0x007F, 0x0080, 0x3F80, 0x3F81, 0x3FFF, 0x4049, 0x7F7E, 0x7F7F]
    lower = [0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    bits = [sign << 31 | a << 16 | b for sign in (0, 1) for a in upper for b in lower]
    bits += [0x7F800000, 0xFF800000]
    numbers = torch.tensor([value - (value >> 31 << 32) for value in bits], dtype=torch.int32).view(torch.float32)
    save_file({"numbers": numbers, "rounded": numbers.to(torch.bfloat16)}, folder / "bfloat16_edges.safetensors")
    save({"weight": torch.arange(12.0).reshape(3, 4).T}, "transposed_view", ["zip"])
    save({"net": {"weight": torch.ones(2)}, "epoch": 3}, "nested_dictionary", ["zip"])

    # Networks among other things, as training scripts of one's own save them; the names say which is which.
    generator = load_file(here.parent / "onnx/unet_32_batch.safetensors")
    judge = weights(Patch(3, 4, 3, "batch"), lambda: read(here / "nested_networks.zip.pth")["models"]["D_A"])
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([parameter])
    parameter.grad = torch.ones(2)
    optimizer.step()
    save({
        "epoch": 3, "netG_B2A": {"module." + key: value for key, value in generator.items()}, "models": {"D_A": judge},
        "mean": {"pixels": torch.ones(3)}, "optimizer": optimizer.state_dict()}, "nested_networks")

    # Weights with their moving average, as BasicSR saves them.
    def trained(part):
        if check:
            return read(here / "averaged_weights.zip.pth")[part]
        return random_weights(SRVGGNetCompact(4, 1, 2)).state_dict()

    save({part: trained(part) for part in ("params", "params_ema")}, "averaged_weights", ["zip"])

    # Broken: a command instead of a tensor, and half a file.
    save({"weight": Command()}, "hostile_command", ["zip"])
    (folder / "hostile_command.legacy.pth").write_bytes(pickle.dumps(Command(), 2))
    whole = (folder / "patch_basic_batch.zip.pth").read_bytes()
    (folder / "truncated.zip.pth").write_bytes(whole[:len(whole) // 2])


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def content(path):
    """What a file holds, to compare; broken files by their bytes, archives of commands by their pickle."""
    if path.suffix == ".safetensors":
        return load_file(path)
    if path.name == "hostile_command.zip.pth":
        return zipfile.ZipFile(path).read("hostile_command.zip/data.pkl")
    if path.name == "truncated.zip.pth":  # archives differ in their serialization_id, so: half of the one beside it
        whole = path.with_name("patch_basic_batch.zip.pth").read_bytes()
        return path.read_bytes() == whole[:len(whole) // 2]
    return path.read_bytes() if path.name.startswith("hostile") else read(path)


if not check:
    make(here)
    sys.exit()
with tempfile.TemporaryDirectory() as folder:
    make(pathlib.Path(folder))
    names = {path.name for path in here.iterdir() if path.suffix in (".pth", ".safetensors")}
    made = {path.name for path in pathlib.Path(folder).iterdir()}
    different = [name for name in names & made if not same(content(here / name), content(pathlib.Path(folder, name)))]
print(f"{len(names & made)} files, different: {sorted(different)}; only on one side: {sorted(names ^ made)}")
sys.exit(1 if different or names != made else 0)
