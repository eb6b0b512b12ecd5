"""Checks the .onnx files here with onnx.checker and writes what ONNX Runtime computes with them beside them.

    python verify.py          (needs onnx, onnxruntime, numpy, safetensors)
"""

import pathlib

import numpy
import onnx
import onnxruntime
import safetensors.numpy

here = pathlib.Path(__file__).parent
for path in sorted(here.glob("*.onnx")):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    channels = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    if path.name.startswith(("srresnet", "rrdb", "compact")):
        height, width = 6, 8
    else:
        height, width = 32, 64 if path.name.startswith("unet") else 36
    scale = int({entry.key: entry.value for entry in model.metadata_props}.get("scale", 1))
    x = numpy.random.default_rng(7).uniform(-1, 1, (2, channels, height, width)).astype(numpy.float32)
    (y,) = session.run(["output"], {"input": x})
    assert y.shape[0] == 2 and y.shape[2:] == (scale * x.shape[2], scale * x.shape[3]) and y.std() > 0.05
    safetensors.numpy.save_file({"x": x, "y": y}, path.with_suffix(".reference.safetensors"))
    print(path.name, "std", y.std(), "opset", model.opset_import[0].version)
