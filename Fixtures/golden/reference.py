"""A file of reference numbers, made or checked: what all make_*.py beside it share.

    python make_layers.py [--check] [--out FOLDER] [NAME ...]

draws inputs and weights from a fixed seed, computes the rest from them in double precision and writes NAME.safetensors,
everything rounded to float32. With --check nothing is written: inputs and weights come from the file that is there, and
what is computed from them must be what it holds, name by name.
"""
import argparse, pathlib, sys
import torch
from safetensors import safe_open
from safetensors.torch import save_file

# Numbers are stored in float32, 6e-8 relative; what was computed in float32 too differs between machines by more.
TOLERANCE = 2e-7


class Reference:
    def __init__(self, path, check):
        self.path, self.check, self.tensors, self.metadata, self.loose = path, check, {}, {}, {}
        torch.manual_seed(1)
        if check:
            with safe_open(path, "pt") as file:
                self.stored = {name: file.get_tensor(name) for name in file.keys()}
                self.stored_metadata = file.metadata() or {}

    def given(self, name, draw):
        """An input: the stored one in a check, else what `draw` returns, rounded as the file rounds it."""
        self.tensors[name] = self.stored[name] if self.check else draw().float()
        return self.tensors[name].double()

    def load(self, prefix, network):
        """Gives a network its stored weights in a check; otherwise stores those that it has."""
        for key, value in network.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(self.given(prefix + key, lambda: value))
        return network

    def found(self, name, tensor, tolerance=TOLERANCE):
        """A result. `tolerance` is for what was computed in single precision."""
        self.tensors[name], self.loose[name] = tensor.detach().float().contiguous().clone(), tolerance

    def finish(self):
        """Writes the file or compares; whether all is well."""
        if not self.check:
            save_file({name: tensor.contiguous() for name, tensor in self.tensors.items()}, self.path, self.metadata)
            print(self.path.name, len(self.tensors), "tensors written")
            return True
        problems = sorted(f"{name} is only on one side" for name in self.tensors.keys() ^ self.stored.keys())
        if self.metadata != self.stored_metadata:
            problems.append(f"metadata: {self.metadata} instead of {self.stored_metadata}")
        worst = (0.0, "all equal")
        for name in self.tensors.keys() & self.stored.keys():
            a, b = self.tensors[name].double(), self.stored[name].double()
            # Rounding errors alone are left of gradients that are 0.
            error = float((a - b).norm() / b.norm().clamp_min(1e-2)) if a.shape == b.shape else float("inf")
            if error > self.loose.get(name, 0):
                problems.append(f"{name}: relative difference {error:.1e}")
            elif self.loose.get(name) == TOLERANCE:
                worst = max(worst, (error, name))
        print(f"{self.path.name}: {len(self.stored)} tensors, largest relative difference {worst[0]:.1e} ({worst[1]})")
        print("".join(f"  {problem}\n" for problem in problems), end="")
        return not problems


def main(makers):
    """`makers`: name of a file → function that fills a `Reference`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(makers))
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent, metavar="FOLDER")
    options = parser.parse_args()
    if unknown := set(options.names) - makers.keys():
        parser.error(f"no such file: {', '.join(sorted(unknown))}")
    torch.set_default_dtype(torch.float64)
    good = True
    for name in options.names or makers:
        reference = Reference(options.out / f"{name}.safetensors", options.check)
        makers[name](reference)
        good = reference.finish() and good
    sys.exit(0 if good else 1)
