"""The networks of the public pix2pix and CycleGAN code, and those of PyTorch's DCGAN example, restated, under their names:
what state dicts there are keyed by."""
import torch
from torch import nn
from torch.nn import functional as F

NORMS = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d, "none": lambda channels: nn.Identity()}


class ResizedConvolution(nn.Conv2d):
    """Twice as large by nearest neighbour, a reflected border, then a convolution: no checkerboard (Odena et al., 2016)."""

    def forward(self, x):
        return super().forward(F.pad(F.interpolate(x, scale_factor=2), (1,) * 4, mode="reflect"))


class Level(nn.Module):
    """A level of the U-Net: down, what lies below, up, and the skip connection around it all."""

    def __init__(self, outer, inner, norm, resizes, below=None, inputs=None):
        super().__init__()
        self.outermost, bias = inputs is not None, norm != "batch"
        down = nn.Conv2d(inputs or outer, inner, 4, 2, 1, bias=bias)
        up = (ResizedConvolution if resizes else nn.ConvTranspose2d)(
            2 * inner if below else inner, outer, *((3,) if resizes else (4, 2, 1)), bias=bias or self.outermost)
        if self.outermost:
            layers = [down, below, nn.ReLU(True), up, nn.Tanh()]
        else:
            layers = [nn.LeakyReLU(0.2, True), down]
            layers += [NORMS[norm](inner), below] if below else []
            layers += [nn.ReLU(True), up, NORMS[norm](outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class UNet(nn.Module):
    def __init__(self, levels, filters, norm, resizes=False, inputs=3, outputs=3):
        super().__init__()
        level = Level(8 * filters, 8 * filters, norm, resizes)
        for _ in range(levels - 5):
            level = Level(8 * filters, 8 * filters, norm, resizes, level)
        for width in (4, 2, 1):
            level = Level(width * filters, 2 * width * filters, norm, resizes, level)
        self.model = Level(outputs, filters, norm, resizes, level, inputs)

    def forward(self, x):
        return self.model(x)


class Block(nn.Module):
    def __init__(self, width, norm, dropout):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=norm != "batch"), NORMS[norm](width)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(True), *([nn.Dropout(0.5)] if dropout else []), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class ResNet(nn.Module):
    def __init__(self, blocks, filters, norm, dropout=False, resizes=False, inputs=3, outputs=3):
        super().__init__()
        bias = norm != "batch"

        def up(width):
            if resizes:
                return ResizedConvolution(width, width // 2, 3, bias=bias)
            return nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=bias)

        after = lambda width: [NORMS[norm](width), nn.ReLU(True)]
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, filters, 7, bias=bias), *after(filters)]
        for width in (2 * filters, 4 * filters):
            layers += [nn.Conv2d(width // 2, width, 3, 2, 1, bias=bias), *after(width)]
        layers += [Block(4 * filters, norm, dropout) for _ in range(blocks)]
        for width in (4 * filters, 2 * filters):
            layers += [up(width), *after(width // 2)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(filters, outputs, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Patch(nn.Module):
    """PatchGAN: `layers` convolutions of stride 2, then two of stride 1."""

    def __init__(self, inputs, filters, layers, norm):
        super().__init__()
        parts, width = [nn.Conv2d(inputs, filters, 4, 2, 1), nn.LeakyReLU(0.2, True)], filters
        for n in range(1, layers + 1):
            before, width = width, filters * min(2 ** n, 8)
            parts += [nn.Conv2d(before, width, 4, 2 if n < layers else 1, 1, bias=norm != "batch"), NORMS[norm](width),
                      nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*parts, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


class Pixel(nn.Module):
    def __init__(self, inputs, filters, norm):
        super().__init__()
        bias = norm != "batch"
        self.net = nn.Sequential(
            nn.Conv2d(inputs, filters, 1), nn.LeakyReLU(0.2, True), nn.Conv2d(filters, 2 * filters, 1, bias=bias),
            NORMS[norm](2 * filters), nn.LeakyReLU(0.2, True), nn.Conv2d(2 * filters, 1, 1, bias=bias))

    def forward(self, x):
        return self.net(x)


class Generator(nn.Module):
    """DCGAN: from one pixel to 4×4, then twice as large `doublings` times."""

    def __init__(self, inputs, filters, doublings, norm, outputs=3):
        super().__init__()
        parts, width = [], inputs
        for n in range(doublings):
            before, width = width, filters * 2 ** (doublings - 1 - n)
            parts += [nn.ConvTranspose2d(before, width, 4, 2 if n else 1, 1 if n else 0, bias=norm != "batch"),
                      NORMS[norm](width), nn.ReLU(True)]
        self.main = nn.Sequential(*parts, nn.ConvTranspose2d(width, outputs, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, x):
        return self.main(x)


class Discriminator(nn.Module):
    """DCGAN: half as large `halvings` times, then a logit of what is left."""

    def __init__(self, inputs, filters, halvings, norm):
        super().__init__()
        parts = [nn.Conv2d(inputs, filters, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
        for n in range(1, halvings):
            width = filters * 2 ** n
            parts += [nn.Conv2d(width // 2, width, 4, 2, 1, bias=norm != "batch"), NORMS[norm](width),
                      nn.LeakyReLU(0.2, True)]
        self.main = nn.Sequential(*parts, nn.Conv2d(filters * 2 ** (halvings - 1), 1, 4, 1, 0, bias=False))

    def forward(self, x):
        return self.main(x)


def normal(network, gain):
    """The public initialisation: N(0, gain) for convolutions, N(1, gain) for norms, biases 0."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, gain)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, gain)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    return network
