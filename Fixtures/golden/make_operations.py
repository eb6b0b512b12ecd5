"""operations.safetensors: pixel shuffle and its inverse, PReLU, max pooling and enlarging, forward and backward; see reference.py."""
import torch
from reference import main

LAYERS = {
    "pixel_shuffle_2": (torch.nn.PixelShuffle(2), (2, 12, 3, 5)),
    "pixel_shuffle_3": (torch.nn.PixelShuffle(3), (1, 18, 4, 2)),
    "prelu": (torch.nn.PReLU(5), (2, 5, 6, 7)),
    "max_pool_2": (torch.nn.MaxPool2d(2), (2, 5, 6, 8)),
    "max_pool_2_odd": (torch.nn.MaxPool2d(2), (1, 3, 7, 5)),
    "pixel_unshuffle_2": (torch.nn.PixelUnshuffle(2), (2, 3, 6, 4)),
    "pixel_unshuffle_4": (torch.nn.PixelUnshuffle(4), (1, 2, 4, 8)),
    "nearest_2": (torch.nn.Upsample(scale_factor=2, mode="nearest"), (2, 3, 3, 4)),
    "nearest_4": (torch.nn.Upsample(scale_factor=4, mode="nearest"), (1, 2, 2, 3)),
    "bilinear_2": (torch.nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), (2, 3, 5, 4)),
    "bilinear_3": (torch.nn.Upsample(scale_factor=3, mode="bilinear", align_corners=False), (1, 2, 1, 4)),
    "bilinear_4": (torch.nn.Upsample(scale_factor=4, mode="bilinear", align_corners=False), (1, 3, 3, 2)),
}


def operations(reference):
    for name, (layer, shape) in LAYERS.items():
        layer = layer.double()
        x = reference.given(f"{name}/x", lambda: torch.randn(shape)).requires_grad_()
        if isinstance(layer, torch.nn.PReLU):
            layer.weight.data = reference.given(f"{name}/slope", lambda: torch.randn(5))
        y = layer(x)
        y.backward(reference.given(f"{name}/dy", lambda: torch.randn_like(y)))
        reference.found(f"{name}/y", y)
        reference.found(f"{name}/dx", x.grad)
        if isinstance(layer, torch.nn.PReLU):
            reference.found(f"{name}/dslope", layer.weight.grad)


main({"operations": operations})
