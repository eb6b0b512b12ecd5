"""Writes kinds/*.png and kinds.json: one tiny PNG file per way of storing samples, and the samples it must decode to.

The files are put together from the format's specification (chunks, filters, Adam7), the expected samples by numpy;
Pillow decodes each as a second opinion where it follows the same rules. Needs numpy and pillow.
"""
import io, json, pathlib, struct, zlib
import numpy as np
from PIL import Image

folder = pathlib.Path(__file__).parent
random = np.random.default_rng(1)
WIDTH, HEIGHT = 11, 19
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(kind, row, above, pixel):
    """The bytes of a row as filter `kind` of section 9 stores them."""
    out = bytearray()
    for i, byte in enumerate(row):
        left = row[i - pixel] if i >= pixel else 0
        up = above[i]
        up_left = above[i - pixel] if i >= pixel else 0
        paeth = min((abs(up - up_left), 0, left), (abs(left - up_left), 1, up),
                    (abs(left + up - 2 * up_left), 2, up_left))[2]
        out.append((byte - (0, left, up, (left + up) // 2, paeth)[kind]) % 256)
    return bytes(out)


def rows(samples, depth):
    """The packed samples of each row of (H, W, C) behind a filter byte, the five filters in turn."""
    out = b""
    above = None
    pixel = max(1, samples.shape[2] * depth // 8)
    for number, row in enumerate(samples):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
            bits += "0" * (-len(bits) % 8)
            packed = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        kind = number % 5
        out += bytes([kind]) + filtered(kind, packed, above or bytes(len(packed)), pixel)
        above = packed
    return out


def png(samples, depth, colour, interlaced=False, before_data=b""):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
        raw = b"".join(rows(p, depth) for p in parts if p.size)
    else:
        raw = rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before_data + chunk(b"IDAT", zlib.compress(raw, 9))
            + chunk(b"IEND", b""))


def to_8_bits(samples, depth):
    return np.floor(samples.astype(np.float64) * 255 / (2 ** depth - 1) + 0.5).astype(np.uint8)


def draw(depth, colour):
    samples = random.integers(0, 2 ** depth, (HEIGHT, WIDTH, CHANNELS[colour]))
    samples[0, 0], samples[0, 1] = 0, 2 ** depth - 1
    if depth == 16:  # around the places where rounding to 8 bits changes
        samples[1] = np.array([128, 129, 385, 386, 65406, 65407, 32896, 32767, 32768, 0, 257])[:, None]
    return samples


expected = {}


def add(name, samples, depth, colour, pixels, alpha=None, pillow=None, **options):
    data = png(samples, depth, colour, **options)
    (folder / "kinds" / (name + ".png")).write_bytes(data)
    expected[name] = {
        "width": WIDTH, "height": HEIGHT, "bitDepth": depth, "channels": pixels.shape[2],
        "interlaced": options.get("interlaced", False), "pixels": pixels.reshape(-1).tolist(),
        "alpha": None if alpha is None else alpha.reshape(-1).tolist()}
    if depth == 16:  # as stored
        colours = pixels.shape[2]
        opacity = samples[:, :, -1] if samples.shape[2] > colours else None if alpha is None else alpha.astype(int) * 257
        expected[name]["pixels16"] = samples[:, :, :colours].reshape(-1).tolist()
        expected[name]["alpha16"] = None if opacity is None else opacity.reshape(-1).tolist()
    if pillow:
        whole = pixels if alpha is None else np.concatenate([pixels, alpha.reshape(HEIGHT, WIDTH, 1)], 2)
        seen = np.asarray(Image.open(io.BytesIO(data)).convert(pillow)).reshape(whole.shape)
        assert np.array_equal(seen, whole), name


for interlaced in (False, True):
    suffix = "_interlaced" if interlaced else ""
    for depth in (1, 2, 4, 8, 16):
        samples = draw(depth, GREY)
        add(f"grey{depth}{suffix}", samples, depth, GREY, to_8_bits(samples, depth),
            pillow=None if depth == 16 else "L", interlaced=interlaced)
    for depth in (8, 16):
        samples = draw(depth, GREY_ALPHA)
        eight = to_8_bits(samples, depth)
        add(f"grey_alpha{depth}{suffix}", samples, depth, GREY_ALPHA, eight[:, :, :1], eight[:, :, 1],
            pillow=None if depth == 16 else "LA", interlaced=interlaced)
        samples = draw(depth, RGB)
        add(f"rgb{depth}{suffix}", samples, depth, RGB, to_8_bits(samples, depth),
            pillow=None if depth == 16 else "RGB", interlaced=interlaced)
        samples = draw(depth, RGB_ALPHA)
        eight = to_8_bits(samples, depth)
        add(f"rgb_alpha{depth}{suffix}", samples, depth, RGB_ALPHA, eight[:, :, :3], eight[:, :, 3],
            pillow=None if depth == 16 else "RGBA", interlaced=interlaced)
    for depth in (1, 2, 4, 8):
        samples = draw(depth, PALETTE)
        palette = random.integers(0, 256, (2 ** depth, 3)).astype(np.uint8)
        plte = chunk(b"PLTE", palette.tobytes())
        add(f"palette{depth}{suffix}", samples, depth, PALETTE, palette[samples[:, :, 0]], pillow="RGB",
            interlaced=interlaced, before_data=plte)
        trns = random.integers(0, 256, max(1, 2 ** depth - 1)).astype(np.uint8)
        alpha = np.append(trns, [255] * (2 ** depth - len(trns))).astype(np.uint8)
        add(f"palette_alpha{depth}{suffix}", samples, depth, PALETTE, palette[samples[:, :, 0]],
            alpha[samples[:, :, 0]], pillow="RGBA", interlaced=interlaced, before_data=plte + chunk(b"tRNS", trns.tobytes()))

for depth in (1, 4, 8, 16):  # one grey level is transparent; of 16 bits all must agree
    samples = draw(depth, GREY)
    key = int(samples[4, 4, 0])
    samples[5, 5] = key ^ 1
    add(f"grey{depth}_key", samples, depth, GREY, to_8_bits(samples, depth),
        np.where(samples[:, :, 0] == key, 0, 255).astype(np.uint8), before_data=chunk(b"tRNS", struct.pack(">H", key)))
for depth, interlaced in ((8, False), (16, False), (8, True), (16, True)):
    samples = draw(depth, RGB)
    key = samples[4, 4].copy()
    samples[5, 5] = key
    samples[6, 6] = key ^ np.array([0, 0, 1])
    add(f"rgb{depth}_key" + ("_interlaced" if interlaced else ""), samples, depth, RGB, to_8_bits(samples, depth),
        np.where((samples == key).all(2), 0, 255).astype(np.uint8), interlaced=interlaced,
        before_data=chunk(b"tRNS", struct.pack(">HHH", *(int(v) for v in key))))

chromaticities = chunk(b"cHRM", struct.pack(">8I", 34570, 35850, 68000, 32000, 26500, 69000, 15000, 6000))
profile = chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(200)))
colour_chunks = {
    "linear": chunk(b"gAMA", struct.pack(">I", 100000)),
    "gamma10": chunk(b"gAMA", struct.pack(">I", 10000)) + chromaticities,
    "srgb": chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"sRGB", b"\0"),
    "profile": profile,
    "significant_bits": chunk(b"sBIT", b"\5\6\5"),
    "coding": chunk(b"cICP", bytes([9, 16, 0, 1])),
    "background": chunk(b"bKGD", struct.pack(">HHH", 9, 200, 40)),
    "text": chunk(b"tEXt", b"Title\0no pixels"),
}
for name, extra in colour_chunks.items():
    for depth in (8, 16):
        colour = RGB_ALPHA if name == "background" else RGB
        samples = draw(depth, colour)
        eight = to_8_bits(samples, depth)
        add(f"rgb{depth}_{name}", samples, depth, colour, eight[:, :, :3],
            eight[:, :, 3] if colour == RGB_ALPHA else None, before_data=extra)
for depth in (8, 16):
    samples = draw(depth, GREY)
    add(f"grey{depth}_linear", samples, depth, GREY, to_8_bits(samples, depth), before_data=colour_chunks["linear"])
    samples = draw(depth, GREY_ALPHA)
    eight = to_8_bits(samples, depth)
    add(f"grey_alpha{depth}_linear", samples, depth, GREY_ALPHA, eight[:, :, :1], eight[:, :, 1],
        before_data=colour_chunks["linear"])

(folder / "kinds.json").write_text(json.dumps(expected, separators=(",", ":")).replace("},", "},\n") + "\n")
print(len(expected), "files")
