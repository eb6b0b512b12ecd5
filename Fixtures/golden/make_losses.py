"""Makes or checks losses.safetensors: losses and their gradients, Adam, and a gradient penalty.

    python make_losses.py [--check] [--out FOLDER]     (see reference.py)
"""
import torch
from torch.nn import functional as F
from networks import Patch, normal
from reference import main

LOSSES = {
    "vanilla_real": lambda p: F.binary_cross_entropy_with_logits(p, torch.ones_like(p)),
    "vanilla_fake": lambda p: F.binary_cross_entropy_with_logits(p, torch.zeros_like(p)),
    "minimax_generator": lambda p: -F.binary_cross_entropy_with_logits(p, torch.zeros_like(p)),
    "lsgan_real": lambda p: F.mse_loss(p, torch.ones_like(p)),
    "lsgan_fake": lambda p: F.mse_loss(p, torch.zeros_like(p)),
    "wasserstein_real": lambda p: -p.mean(),
    "wasserstein_fake": lambda p: p.mean(),
    "vanilla_smoothed": lambda p: F.binary_cross_entropy_with_logits(p, torch.full_like(p, 0.9)),
    "lsgan_smoothed": lambda p: F.mse_loss(p, torch.full_like(p, 0.9)),
    "hinge_discriminator_real": lambda p: F.relu(1 - p).mean(),
    "hinge_discriminator_fake": lambda p: F.relu(1 + p).mean(),
}


def adversarial(reference):
    drawn = 8 * torch.randn(1, 1, 6, 5)
    for name, loss in LOSSES.items():
        prediction = reference.given(f"{name}/prediction", lambda: drawn).requires_grad_()
        value = loss(prediction)
        value.backward()
        reference.found(f"{name}/loss", value.reshape(1))
        reference.found(f"{name}/gradient", prediction.grad)


def absolute(reference):
    a, b = (reference.given(f"l1/{name}", lambda: torch.randn(2, 3, 4, 5)) for name in "ab")
    loss = F.l1_loss(a.requires_grad_(), b)
    loss.backward()
    reference.found("l1/loss", loss.reshape(1))
    reference.found("l1/gradient", a.grad)


def adam(reference):
    """Six updates by gradients whose sizes differ by factors of ten."""
    weight = reference.given("adam/weight", lambda: torch.randn(37)).requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=2e-4, betas=(0.5, 0.999), eps=1e-8)
    for step in range(6):
        weight.grad = reference.given(f"adam/gradient.{step}", lambda: 10.0 ** (step - 3) * torch.randn(37))
        optimizer.step()
        reference.found(f"adam/weight_after.{step}", weight)


def gradient_penalty(reference):
    prefix = "gradient_penalty/"
    D = reference.load(prefix + "D.", normal(Patch(3, 4, 2, "none"), 0.2))
    x = reference.given(prefix + "x", lambda: torch.randn(1, 3, 32, 32)).requires_grad_()
    slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    loss = (10 * (slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss.backward()
    reference.found(prefix + "loss", loss.reshape(1))
    reference.found(prefix + "input_gradient", slope)
    for name, parameter in D.named_parameters():
        if parameter.grad is not None:  # the last bias is not in the slope at all
            reference.found(f"{prefix}grad.{name}", parameter.grad)
    reference.metadata["gradient_penalty"] = (
        "mean over samples of 10*(||d sum(D(x)) / dx||_2 - 1)^2; D: PatchGAN 2 layers, no norm")


def losses(reference):
    for part in (adversarial, absolute, adam, gradient_penalty):
        part(reference)


if __name__ == "__main__":
    main({"losses": losses})
