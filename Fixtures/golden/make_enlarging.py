"""Makes or checks enlarging_*.safetensors: networks that enlarge, forward, backward and on a picture.

    python make_enlarging.py [--check] [--out FOLDER] [NAME ...]     (see reference.py)
"""
import torch
from enlargers import MSRResNet, RRDBNet, SRVGGNetCompact, enlarged, random_weights
from reference import main

# Name → network, shape of the input, sides of the picture.
NETWORKS = {
    "srresnet_x4": (lambda: MSRResNet(4, 2, 4), (1, 3, 4, 5), (5, 6)),
    "srresnet_x3": (lambda: MSRResNet(4, 1, 3, channels=1), (1, 1, 4, 5), (6, 5)),
    "srresnet_x2": (lambda: MSRResNet(4, 1, 2), (2, 3, 4, 5), (6, 5)),
    "rrdb_x4": (lambda: RRDBNet(4, 1, 2, 4), (1, 3, 4, 5), (5, 6)),
    "rrdb_x2": (lambda: RRDBNet(2, 2, 2, 2), (1, 3, 6, 8), (7, 9)),
    "rrdb_x1": (lambda: RRDBNet(3, 1, 2, 1), (1, 3, 8, 12), (11, 14)),
    "compact_x4": (lambda: SRVGGNetCompact(6, 2, 4), (1, 3, 4, 5), (5, 6)),
    "compact_x2": (lambda: SRVGGNetCompact(4, 2, 2), (2, 3, 4, 5), (6, 5)),
    "compact_x1": (lambda: SRVGGNetCompact(4, 1, 1, channels=1), (1, 1, 4, 5), (6, 5)),
}


def maker(make, shape, sides):
    def fill(reference):
        network = reference.load("weights/", random_weights(make()).requires_grad_(False)).requires_grad_()
        x = reference.given("x", lambda: torch.rand(shape)).requires_grad_()
        y = network(x)
        reference.found("y", y)
        y.backward(reference.given("dy", lambda: torch.randn_like(y)))
        reference.found("dx", x.grad)
        for name, parameter in network.named_parameters():
            reference.found("grad/" + name, parameter.grad)
        pixels = reference.given("pixels", lambda: torch.randint(0, 256, (*sides, shape[1])))
        reference.found("enlarged", enlarged(network, pixels))

    return fill


if __name__ == "__main__":
    main({f"enlarging_{name}": maker(*settings) for name, settings in NETWORKS.items()})
