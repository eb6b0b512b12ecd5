"""Measures this engine against PyTorch, ONNX Runtime and OpenVINO in one run and prints the ratios.

    PYTHON Benchmarks/compare.py [--rounds N] [--threads N] [--precision P] [--json FILE] [TASK ...]

PYTHON needs torch, for the apply tasks onnx, onnxruntime and openvino too, and for the start pillow; what is missing is
left out. The engine's programs are in .build/release unless --build says otherwise. Every measurement is a process of
its own, so that peak memory can be told apart; rivals take turns, and medians over all turns are compared, because the
speed of shared machines drifts. All use the same number of threads, and fp32 unless --precision says otherwise: bf16 or int8
compare networks that are applied with OpenVINO's own, int8 quantised and calibrated by nncf, which is needed too; bf16 compares
trainers with PyTorch's autocast and with this engine's own fp32 ("single").

pix2pix, pix2pix4, cyclegan   what both trainers do for one batch; no images are loaded on either side
labelled                      pix2pix with one of three labels beside the input
enlarge                       likewise: srresnet, 4 times, 8 crops of 128x128, L1 loss
dcgan                         likewise: a batch of 64 pictures of 64x64
unet, resnet                  the network alone, and "program": translate-cli apply on a folder of PNGs, decoding and
                              encoding included, per further image: (time of 61 images - time of 1) / 60
srresnet, rrdb, compact       the network alone, which enlarges 128x128 four times; as published, 64 channels
generate                      the generator of dcgan alone, 16 pictures at once
start                         from the command to the first PNG written, model of 218 MB: translate-cli apply, or Python
                              with PyTorch: import, load the .pth, read, run, write; each turn the median of three
"""
import argparse, glob, json, os, resource, statistics, subprocess, sys, tempfile, time

ENLARGERS = ["srresnet", "rrdb", "compact"]
TASKS = ["pix2pix", "pix2pix4", "labelled", "cyclegan", "enlarge", "dcgan", "unet", "resnet", *ENLARGERS, "generate", "start"]
APPLIED = ["unet", "resnet", *ENLARGERS]
TRAINERS = ["pix2pix", "pix2pix4", "labelled", "cyclegan", "enlarge", "dcgan"]
OTHERS = ["torch", "onnxruntime", "openvino"]
RIVALS = {task: ["torch"] for task in TASKS} | {task: ["program"] + OTHERS for task in ("unet", "resnet")}
RIVALS |= {task: OTHERS for task in [*ENLARGERS, "generate"]}
RUNS = {"pix2pix": 5, "pix2pix4": 2, "labelled": 5, "cyclegan": 1, "enlarge": 2, "unet": 21, "resnet": 5, "srresnet": 2, "rrdb": 1, "compact": 5}
RUNS |= {"dcgan": 2, "generate": 21}


# --- The networks as people have them -----------------------------------------------------------------------------
def unet(inputs=3):
    from torch import cat, nn

    class Level(nn.Module):
        def __init__(self, outer, inner, below=None, inputs=None, innermost=False, drops=False):
            super().__init__()
            outermost = inputs is not None
            down = nn.Conv2d(inputs or outer, inner, 4, 2, 1, bias=False)
            up = nn.ConvTranspose2d(inner if innermost else 2 * inner, outer, 4, 2, 1, bias=outermost)
            head = [] if outermost else [nn.LeakyReLU(0.2, True)]
            norm = [] if outermost or innermost else [nn.BatchNorm2d(inner)]
            tail = [nn.Tanh()] if outermost else [nn.BatchNorm2d(outer)]
            middle = [below] if below else []
            drop = [nn.Dropout(0.5)] if drops else []
            self.model = nn.Sequential(*head, down, *norm, *middle, nn.ReLU(True), up, *tail, *drop)
            self.outermost = outermost

        def forward(self, x):
            return self.model(x) if self.outermost else cat([x, self.model(x)], 1)

    level = Level(512, 512, innermost=True)
    for _ in range(3):
        level = Level(512, 512, level, drops=True)
    for outer in (256, 128, 64):
        level = Level(outer, 2 * outer, level)
    return Level(3, 64, level, inputs=inputs)


def resnet():
    from torch import nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(256, 256, 3), nn.InstanceNorm2d(256)]
            self.block = nn.Sequential(*half(), nn.ReLU(True), *half())

        def forward(self, x):
            return x + self.block(x)

    after = lambda n: [nn.InstanceNorm2d(n), nn.ReLU(True)]
    return nn.Sequential(
        nn.ReflectionPad2d(3), nn.Conv2d(3, 64, 7), *after(64),
        nn.Conv2d(64, 128, 3, 2, 1), *after(128), nn.Conv2d(128, 256, 3, 2, 1), *after(256),
        *[Residual() for _ in range(9)],
        nn.ConvTranspose2d(256, 128, 3, 2, 1, 1), *after(128), nn.ConvTranspose2d(128, 64, 3, 2, 1, 1), *after(64),
        nn.ReflectionPad2d(3), nn.Conv2d(64, 3, 7), nn.Tanh())


def enlarger(task):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures", "golden"))
    from enlargers import MSRResNet, RRDBNet, SRVGGNetCompact

    make = {
        "srresnet": lambda: MSRResNet(64, 16, 4), "rrdb": lambda: RRDBNet(64, 23, 32, 4),
        "compact": lambda: SRVGGNetCompact(64, 16, 4)}
    return make[task]()


def patch(inputs, norm):
    from torch import nn

    bias = norm is nn.InstanceNorm2d
    layers = [nn.Conv2d(inputs, 64, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for width, stride in ((128, 2), (256, 2), (512, 1)):
        layers += [nn.Conv2d(width // 2, width, 4, stride, 1, bias=bias), norm(width), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, 1, 1))


# --- One step as the public code does it --------------------------------------------------------------------------
def require_gradients(networks, needed):
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = needed


def pix2pix(batch, labels=0):
    import torch
    from torch import nn

    G, D = unet(3 + labels), patch(6 + labels, nn.BatchNorm2d)
    for_G, for_D = [torch.optim.Adam(n.parameters(), 2e-4, (0.5, 0.999)) for n in (G, D)]
    adversarial, absolute = nn.BCEWithLogitsLoss(), nn.L1Loss()
    A, B = [torch.rand(batch, 3, 256, 256) * 2 - 1 for _ in range(2)]
    if labels:
        planes = torch.zeros(batch, labels, 256, 256)
        planes[:, 0] = 1
        A = torch.cat((A, planes), 1)

    def step():
        fake = G(A)
        require_gradients([D], True)
        for_D.zero_grad()
        no, yes = D(torch.cat((A, fake), 1).detach()), D(torch.cat((A, B), 1))
        ((adversarial(no, torch.zeros_like(no)) + adversarial(yes, torch.ones_like(yes))) * 0.5).backward()
        for_D.step()
        require_gradients([D], False)
        for_G.zero_grad()
        judged = D(torch.cat((A, fake), 1))
        (adversarial(judged, torch.ones_like(judged)) + 100 * absolute(fake, B)).backward()
        for_G.step()

    return step


def cyclegan():
    import itertools, torch
    from torch import nn

    G_A, G_B = resnet(), resnet()
    D_A, D_B = patch(3, nn.InstanceNorm2d), patch(3, nn.InstanceNorm2d)
    for_G, for_D = [
        torch.optim.Adam(itertools.chain(a.parameters(), b.parameters()), 2e-4, (0.5, 0.999))
        for a, b in ((G_A, G_B), (D_A, D_B))]
    gan, l1 = nn.MSELoss(), nn.L1Loss()
    A, B = [torch.rand(1, 3, 256, 256) * 2 - 1 for _ in range(2)]
    ones = lambda x: torch.ones_like(x)

    def step():
        fake_B, fake_A = G_A(A), G_B(B)
        back_A, back_B = G_B(fake_B), G_A(fake_A)
        require_gradients([D_A, D_B], False)
        for_G.zero_grad()
        identity = (l1(G_A(B), B) + l1(G_B(A), A)) * 5
        yes_A, yes_B = D_A(fake_B), D_B(fake_A)
        cycle = (l1(back_A, A) + l1(back_B, B)) * 10
        (gan(yes_A, ones(yes_A)) + gan(yes_B, ones(yes_B)) + cycle + identity).backward()
        for_G.step()
        require_gradients([D_A, D_B], True)
        for_D.zero_grad()
        for D, real, fake in ((D_A, B, fake_B), (D_B, A, fake_A)):
            yes, no = D(real), D(fake.detach())
            ((gan(yes, ones(yes)) + gan(no, torch.zeros_like(no))) * 0.5).backward()
        for_D.step()

    return step


def enlarge():
    import torch
    from torch import nn

    G = enlarger("srresnet")
    for_G = torch.optim.Adam(G.parameters(), 2e-4, (0.9, 0.999))
    small, sharp = torch.rand(8, 3, 32, 32), torch.rand(8, 3, 128, 128)

    def step():
        for_G.zero_grad()
        nn.functional.l1_loss(G(small), sharp).backward()
        for_G.step()

    return step


def noise_networks():
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures", "golden"))
    from networks import Discriminator, Generator

    return Generator(100, 64, 4, "batch"), Discriminator(3, 64, 4, "batch")


def dcgan():
    """As in PyTorch's example."""
    import torch
    from torch import nn

    G, D = noise_networks()
    for_G, for_D = [torch.optim.Adam(n.parameters(), 2e-4, (0.5, 0.999)) for n in (G, D)]
    entropy = nn.BCEWithLogitsLoss()
    image = torch.rand(64, 3, 64, 64) * 2 - 1
    yes, no = torch.ones(64, 1, 1, 1), torch.zeros(64, 1, 1, 1)

    def step():
        for_D.zero_grad()
        entropy(D(image), yes).backward()
        fake = G(torch.randn(64, 100, 1, 1))
        entropy(D(fake.detach()), no).backward()
        for_D.step()
        for_G.zero_grad()
        D.requires_grad_(False)
        entropy(D(fake), yes).backward()
        D.requires_grad_(True)
        for_G.step()

    return step


def applied(task, rival, threads, precision):
    import torch

    torch.manual_seed(0)
    networks = {"unet": unet, "resnet": resnet, "generate": lambda: noise_networks()[0]}
    network = enlarger(task) if task in ENLARGERS else networks[task]()
    # Batch statistics of the image itself for pix2pix, as the public code applies it, where the rival can.
    network.train(task == "unet" and rival == "torch")
    side = 128 if task in ENLARGERS else 256
    image = torch.randn(16, 100, 1, 1) if task == "generate" else torch.rand(1, 3, side, side) * 2 - 1
    if rival == "torch":
        def run():
            with torch.inference_mode():
                network(image)
        return run
    if rival == "openvino":
        import openvino as ov

        model = ov.convert_model(network, example_input=image, input=list(image.shape))
        values = image.numpy()
        if precision == "int8":
            import nncf

            nncf.set_log_level("ERROR")
            drawn = [torch.rand_like(image).numpy() * 2 - 1 for _ in range(16)]
            model = nncf.quantize(model, nncf.Dataset(drawn), subset_size=len(drawn))
        hint = "bf16" if precision == "bf16" else "f32"
        compiled = ov.Core().compile_model(
            model, "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": hint})
        return lambda: compiled(values)
    import io, onnxruntime

    file = io.BytesIO()
    torch.onnx.export(network, (image,), file, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    values = {"x": image.numpy()}
    return lambda: session.run(None, values)


# --- Measuring ----------------------------------------------------------------------------------------------------
def work(task, rival, runs, threads, precision):
    """Runs in a process of its own: the median milliseconds of `runs` runs after one warm-up, and its peak memory."""
    import torch

    torch.set_num_threads(threads)
    if task in ("cyclegan", "enlarge", "dcgan"):
        run = {"cyclegan": cyclegan, "enlarge": enlarge, "dcgan": dcgan}[task]()
    elif task.startswith("pix2pix"):
        run = pix2pix(4 if task.endswith("4") else 1)
    elif task == "labelled":
        run = pix2pix(1, labels=3)
    else:
        run = applied(task, rival, threads, precision)
    if task in TRAINERS and precision == "bf16":
        step = run

        def run():
            with torch.autocast("cpu", dtype=torch.bfloat16):
                step()

    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
    print(json.dumps({"median": statistics.median(times), "peak": peak}))


def first_image(model, image, output, threads):
    """What a user of PyTorch does to translate one image."""
    import numpy, torch
    from PIL import Image

    torch.set_num_threads(threads)
    network = unet()
    numbers = torch.load(model, weights_only=True)
    network.load_state_dict({name.removeprefix("model."): value for name, value in numbers.items()})
    pixels = numpy.asarray(Image.open(image).convert("RGB"), dtype=numpy.float32) / 127.5 - 1
    with torch.inference_mode():
        result = network(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    Image.fromarray(((result + 1) * 127.5).round().clip(0, 255).astype(numpy.uint8)).save(output)


class Scene:
    """Models of the published sizes with drawn weights, and PNGs of 256x256, drawn at the first use."""

    def __init__(self, cli):
        self.cli, self.folder = cli, tempfile.TemporaryDirectory()
        place = self.path("pairs"), self.path("landscapes")
        self.run("demo-data", "paired", place[0], "--count", 4, "--quiet")
        self.run("demo-data", "unpaired", place[1], "--count", 61, "--quiet")
        self.run("train", "paired", place[0], "--out", self.path("unet"), "--steps", 1, "--quiet")
        self.run("train", "unpaired", place[1], "--out", self.path("resnet"), "--steps", 1, "--quiet")
        self.run("convert", self.path("unet"), self.path("unet.pth"))
        self.images = self.path("landscapes/trainA")
        self.image = sorted(glob.glob(self.images + "/*.png"))[0]

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run(self, *words):
        subprocess.run([self.cli] + [str(word) for word in words], check=True, capture_output=True)

    def seconds(self, *command):
        start = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        return time.perf_counter() - start

    def apply(self, task, source, threads, precision="f32"):
        return self.seconds(
            self.cli, "apply", self.path(task), source, "--out", self.path("out"), "--threads", threads,
            "--precision", precision, "--quiet")

    def measure(self, task, rival, threads, precision):
        if task != "start":
            one, all = [self.apply(task, source, threads, precision) for source in (self.image, self.images)]
            milliseconds = 1e3 * (all - one) / (len(glob.glob(self.images + "/*.png")) - 1)
        elif rival == "engine":
            milliseconds = 1e3 * statistics.median(self.apply("unet", self.image, threads) for _ in range(3))
        else:
            command = [self.path("unet.pth"), self.image, self.path("first.png"), threads]
            milliseconds = 1e3 * statistics.median(
                self.seconds(sys.executable, __file__, "--first", *command) for _ in range(3))
        return {"median": milliseconds, "peak": 0}


def measure(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(done.stdout[done.stdout.index("{") if "{" in done.stdout else 0:].rstrip().rstrip("]")), None


def compare(task, options):
    rivals = ["engine"] + RIVALS[task]
    if options.precision != "f32":
        rivals = [rival for rival in rivals if rival in ("engine", "program", "openvino")]
        rivals += ["single", "torch"] if task in TRAINERS else []
    results = {rival: [] for rival in rivals}
    for _ in range(options.rounds):
        for rival in list(results):
            if task == "start" or rival == "program":
                options.scene = options.scene or Scene(os.path.join(options.build, "translate-cli"))
                results[rival].append(options.scene.measure(task, rival, options.threads, options.precision))
                continue
            if rival in ("engine", "single"):
                command = [os.path.join(options.build, "translate-bench"), task, "--json", "--threads", options.threads, "--rounds", RUNS[task]]
                command += ["--precision", options.precision] if rival == "engine" and task in APPLIED + TRAINERS else []
            else:
                command = [
                    sys.executable, __file__, "--work", task, rival, RUNS[task], options.threads, options.precision]
            result, problem = measure([str(word) for word in command])
            if problem:
                print(f"{task}: {rival} is left out: {problem}", file=sys.stderr)
                del results[rival]
                continue
            if rival in ("engine", "single"):
                result = {"median": result["medianMilliseconds"], "peak": result["peakMegabytes"]}
            results[rival].append(result)
    return {
        rival: {key: statistics.median(turn[key] for turn in turns) for key in ("median", "peak")}
        for rival, turns in results.items()}


def main():
    if sys.argv[1:2] == ["--work"]:
        task, rival, runs, threads, precision = sys.argv[2:7]
        return work(task, rival, int(runs), int(threads), precision)
    if sys.argv[1:2] == ["--first"]:
        return first_image(*sys.argv[2:5], int(sys.argv[5]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=TASKS, metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each rival")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--precision", choices=["f32", "bf16", "int8"], default="f32")
    parser.add_argument("--build", default=".build/release", help="folder of translate-bench and translate-cli")
    parser.add_argument("--json", metavar="FILE", help="where all numbers are written too")
    options = parser.parse_args()
    options.scene = None
    can = APPLIED + (TRAINERS if options.precision == "bf16" else [])
    if options.precision != "f32" and not set(options.tasks) <= set(can):
        parser.error(f"--precision {options.precision} is for " + ", ".join(can))
    everything = {}
    print(f"{'task':10} {'rival':12} {'ms':>9} {'ratio':>6} {'MB':>7} {'ours/theirs':>11}")
    for task in options.tasks:
        results = everything[task] = compare(task, options)
        if "engine" not in results:
            continue
        ours = results["engine"]
        for rival, numbers in results.items():
            print(
                f"{task:10} {rival:12} {numbers['median']:9.1f} {numbers['median'] / ours['median']:6.2f}"
                + (f" {numbers['peak']:7.0f} {ours['peak'] / numbers['peak']:11.2f}" if numbers["peak"] else ""),
                flush=True)
        others = {rival: results[rival]["median"] for rival in OTHERS if rival in results}
        if "program" in results and others:
            fastest = min(others, key=others.get)
            ratio = others[fastest] / results["program"]["median"]
            print(f"{task:10} the whole program is {ratio:.2f} x as fast as the network alone in {fastest}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(everything, file, indent=2)


if __name__ == "__main__":
    main()
