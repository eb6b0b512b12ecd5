"""Makes or checks schedules.json: the factors of the learning rate in epochs 1 to 10, by PyTorch's schedulers.

    python make_schedules.py [--check]
"""
import json, pathlib, sys
import torch
from torch.optim import lr_scheduler

SCHEDULES = {
    # The public rule counts epochs from 1 and divides by one more than the epochs of decay: none trains at 0.
    "linear_5_constant_5_decay": lambda o: lr_scheduler.LambdaLR(o, lambda i: 1 - max(0, i + 1 - 5) / (5 + 1)),
    "step_every_4_gamma_0.1": lambda o: lr_scheduler.StepLR(o, step_size=4, gamma=0.1),
    "cosine_tmax_10": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10, eta_min=0),
}


def factors(make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, found = make(optimizer), []
    for _ in range(10):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


path = pathlib.Path(__file__).parent / "schedules.json"
made = {name: factors(make) for name, make in SCHEDULES.items()}
if "--check" in sys.argv[1:]:
    stored = json.loads(path.read_text())
    assert made.keys() == stored.keys()
    worst = max(abs(a - b) for name in made for a, b in zip(made[name], stored[name], strict=True))
    print(f"{path.name}: {len(made)} schedules, largest difference {worst:.1e}")
    sys.exit(0 if worst < 1e-14 else 1)
path.write_text(json.dumps(made, indent=1))
