"""Makes or checks the weights here: small generators with random weights, of which `translate-cli convert` writes models.

    python make_weights.py [--check]          (needs torch, safetensors)

With --check the files must have the names, shapes and types that the networks have.
"""
import json, math, pathlib, sys
import torch
from torch import nn
from safetensors import safe_open
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "golden"))
import enlargers
from networks import ResNet, UNet


def random_weights(network):
    """Every number other than the initialisation's, so that none can be left out unnoticed."""
    for module in network.modules():
        if isinstance(module, nn.modules.conv._ConvNd):
            nn.init.normal_(module.weight, 0, math.sqrt(2 / (max(module.weight.shape[:2]) * module.weight[0, 0].numel())))
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.running_mean, 0, 0.25)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            module.num_batches_tracked.fill_(10)
        if getattr(module, "bias", None) is not None:
            nn.init.normal_(module.bias, 0, 0.2)
    return network.state_dict()


def described(generator):
    architecture, norm, inputs, dropout, upsampling = generator
    return {
        "format": "pt", "format_version": "1", "architecture": architecture, "norm": norm, "filters": "2",
        "input_channels": str(inputs), "output_channels": "3", "dropout": str(dropout).lower(), "upsampling": upsampling}


# Name of the file → network, what its metadata says of it.
GENERATORS = {
    "unet_32_batch": (UNet(5, 2, "batch"), ("unet_32", "batch", 3, True, "transposed")),
    "unet_32_instance_resize_grey": (
        UNet(5, 2, "instance", resizes=True, inputs=1), ("unet_32", "instance", 1, True, "resize-conv")),
    "resnet_1blocks_batch_resize": (
        ResNet(1, 2, "batch", resizes=True), ("resnet_1blocks", "batch", 3, False, "resize-conv")),
    "resnet_2blocks_instance_dropout": (
        ResNet(2, 2, "instance", dropout=True), ("resnet_2blocks", "instance", 3, True, "transposed")),
    "resnet_2blocks_none": (ResNet(2, 2, "none"), ("resnet_2blocks", "none", 3, False, "transposed")),
}

# The same, how many times they enlarge.
ENLARGERS = {
    "srresnet_x4": (enlargers.MSRResNet(2, 1, 4), ("srresnet", 2, 4)),
    "rrdb_x2": (enlargers.RRDBNet(2, 1, 2, 2), ("rrdb", 2, 2)),
    "compact_x3": (enlargers.SRVGGNetCompact(2, 1, 3), ("compact", 2, 3)),
}

torch.manual_seed(1)
files = {}
for name, (network, description) in GENERATORS.items():
    files[name] = network, random_weights, described(description)
for name, (network, (architecture, filters, scale)) in ENLARGERS.items():
    files[name] = network, lambda network: enlargers.random_weights(network).state_dict(), {
        "format": "pt", "format_version": "1", "architecture": architecture, "norm": "none", "filters": str(filters),
        "input_channels": "3", "output_channels": "3", "scale": str(scale)}
# A plane for each label behind the picture.
labels = ["day", "dusk", "night"]
of_generator = ("unet_32", "batch", 3 + len(labels), True, "transposed")
files["unet_32_batch_labels"] = UNet(5, 2, "batch", inputs=3 + len(labels)), random_weights, {
    **described(of_generator), "labels": json.dumps(labels, separators=(",", ":"))}

good = True
for name, (network, draw, metadata) in files.items():
    path = here / f"{name}.safetensors"
    if "--check" not in sys.argv[1:]:
        save_file(draw(network), path, metadata)
        continue
    with safe_open(path, "pt") as file:
        stored = {key: (tuple(file.get_slice(key).get_shape()), file.get_tensor(key).dtype) for key in file.keys()}
        expected = {key: (tuple(value.shape), value.dtype) for key, value in network.state_dict().items()}
        same = stored == expected and file.metadata() == metadata
    print(f"{path.name}: {len(stored)} tensors {'as expected' if same else 'DIFFER'}")
    good = good and same
sys.exit(0 if good else 1)
