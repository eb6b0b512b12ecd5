"""Writes lab.json: colours with their CIE L*a*b* and back, as scikit-image converts them (rgb2lab, lab2rgb; D65, 2°).

python3 make_lab.py, with numpy and scikit-image."""
import json
import os

import numpy
from skimage.color import lab2rgb, rgb2lab

random = numpy.random.default_rng(12)
corners = numpy.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)])
greys = numpy.repeat(numpy.array([1, 2, 9, 10, 11, 12, 118, 128, 254])[:, None], 3, axis=1)
rgb = numpy.concatenate([corners, greys, random.integers(0, 256, (64, 3))])
lab = rgb2lab(rgb[None] / 255.0)[0]
# Most of these are colours that a screen has, some are not.
other = numpy.concatenate([random.uniform(0, 100, (48, 1)), random.uniform(-90, 90, (48, 2))], axis=1)
other[:24, 1:] /= 4
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab.json")
with open(path, "w") as file:
    json.dump(
        {
            "rgb": rgb.tolist(),
            "lab": numpy.round(lab, 9).tolist(),
            "otherLab": numpy.round(other, 6).tolist(),
            "otherRGB": numpy.round(lab2rgb(numpy.round(other, 6)[None])[0], 9).tolist(),
        },
        file,
    )
    file.write("\n")
