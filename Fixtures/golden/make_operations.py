"""Writes operations.safetensors: pixel shuffle, PReLU and max pooling, forward and backward, by PyTorch in double precision.

    python3 make_operations.py [operations.safetensors]

Needs torch and safetensors. For each case: x, y, dy (a random upstream gradient), dx, and the gradients of parameters.
"""

import sys

import torch
from safetensors.torch import save_file

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
tensors = {}


def case(name, layer, shape, parameters=()):
    x = torch.randn(shape).float().double().requires_grad_()
    y = layer(x)
    dy = torch.randn_like(y).float().double()
    y.backward(dy)
    tensors.update({f"{name}/x": x, f"{name}/y": y, f"{name}/dy": dy, f"{name}/dx": x.grad})
    for key, parameter in parameters:
        tensors.update({f"{name}/{key}": parameter, f"{name}/d{key}": parameter.grad})


for factor, shape in [(2, (2, 12, 3, 5)), (3, (1, 18, 4, 2))]:
    case(f"pixel_shuffle_{factor}", torch.nn.PixelShuffle(factor), shape)

prelu = torch.nn.PReLU(5)
prelu.weight.data = torch.randn(5).float().double()
case("prelu", prelu, (2, 5, 6, 7), [("slope", prelu.weight)])

case("max_pool_2", torch.nn.MaxPool2d(2), (2, 5, 6, 8))
case("max_pool_2_odd", torch.nn.MaxPool2d(2), (1, 3, 7, 5))

save_file(
    {name: tensor.detach().float().contiguous() for name, tensor in tensors.items()},
    sys.argv[1] if len(sys.argv) > 1 else "operations.safetensors",
    metadata={"source": f"torch {torch.__version__}, double precision, seed 7"},
)
