"""The networks of the public BasicSR and Real-ESRGAN code that enlarge, restated, under its names."""
import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, 1, 1)


class ResidualBlock(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.conv1, self.conv2 = conv(filters, filters), conv(filters, filters)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(x)))


class MSRResNet(nn.Module):
    def __init__(self, filters, blocks, scale, channels=3):
        super().__init__()
        self.scale, self.factors = scale, [2, 2] if scale == 4 else [scale]
        self.conv_first = conv(channels, filters)
        self.body = nn.Sequential(*[ResidualBlock(filters) for _ in range(blocks)])
        self.upconv1 = conv(filters, filters * self.factors[0] ** 2)
        if scale == 4:
            self.upconv2 = conv(filters, filters * 4)
        self.conv_hr, self.conv_last = conv(filters, filters), conv(filters, channels)

    def forward(self, x):
        y = self.body(F.leaky_relu(self.conv_first(x), 0.1))
        for step, factor in enumerate(self.factors):
            y = F.leaky_relu(F.pixel_shuffle(getattr(self, f"upconv{step + 1}")(y), factor), 0.1)
        y = self.conv_last(F.leaky_relu(self.conv_hr(y), 0.1))
        return y + F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)


class DenseBlock(nn.Module):
    def __init__(self, filters, growth):
        super().__init__()
        for place in range(4):
            setattr(self, f"conv{place + 1}", conv(filters + place * growth, growth))
        self.conv5 = conv(filters + 4 * growth, filters)

    def forward(self, x):
        seen = [x]
        for place in range(4):
            seen.append(F.leaky_relu(getattr(self, f"conv{place + 1}")(torch.cat(seen, 1)), 0.2))
        return self.conv5(torch.cat(seen, 1)) * 0.2 + x


class RRDB(nn.Module):
    def __init__(self, filters, growth):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = [DenseBlock(filters, growth) for _ in range(3)]

    def forward(self, x):
        return self.rdb3(self.rdb2(self.rdb1(x))) * 0.2 + x


class RRDBNet(nn.Module):
    def __init__(self, filters, blocks, growth, scale, channels=3):
        super().__init__()
        self.unshuffling = 4 // scale
        self.conv_first = conv(channels * self.unshuffling ** 2, filters)
        self.body = nn.Sequential(*[RRDB(filters, growth) for _ in range(blocks)])
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
            setattr(self, name, conv(filters, filters))
        self.conv_last = conv(filters, channels)

    def forward(self, x):
        first = self.conv_first(F.pixel_unshuffle(x, self.unshuffling))
        y = first + self.conv_body(self.body(first))
        for up in (self.conv_up1, self.conv_up2):
            y = F.leaky_relu(up(F.interpolate(y, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(y), 0.2))


class SRVGGNetCompact(nn.Module):
    def __init__(self, filters, convolutions, scale, channels=3):
        super().__init__()
        self.scale = scale
        layers = [conv(channels, filters), nn.PReLU(filters)]
        for _ in range(convolutions):
            layers += [conv(filters, filters), nn.PReLU(filters)]
        self.body = nn.Sequential(*layers, conv(filters, channels * scale ** 2))

    def forward(self, x):
        return F.pixel_shuffle(self.body(x), self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


def random_weights(network, deviation=1.0):
    """Weights that keep the size of what passes, outputs around the middle of 0 to 1, and slopes of either sign."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() == 4:
                nn.init.normal_(parameter, 0, deviation / parameter[0].numel() ** 0.5)
            elif name.endswith("bias"):
                nn.init.normal_(parameter, 0, 0.1)
            else:
                nn.init.normal_(parameter, 0.2, 0.2)
        if isinstance(network, RRDBNet):
            network.conv_last.bias += 0.5
        else:
            last = network.conv_last if isinstance(network, MSRResNet) else network.body[-1]
            last.weight *= 0.3
    return network


def enlarged(network, pixels):
    """What the public code makes of (H, W, C) bytes: sides padded to what is unshuffled, clamped, rounded."""
    multiple = getattr(network, "unshuffling", 1)
    height, width = pixels.shape[:2]
    x = (pixels.double() / 255).permute(2, 0, 1)[None]
    x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="reflect")
    with torch.no_grad():
        y = network(x)[0].permute(1, 2, 0)
    scale = y.shape[0] // x.shape[2]
    return (y[:height * scale, :width * scale].clamp(0, 1) * 255).round()
