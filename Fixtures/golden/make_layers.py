"""Makes or checks layers.safetensors: layers by themselves, forward and backward.

    python make_layers.py [--check] [--out FOLDER]     (see reference.py)
"""
import torch
from torch import nn
from torch.nn import functional as F
from reference import main

# Name of a case → shape of the input, channels of the output, kernel, and what the convolution is called with. A width of
# reflection stands for a padding layer in front, as the public code has it.
CONVOLUTIONS = {
    "conv_k1": ((2, 6, 5, 7), 4, 1, {}),
    "conv_k3_s1_reflect1": ((2, 8, 10, 14), 8, 3, {"reflect": 1}),
    "conv_k3_s2_p1": ((1, 4, 12, 13), 6, 3, {"stride": 2, "padding": 1}),
    "conv_k4_s1_p1": ((1, 6, 11, 10), 3, 4, {"padding": 1}),
    "conv_k4_s2_p1": ((2, 5, 16, 12), 7, 4, {"stride": 2, "padding": 1}),
    "conv_k4_s2_p1_2x2": ((1, 16, 2, 2), 16, 4, {"stride": 2, "padding": 1}),
    "conv_k4_s2_p1_odd": ((1, 3, 15, 9), 4, 4, {"stride": 2, "padding": 1}),
    "conv_k7_s1_reflect3": ((1, 3, 12, 10), 5, 7, {"reflect": 3}),
}
TRANSPOSED = {
    "convT_k3_s2_p1_op1": ((1, 6, 7, 8), 3, 3, {"stride": 2, "padding": 1, "output_padding": 1}),
    "convT_k4_s2_p1": ((2, 6, 8, 5), 4, 4, {"stride": 2, "padding": 1}),
    "convT_k4_s2_p1_1x1": ((1, 16, 1, 1), 8, 4, {"stride": 2, "padding": 1}),
}
# Name of a case → shape of the input, function.
PLAIN = {
    "instance_norm": ((2, 5, 6, 9), F.instance_norm),
    "relu": ((1, 2, 5, 7), F.relu),
    "leaky_relu_0.2": ((1, 2, 5, 7), lambda x: F.leaky_relu(x, 0.2)),
    "tanh": ((1, 2, 5, 7), torch.tanh),
    "reflection_pad_2": ((1, 2, 4, 5), nn.ReflectionPad2d(2)),
    "upsample_nearest_2x": ((1, 2, 4, 5), nn.Upsample(scale_factor=2)),
    "upsample_bilinear_2x": ((1, 2, 4, 5), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)),
}


def case(reference, name, run, **inputs):
    """Stores the inputs, `run` of them, an upstream gradient, and what comes back to each input: d + its name."""
    given = {key: reference.given(f"{name}/{key}", draw).requires_grad_() for key, draw in inputs.items()}
    y = run(*given.values())
    reference.found(f"{name}/y", y)
    y.backward(reference.given(f"{name}/dy", lambda: torch.randn_like(y)))
    for key, value in given.items():
        reference.found(f"{name}/d{key}", value.grad)


def layers(reference):
    normal = lambda *shape: lambda: torch.randn(*shape)
    for name, (shape, outputs, kernel, options) in (CONVOLUTIONS | TRANSPOSED).items():
        options, width = dict(options), options.get("reflect", 0)
        options.pop("reflect", None)
        layer = F.conv_transpose2d if name in TRANSPOSED else F.conv2d
        pair = (shape[1], outputs) if name in TRANSPOSED else (outputs, shape[1])
        run = lambda x, w, b: layer(F.pad(x, (width,) * 4, mode="reflect") if width else x, w, b, **options)
        case(reference, name, run, x=normal(*shape), w=lambda: 0.1 * torch.randn(*pair, kernel, kernel), b=normal(outputs))
    for name, (shape, run) in PLAIN.items():
        case(reference, name, run, x=normal(*shape))
    for name, trains in (("batch_norm_train", True), ("batch_norm_eval", False)):
        mean = reference.given(f"{name}/running_mean", normal(4)).clone()
        variance = reference.given(f"{name}/running_var", lambda: 0.5 + torch.rand(4)).clone()
        run = lambda x, gamma, beta: F.batch_norm(x, mean, variance, gamma, beta, trains, momentum=0.1, eps=1e-5)
        case(reference, name, run, x=normal(2, 4, 5, 6), gamma=normal(4), beta=normal(4))
        reference.found(f"{name}/running_mean_after", mean)
        reference.found(f"{name}/running_var_after", variance)


if __name__ == "__main__":
    main({"layers": layers})
