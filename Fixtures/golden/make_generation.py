"""Makes or checks steps_dcgan*.safetensors: whole training steps of DCGAN in both precisions, as make_steps.py does it.

    python make_generation.py [--check] [--out FOLDER] [NAME ...]     (see reference.py)

The step is that of PyTorch's DCGAN example: the discriminator on real pictures and on generated ones, apart, then the
generator on the same latent numbers. With labels there is a number for each behind the latent ones, LABEL for the
picture's own and 0 for the others, and planes of 1 and 0 behind the picture.
"""
import copy
import torch
from torch import nn, optim
from torch.nn import functional as F
from make_steps import BETAS, RATE, eight_bits, worst_weight_drift
from networks import Discriminator, Generator, normal
from reference import main

LOSSES = ["G_GAN", "D_real", "D_fake"]
LATENT, SIDE, BATCH, BATCHES = 12, 32, 6, 3
LABEL = 10.0


def vanilla(smoothing=0.0):
    entropy = F.binary_cross_entropy_with_logits
    return (lambda p: entropy(p, torch.ones_like(p)), lambda p: entropy(p, torch.full_like(p, 1 - smoothing)),
            lambda p: entropy(p, torch.zeros_like(p)))


def minimax():
    entropy = F.binary_cross_entropy_with_logits
    return (lambda p: -entropy(p, torch.zeros_like(p)), *vanilla()[1:])


def hinge():
    return lambda p: -p.mean(), lambda p: F.relu(1 - p).mean(), lambda p: F.relu(1 + p).mean()


def wasserstein():
    return lambda p: -p.mean(), lambda p: -p.mean(), lambda p: p.mean()


class Run:
    """Two networks, and how they are trained: losses of generator, real and generated pictures; critic steps; clipping."""

    def __init__(self, networks, losses, labels, critic_steps=1, clip=None):
        self.G, self.D, self.labels = networks["G"], networks["D"], labels
        self.for_G, self.for_D = (optim.Adam(n.parameters(), RATE, BETAS) for n in (self.G, self.D))
        self.losses, self.critic_steps, self.clip, self.done = losses, critic_steps, clip, 0

    def judge(self, pictures, label):
        if not self.labels:
            return self.D(pictures)
        planes = F.one_hot(label, self.labels).to(pictures.dtype)[:, :, None, None].expand(-1, -1, SIDE, SIDE)
        return self.D(torch.cat((pictures, planes), 1))

    def step(self, real, latent, label):
        for_generator, for_real, for_fake = self.losses
        if self.labels:
            latent = torch.cat((latent, LABEL * F.one_hot(label, self.labels).to(latent.dtype)[:, :, None, None]), 1)
        fake = self.G(latent)
        self.for_D.zero_grad()
        no = self.judge(fake.detach(), label)
        D_fake = for_fake(no)
        D_real = for_real(self.judge(real, label))
        (D_real + D_fake).backward()
        self.for_D.step()
        if self.clip:
            for parameter in self.D.parameters():
                parameter.data.clamp_(-self.clip, self.clip)
        self.done += 1
        if self.done % self.critic_steps:
            # What the generator would lose by what the discriminator has said before its step.
            return [for_generator(no), D_real, D_fake]
        self.for_G.zero_grad()
        G_GAN = for_generator(self.judge(fake, label))
        G_GAN.backward()
        self.for_G.step()
        return [G_GAN, D_real, D_fake]


def walk(run, batches, latents, labels, steps):
    rows = [run.step(batches[i % BATCHES], latents[i], labels[i % BATCHES]) for i in range(steps)]
    return torch.stack([torch.stack(row) for row in rows]).detach()


def pictures():
    return eight_bits(F.interpolate(torch.randn(BATCH, 3, 8, 8), SIDE, mode="bicubic").clamp(-1, 1))


def maker(losses, steps=6, labels=0, norm="batch", **how):
    def make(reference):
        networks = {
            "G": reference.load("start/G.", normal(Generator(LATENT + labels, 8, 3, "batch"), 0.02)),
            "D": reference.load("start/D.", normal(Discriminator(3 + labels, 8, 3, norm), 0.02))}
        batches = [eight_bits(reference.given(f"real.{i}", pictures)) for i in range(BATCHES)]
        latents = [reference.given(f"latent.{i}", lambda: torch.randn(BATCH, LATENT, 1, 1)) for i in range(steps)]
        # Every label occurs in a batch, in another order in the next.
        places = [(torch.arange(BATCH) * (i + 1) + i) % labels if labels else None for i in range(BATCHES)]
        single = {name: copy.deepcopy(network).float() for name, network in networks.items()}
        rounded = walk(Run(single, losses, labels, **how), [b.float() for b in batches], [l.float() for l in latents],
                       places, steps)
        reference.found("losses_float32", rounded, tolerance=2e-2)
        reference.found("losses_float64", walk(Run(networks, losses, labels, **how), batches, latents, places, steps))
        for name, network in networks.items():
            for key, value in network.state_dict().items():
                if not key.endswith("num_batches_tracked"):
                    reference.found(f"end/{name}.{key}", value)
        reference.metadata = {"steps": str(steps), "losses": ",".join(LOSSES)}
        key = "worst_weight_drift_float32_vs_float64"
        measured = worst_weight_drift(networks, single)
        print("  " + key, measured)
        reference.metadata[key] = reference.stored_metadata[key] if reference.check else str(measured)

    return make


FILES = {
    "steps_dcgan": maker(vanilla()),
    "steps_dcgan_labels": maker(vanilla(smoothing=0.1), labels=3),
    "steps_dcgan_minimax": maker(minimax()),
    "steps_dcgan_hinge": maker(hinge(), labels=2, norm="none"),
    "steps_dcgan_wgan": maker(wasserstein(), steps=7, critic_steps=3, clip=0.01),
}

if __name__ == "__main__":
    main(FILES)
