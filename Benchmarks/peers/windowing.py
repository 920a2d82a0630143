"""Windowing and PNG against numpy, MONAI's arithmetic, pydicom, Pillow and OpenCV.

Inputs: real CT from ../shared/data (dcm_qa_ct/In/GE) where it is there, otherwise noise on discs.
"""

import io
import tempfile
from pathlib import Path

from bench import Ours, Unavailable, Work

SIDE = 512


def slices(ctx):
    """28 slices of int16 HU, real where the data are there."""
    import numpy as np

    if ctx.shared:
        try:
            import pydicom

            files = sorted((ctx.shared / "dcm_qa_ct/In/GE").glob("*.dcm"))
            read = [pydicom.dcmread(f) for f in files]
            read.sort(key=lambda d: float(d.ImagePositionPatient[2]))
            if read:
                return np.stack(
                    [
                        d.pixel_array * int(d.RescaleSlope) + int(d.RescaleIntercept)
                        for d in read
                    ]
                ).astype(np.int16)
        except ImportError:
            pass
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    radius = np.hypot(x, y * 1.2)
    head = np.where(radius < 200, 35, -1000) + np.where((radius > 200) & (radius < 215), 1200, 0)
    return np.stack([head + rng.normal(0, 8, head.shape) for _ in range(28)]).astype(np.int16)


def write_nrrd(path, volume):
    depth, height, width = volume.shape
    header = (
        f"NRRD0004\ntype: int16\ndimension: 3\nsizes: {width} {height} {depth}\n"
        "spacings: 0.5 0.5 5\nendian: little\nencoding: raw\n\n"
    )
    path.write_bytes(header.encode() + volume.astype("<i2").tobytes())


def window8(volume, center, width):
    import numpy as np

    y = ((volume.astype(np.float32) - np.float32(center - 0.5)) / np.float32(width - 1) + 0.5) * 255
    return np.clip(y + 0.5, 0, 255).astype(np.uint8)


def works(ctx):
    import numpy as np

    few = slices(ctx)
    count = 100 if ctx.quick else 300
    many = np.concatenate([few] * (count // len(few) + 1))[:count]
    many_path, few_path = ctx.data / "many.nrrd", ctx.data / "few.nrrd"
    write_nrrd(many_path, many)
    write_nrrd(few_path, few[::4])
    stack = many

    def numpy_float32():
        window8(stack, 40, 400)

    def monai():
        low, high = -160.0, 240.0
        x = stack.astype(np.float32)
        x = (x - low) / (high - low)
        np.clip(x, 0, 1, out=x)
        (x * 255).astype(np.uint8)

    def pydicom_windowing():
        try:
            from pydicom.dataset import Dataset
            from pydicom.pixels import apply_windowing
        except ImportError as error:
            raise Unavailable("pydicom") from error
        header = Dataset()
        header.WindowCenter, header.WindowWidth = 40, 400
        header.PhotometricInterpretation = "MONOCHROME2"
        header.BitsStored, header.PixelRepresentation = 16, 1
        header.RescaleSlope, header.RescaleIntercept = 1, 0
        y = apply_windowing(stack, header)
        ((y + 32768) / 65535 * 255 + 0.5).astype(np.uint8)

    reused = {}

    def numpy_reused():
        """The same arithmetic, every array there already."""
        if not reused:
            reused["y"] = np.empty(stack.shape, np.float32)
            reused["out"] = np.empty(stack.shape, np.uint8)
        y = reused["y"]
        np.subtract(stack, np.float32(39.5), out=y, casting="unsafe")
        y *= np.float32(255 / 399)
        y += np.float32(127.5 + 0.5)
        np.clip(y, 0, 255, out=y)
        np.copyto(reused["out"], y, casting="unsafe")

    for function in ["LINEAR", "LINEAR_EXACT", "SIGMOID"]:
        yield Work(
            f"the same into memory that is there, {function}",
            f"window-into\t{many_path}\tsoft-tissue\t{function}",
            {"numpy float32 with out=": numpy_reused},
            amount=many.nbytes, unit="B", rounds=11,
        )
    reused.clear()
    for function in ["LINEAR", "LINEAR_EXACT", "SIGMOID"]:
        yield Work(
            f"int16 to 8 bit, {function}, 512x512x{count}",
            f"window\t{many_path}\tsoft-tissue\t{function}",
            {"numpy float32": numpy_float32, "MONAI": monai, "pydicom": pydicom_windowing},
            target={"numpy float32": 9, "MONAI": 11, "pydicom": 10},
            amount=many.nbytes, unit="B", rounds=11,
        )

    def numpy_rgb():
        np.stack([window8(stack, *w) for w in [(40, 80), (80, 200), (600, 2800)]], -1)

    yield Work(
        f"three windows to RGB, 512x512x{count}", f"rgb\t{many_path}", {"numpy": numpy_rgb},
        amount=many.nbytes, unit="B", rounds=11,
    )
    yield Work(
        "the same into memory that is there, RGB", f"rgb-into\t{many_path}", {},
        amount=many.nbytes, unit="B", rounds=11,
    )

    # Files: one thread of ours is the peer of both, and Pillow for scale.
    folder = ctx.data / "series"
    folder.mkdir(exist_ok=True)
    brain = [window8(s, 40, 80) for s in few]

    def pillow_files():
        try:
            from PIL import Image
        except ImportError as error:
            raise Unavailable("pillow") from error
        new = Path(tempfile.mkdtemp(dir=folder))
        for number in range(count):
            Image.fromarray(brain[number % len(few)]).save(new / f"{number}.png")

    yield Work(
        f"{count} slices to {count} PNG files, both cores",
        f"series\t{many_path}\t{folder}\t2\t{count}",
        {
            "ours, one thread": Ours(f"series\t{many_path}\t{folder}\t1\t{count}"),
            "Pillow, one thread": pillow_files,
        },
        target={"ours, one thread": 1.9}, amount=count, unit="slices", rounds=11,
    )
    sample = few[::4]
    pictures = {
        "gray": [window8(s, 40, 80) for s in sample],
        "rgb": [
            np.stack([window8(s, *w) for w in [(40, 80), (80, 200), (600, 2800)]], -1)
            for s in sample
        ],
        "gray16": [np.clip(s.astype(np.int32) + 2048, 0, 65535).astype(np.uint16) for s in sample],
    }

    def pillow(kind, **options):
        from PIL import Image

        def run():
            for p in pictures[kind]:
                Image.fromarray(p).save(io.BytesIO(), "png", **options)

        return run

    def opencv(kind):
        def run():
            try:
                import cv2
            except ImportError as error:
                raise Unavailable("opencv") from error
            for p in pictures[kind]:
                cv2.imencode(".png", p[..., ::-1] if p.ndim == 3 else p)

        return run

    for kind in pictures:
        for effort, target in [("standard", 5), ("fast", 7.5)]:
            yield Work(
                f"PNG {kind}, {effort}", f"png\t{few_path}\t{kind}\t{effort}",
                {"Pillow": pillow(kind), "OpenCV": opencv(kind)},
                target={"Pillow": target},
                amount=sum(p.nbytes for p in pictures[kind]), unit="B", rounds=11,
            )

    # Sizes, reported as if they were seconds: the ratio is theirs to ours, 1 or more is no larger.
    def pillow_bytes(kind, **options):
        from PIL import Image

        def run():
            total = 0
            for p in pictures[kind]:
                out = io.BytesIO()
                Image.fromarray(p).save(out, "png", **options)
                total += len(out.getvalue())
            return float(total)

        return run

    def opencv_bytes(kind):
        def run():
            try:
                import cv2
            except ImportError as error:
                raise Unavailable("opencv") from error
            return float(
                sum(
                    len(cv2.imencode(".png", p[..., ::-1] if p.ndim == 3 else p)[1])
                    for p in pictures[kind]
                )
            )

        return run

    for kind in pictures:
        yield Work(
            f"PNG {kind}, standard: bytes", f"bytes\t{few_path}\t{kind}\tstandard",
            {"Pillow": pillow_bytes(kind)}, target=1, rounds=1,
        )
        yield Work(
            f"PNG {kind}, fast: bytes", f"bytes\t{few_path}\t{kind}\tfast",
            {"OpenCV": opencv_bytes(kind)}, target=1, rounds=1,
        )
        yield Work(
            f"PNG {kind}, small: bytes", f"bytes\t{few_path}\t{kind}\tsmall",
            {"Pillow optimize": pillow_bytes(kind, optimize=True)}, target=1, rounds=1,
        )
