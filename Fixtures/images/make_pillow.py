"""Makes or checks what is derived from the photos in pillow/: resizes and a grey picture by Pillow, metrics by scikit-image.

    python make_pillow.py [--check]          (needs pillow, numpy, scikit-image)

The photos themselves and the noisy one are inputs.
"""
import json, pathlib, sys
import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

folder = pathlib.Path(__file__).parent / "pillow"
FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
SIZES = {"photo_256x256": [(286, 286), (100, 60)], "photo_97x71": [(64, 128)]}


def pictures():
    for photo, sizes in SIZES.items():
        image = Image.open(folder / f"{photo}.png")
        for width, height in sizes:
            for name, kind in FILTERS.items():
                yield f"{photo}.{name}_{width}x{height}", image.resize((width, height), kind)
    yield "photo_256x256.grey", Image.open(folder / "photo_256x256.png").convert("L")


def metrics():
    a, b = (np.asarray(Image.open(folder / f"photo_256x256{kind}.png")) for kind in ("", ".noisy"))
    # The definition of Wang et al., 2004: Gaussian windows of 11 x 11, moments by the population.
    ssim = structural_similarity(
        a, b, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
    return {
        "pair": ["photo_256x256.png", "photo_256x256.noisy.png"],
        "mean_absolute_error_0_255": float(np.abs(a.astype(float) - b).mean()),
        "psnr_db": float(peak_signal_noise_ratio(a, b, data_range=255)),
        "ssim_gaussian_sigma1.5_11x11_per_channel_mean": float(ssim),
        "luma_note": "grey = Pillow convert(L): (299 R + 587 G + 114 B) / 1000, rounded as Pillow rounds"}


if "--check" not in sys.argv[1:]:
    for name, image in pictures():
        image.save(folder / f"{name}.png")
    (folder / "metrics.json").write_text(json.dumps(metrics(), indent=1))
    sys.exit()
differences = {
    name: int(np.abs(np.asarray(image).astype(int) - np.asarray(Image.open(folder / f"{name}.png"))).max())
    for name, image in pictures()}
stored = json.loads((folder / "metrics.json").read_text())
worst = max(abs(value / stored[name] - 1) for name, value in metrics().items() if isinstance(value, float))
print(f"{len(differences)} pictures, largest difference {max(differences.values())} grey levels; metrics {worst:.1e}")
sys.exit(0 if not any(differences.values()) and worst < 1e-12 else 1)
