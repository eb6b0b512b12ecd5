"""Makes or checks network_*.safetensors: whole networks, forward with either statistics and backward.

    python make_networks.py [--check] [--out FOLDER] [NAME ...]     (see reference.py)
"""
import torch
from torch import nn
from networks import Discriminator, Generator, Patch, Pixel, ResNet, UNet, normal
from reference import main

# Name → network, shape of the input, metadata.
NETWORKS = {
    "unet5_gray_to_rgb": (
        lambda: UNet(5, 4, "batch", inputs=1), (1, 1, 64, 64),
        {"channels": "1 to 3", "downs": "5", "ngf": "4", "norm": "batch"})}
for levels, norm, extents in ((7, "batch", (256, 128)), (7, "instance", (256, 256)), (8, "batch", (256, 256))):
    NETWORKS[f"unet{levels}_{norm}"] = (
        lambda levels=levels, norm=norm: UNet(levels, 4, norm), (1, 3, *extents),
        {"downs": str(levels), "ngf": "4", "norm": norm})
for norm in ("batch", "instance"):
    NETWORKS[f"resnet6_{norm}"] = (
        lambda norm=norm: ResNet(6, 4, norm), (1, 3, 32, 48), {"blocks": "6", "ngf": "4", "norm": norm})
    for layers, inputs, filters, extents in ((3, 6, 8, (64, 48)), (5, 3, 4, (160, 160))):
        NETWORKS[f"patch{layers}_{norm}"] = (
            lambda layers=layers, inputs=inputs, filters=filters, norm=norm: Patch(inputs, filters, layers, norm),
            (1, inputs, *extents), {"layers": str(layers), "ndf": str(filters), "norm": norm})
    NETWORKS[f"pixel_{norm}"] = (lambda norm=norm: Pixel(6, 8, norm), (1, 6, 16, 24), {"ndf": "8", "norm": norm})
for norm in ("batch", "none"):
    NETWORKS[f"dcgan32_{norm}"] = (
        lambda norm=norm: Generator(10, 4, 3, norm), (5, 10, 1, 1), {"doublings": "3", "ngf": "4", "norm": norm})
    NETWORKS[f"dcgan32_discriminator_{norm}"] = (
        lambda norm=norm: Discriminator(3, 4, 3, norm), (5, 3, 32, 32), {"halvings": "3", "ndf": "4", "norm": norm})
NETWORKS["dcgan64_grey"] = (
    lambda: Generator(12, 2, 4, "batch", outputs=1), (3, 12, 1, 1), {"doublings": "4", "ngf": "2", "norm": "batch"})


def with_statistics(network):
    """Running statistics as training might leave them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, 0, 0.1)
            module.running_var.copy_(0.5 + torch.randn_like(module.running_var).abs())
    return network


def maker(make, shape, metadata):
    def fill(reference):
        network = reference.load("weights/", with_statistics(normal(make(), 0.05)))
        x = reference.given("x", lambda: torch.randn(shape).clamp(-1, 1)).requires_grad_()
        reference.found("y_eval", network.eval()(x))
        y = network.train()(x)
        reference.found("y_train", y)
        y.backward(reference.given("dy", lambda: torch.randn_like(y)))
        reference.found("dx", x.grad)
        for name, parameter in network.named_parameters():
            reference.found("grad/" + name, parameter.grad)
        for name, buffer in network.named_buffers():
            if not name.endswith("num_batches_tracked"):
                reference.found("after/" + name, buffer)
        reference.metadata = metadata

    return fill


if __name__ == "__main__":
    main({f"network_{name}": maker(*settings) for name, settings in NETWORKS.items()})
