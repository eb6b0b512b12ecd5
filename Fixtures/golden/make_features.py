"""Makes or checks feature_loss.safetensors: the feature loss of ESRGAN on a thin VGG-19.

    python make_features.py [--check] [--out FOLDER] [NAME ...]     (see reference.py)
"""
import torch
from torch import nn
from reference import main

MEANS, DEVIATIONS = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class Features(nn.Module):
    """torchvision's vgg19().features up to conv5_4, with `width` channels in place of 64."""

    def __init__(self, width):
        super().__init__()
        layers, before = [], 3
        for stage, (count, times) in enumerate([(2, 1), (2, 2), (4, 4), (4, 8), (4, 8)]):
            for _ in range(count):
                layers += [nn.Conv2d(before, times * width, 3, 1, 1), nn.ReLU()]
                before = times * width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[:-2])

    def forward(self, x):
        channel = lambda numbers: numbers.view(1, 3, 1, 1)
        return self.features((x - channel(MEANS)) / channel(DEVIATIONS))


def feature_loss(reference):
    network = Features(2)
    for parameter in network.parameters():
        nn.init.kaiming_normal_(parameter) if parameter.dim() == 4 else nn.init.normal_(parameter, 0, 0.1)
    reference.load("weights/", network.requires_grad_(False))
    output = reference.given("output", lambda: torch.rand(2, 3, 32, 48)).requires_grad_()
    target = reference.given("target", lambda: torch.rand(2, 3, 32, 48) * 2 - 1)
    loss = nn.functional.l1_loss(network(output), network((target + 1) / 2))
    reference.found("loss", loss.reshape(1))
    (loss * 3).backward()
    reference.found("gradient", output.grad)


if __name__ == "__main__":
    main({"feature_loss": feature_loss})
