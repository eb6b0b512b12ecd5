"""Makes or checks steps_*.safetensors: whole training steps of the public code, in both precisions.

    python make_steps.py [--check] [--out FOLDER] [NAME ...]     (see reference.py)
    python make_steps.py --drift SEEDS NAME                      how far rounding carries the losses: see `drift`

Small networks walk some steps from one start, in double and in single precision: the distance between the two is how far
rounding errors alone carry a run. Stored are start and end (of double precision), images and the losses of every step.
"""
import copy, itertools, pathlib, sys
import torch
from torch import nn, optim
from enlargers import MSRResNet, RRDBNet, random_weights
from networks import Patch, ResNet, UNet, normal
from reference import Reference, main

RATE, BETAS, ENLARGE_BETAS = 2e-4, (0.5, 0.999), (0.9, 0.999)
PIX2PIX_LOSSES = ["G_GAN", "G_L1", "D_real", "D_fake"]
ENLARGE_LOSSES = ["G_L1"]
ENLARGE_GAN_LOSSES = ["G_L1", "G_GAN", "D_real", "D_fake"]
CYCLEGAN_LOSSES = ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"]


def adam(*networks, betas=BETAS):
    return optim.Adam(itertools.chain(*(n.parameters() for n in networks)), RATE, betas)


def require_gradients(networks, needed):
    for network in networks:
        network.requires_grad_(needed)


def pix2pix(networks):
    """The discriminator first, then the generator."""
    G, D = networks["G"], networks["D"]
    for_G, for_D = adam(G), adam(D)
    adversarial, absolute = nn.BCEWithLogitsLoss(), nn.L1Loss()

    def step(A, B):
        fake = G(A)
        D.requires_grad_(True)
        for_D.zero_grad()
        no = D(torch.cat((A, fake), 1).detach())
        D_fake = adversarial(no, torch.zeros_like(no))
        yes = D(torch.cat((A, B), 1))
        D_real = adversarial(yes, torch.ones_like(yes))
        ((D_fake + D_real) * 0.5).backward()
        for_D.step()
        D.requires_grad_(False)
        for_G.zero_grad()
        judged = D(torch.cat((A, fake), 1))
        G_GAN, G_L1 = adversarial(judged, torch.ones_like(judged)), absolute(fake, B) * 100
        (G_GAN + G_L1).backward()
        for_G.step()
        return [G_GAN, G_L1, D_real, D_fake]

    return step


def cyclegan(networks):
    """The generators first, then the discriminators; least squares, identity loss 0.5, no pool of images."""
    G_A, G_B, D_A, D_B = (networks[name] for name in ("G_A", "G_B", "D_A", "D_B"))
    for_G, for_D = adam(G_A, G_B), adam(D_A, D_B)
    squares, absolute = nn.MSELoss(), nn.L1Loss()
    real = lambda judged: squares(judged, torch.ones_like(judged))

    def step(A, B):
        fake_B = G_A(A)
        back_A = G_B(fake_B)
        fake_A = G_B(B)
        back_B = G_A(fake_A)
        require_gradients([D_A, D_B], False)
        for_G.zero_grad()
        idt_A, idt_B = absolute(G_A(B), B) * 10 * 0.5, absolute(G_B(A), A) * 10 * 0.5
        adversarial_A, adversarial_B = real(D_A(fake_B)), real(D_B(fake_A))
        cycle_A, cycle_B = absolute(back_A, A) * 10, absolute(back_B, B) * 10
        (adversarial_A + adversarial_B + cycle_A + cycle_B + idt_A + idt_B).backward()
        for_G.step()
        require_gradients([D_A, D_B], True)
        for_D.zero_grad()
        judged = []
        for D, image, fake in ((D_A, B, fake_B), (D_B, A, fake_A)):
            no = D(fake.detach())
            judged.append((real(D(image)) + squares(no, torch.zeros_like(no))) * 0.5)
            judged[-1].backward()
        for_D.step()
        return [judged[0], adversarial_A, cycle_A, idt_A, judged[1], adversarial_B, cycle_B, idt_B]

    return step


def enlarge(networks):
    """The L1 loss alone, on values from 0 to 1."""
    G = networks["G"]
    for_G = adam(G, betas=ENLARGE_BETAS)

    def step(A, B):
        for_G.zero_grad()
        G_L1 = nn.functional.l1_loss(G((A + 1) / 2), (B + 1) / 2)
        G_L1.backward()
        for_G.step()
        return [G_L1]

    return step


def enlarge_gan(networks):
    """The discriminator first, then the generator with the L1 loss and 0.005 of the adversarial one."""
    G, D = networks["G"], networks["D"]
    for_G, for_D = adam(G, betas=ENLARGE_BETAS), adam(D, betas=ENLARGE_BETAS)
    adversarial = nn.BCEWithLogitsLoss()

    def step(A, B):
        sharp, output = (B + 1) / 2, G((A + 1) / 2)
        D.requires_grad_(True)
        for_D.zero_grad()
        no, yes = D(output.detach()), D(sharp)
        D_fake, D_real = adversarial(no, torch.zeros_like(no)), adversarial(yes, torch.ones_like(yes))
        ((D_fake + D_real) * 0.5).backward()
        for_D.step()
        D.requires_grad_(False)
        for_G.zero_grad()
        judged = D(output)
        G_GAN, G_L1 = 0.005 * adversarial(judged, torch.ones_like(judged)), nn.functional.l1_loss(output, sharp)
        (G_GAN + G_L1).backward()
        for_G.step()
        return [G_L1, G_GAN, D_real, D_fake]

    return step


def walk(kind, networks, images, steps):
    """The losses of every step, [steps][losses]; the networks end where the last step leaves them."""
    step = kind(networks)
    return torch.stack([torch.stack(step(*(side[i % len(side)] for side in images))).detach() for i in range(steps)])


def worst_weight_drift(networks, others):
    """The largest relative distance of two convolutions' weights."""
    pairs = [(w, other) for name in networks
             for w, other in zip(networks[name].parameters(), others[name].parameters()) if w.dim() == 4]
    return max(float(((other.double() - w).norm() / w.norm()).detach()) for w, other in pairs)


def pictures(side, width=64):
    """Flat patches for A, smooth ones for B."""
    smooth = nn.functional.interpolate(torch.randn(1, 3, 8, 8), width, mode="bicubic" if side == "B" else "nearest")
    return eight_bits(smooth.clamp(-1, 1))


def eight_bits(image):
    """The samples of 8 bits, in -1 ... 1: what the file rounded to float32 is exact again."""
    return (image * 127.5 + 127.5).round() / 127.5 - 1


def start(kind, reference):
    make = {
        pix2pix: {"G": lambda: UNet(6, 8, "batch"), "D": lambda: Patch(6, 8, 3, "batch")},
        cyclegan: {f"{name}_{side}": make for name, make in (
            ("G", lambda: ResNet(6, 8, "instance")), ("D", lambda: Patch(3, 8, 3, "instance"))) for side in "AB"},
        enlarge: {"G": lambda: MSRResNet(8, 2, 2)},
        enlarge_gan: {"G": lambda: RRDBNet(8, 1, 4, 4), "D": lambda: Patch(3, 8, 2, "batch")},
    }[kind]
    enlarges = kind in (enlarge, enlarge_gan)
    draw = lambda network, name: (
        random_weights(network) if enlarges and name == "G" else normal(network, 0.02)).requires_grad_(False)
    networks = {name: reference.load(f"start/{name}.", draw(make[name](), name)).requires_grad_() for name in make}
    widths = {enlarge: {"A": 16, "B": 32}, enlarge_gan: {"A": 12, "B": 48}}.get(kind, {"A": 64, "B": 64})
    images = [[eight_bits(reference.given(f"{side}.{i}", lambda: pictures(side, widths[side]))) for i in range(4)]
              for side in "AB"]
    return networks, images


def maker(kind, names, steps):
    def make(reference):
        networks, images = start(kind, reference)
        single = {name: copy.deepcopy(network).float() for name, network in networks.items()}
        losses = walk(kind, single, [[image.float() for image in side] for side in images], steps)
        # Other processors and numbers of threads round otherwise, and adversarial training amplifies that.
        reference.found("losses_float32", losses, tolerance=2e-2)
        reference.found("losses_float64", walk(kind, networks, images, steps))
        for name, network in networks.items():
            for key, value in network.state_dict().items():
                if not key.endswith("num_batches_tracked"):
                    reference.found(f"end/{name}.{key}", value)
        reference.metadata = {"steps": str(steps), "losses": ",".join(names)}
        key = "worst_weight_drift_float32_vs_float64"
        measured = worst_weight_drift(networks, single)
        print("  " + key, measured)
        reference.metadata[key] = reference.stored_metadata[key] if reference.check else str(measured)

    return make


def drift(kind, names, steps, path, seeds):
    """How far rounding carries the losses: single precision, in both memory layouts, from start weights that are off by
    6e-8, as far as rounding to single precision moves them. Prints the largest relative change of each step and loss."""
    reference = Reference(path, True)
    networks, images = start(kind, reference)
    exact = walk(kind, copy.deepcopy(networks), images, steps)
    largest = torch.zeros_like(exact)
    for seed in range(seeds):
        for layout in (torch.contiguous_format, torch.channels_last):
            torch.manual_seed(seed)
            noisy = copy.deepcopy(networks)
            for weight in itertools.chain(*(network.parameters() for network in noisy.values())):
                weight.data *= 1 + 6e-8 * torch.randn_like(weight) * (seed > 0)
            single = {name: network.float().to(memory_format=layout) for name, network in noisy.items()}
            sides = [[image.float().to(memory_format=layout) for image in side] for side in images]
            largest = torch.maximum(largest, (walk(kind, single, sides, steps) / exact - 1).abs())
    print("step " + " ".join(f"{name:>8}" for name in names))
    for i, row in enumerate(largest):
        print(f"{i + 1:4} " + " ".join(f"{value:8.1e}" for value in row.tolist()))


FILES = {
    "steps_pix2pix": (pix2pix, PIX2PIX_LOSSES, 20),
    "steps_cyclegan": (cyclegan, CYCLEGAN_LOSSES, 10),
    "steps_enlarge": (enlarge, ENLARGE_LOSSES, 20),
    "steps_enlarge_gan": (enlarge_gan, ENLARGE_GAN_LOSSES, 10),
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--drift"]:
        torch.set_default_dtype(torch.float64)
        here = pathlib.Path(__file__).parent
        drift(*FILES[sys.argv[3]], here / f"{sys.argv[3]}.safetensors", int(sys.argv[2]))
    else:
        main({name: maker(*settings) for name, settings in FILES.items()})
