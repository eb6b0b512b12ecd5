#!/usr/bin/env python3
"""What a training step over MPI should take: a model, for 10 and 100 Gbit/s and 2 to 64 machines.

A step of one machine takes `seconds` for a picture. For every network that it updates, each rank sends and receives
2 · 4 · P · (R − 1) / R bytes: gradients to who owns them, weights to all. They begin their way when the last backward pass
through the network is done with them, and the update is over before anything else begins, so that what is not hidden is

    max(0, bytes / bandwidth − that backward pass) + tail

where the tail is what the last bucket takes alone: twice its bytes and the latency of two messages. Every step has one round of
orders and reports beside it. Efficiency compares equal pictures: R machines with R pictures against one with one.

    model_ranks.py [--seconds-pix2pix S] [--seconds-cyclegan S]
"""

import argparse

LATENCY = 30e-6  # of a message between two machines over TCP, seconds
PART = 65_536 * 4  # bytes of a bucket that one rank owns (OwnedRanges.usualPart)
# Parameters of each network, and the share of a step that its last backward pass takes.
NETWORKS = {
    "pix2pix": [(54.41e6, 0.35), (2.77e6, 0.25)],
    "CycleGAN": [(11.38e6, 0.12), (11.38e6, 0.12), (2.76e6, 0.05), (2.76e6, 0.05)],
}
RATES = {"10 Gbit/s": 1.1e9, "100 Gbit/s": 10e9}  # bytes a second that a message sees


def step(networks, seconds, ranks, rate, images=1):
    """Seconds of a step with `images` pictures a rank, and bytes that each rank sends in it."""
    exposed, sent = 0.0, 0.0
    for count, share in networks:
        data = 2 * 4 * count * (ranks - 1) / ranks
        tail = 2 * PART * (ranks - 1) / rate + 2 * LATENCY
        exposed += max(0.0, data / rate - images * seconds * share) + tail
        sent += data
    orders = 2 * LATENCY + (ranks - 1) * 20e-6
    return images * seconds + exposed + orders, sent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds-pix2pix", type=float, default=0.2)
    parser.add_argument("--seconds-cyclegan", type=float, default=1.4)
    arguments = parser.parse_args()
    times = {"pix2pix": arguments.seconds_pix2pix, "CycleGAN": arguments.seconds_cyclegan}
    machines = [2, 4, 8, 16, 32, 64]
    print("| step, pictures a rank | MB sent | link | " + " | ".join(map(str, machines)) + " |")
    print("|---|---|---|" + "---|" * len(machines))
    for name, networks in NETWORKS.items():
        for images in [1, 4]:
            sent = step(networks, times[name], machines[-1], 1e9)[1] / 1e6
            for link, rate in RATES.items():
                shares = [images * times[name] / step(networks, times[name], n, rate, images)[0] for n in machines]
                cells = " | ".join(f"{100 * share:.0f} %" for share in shares)
                print(f"| {name}, {images} | {sent:.0f} | {link} | {cells} |")


if __name__ == "__main__":
    main()
