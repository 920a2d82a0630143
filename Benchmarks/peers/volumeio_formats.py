"""Rows of VolumeIO for NIfTI and the other files that are not DICOM."""

from pathlib import Path

from bench import Unavailable, Work


def _write(folder: Path, name: str, depth: int, seed=5):
    """A CT-like int16 volume: smooth structures, noise, air around."""
    import nibabel
    import numpy as np

    path = folder / name
    if path.exists():
        return path
    r = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    volume = np.empty((512, 512, depth), np.int16, order="F")
    for k in range(depth):
        body = (x / 0.75) ** 2 + (y / 0.9) ** 2 < 1 - 0.3 * abs(k / depth - 0.5)
        tissue = 40 + 30 * np.sin(9 * x + k / 9) * np.cos(7 * y) + r.normal(0, 9, x.shape)
        bone = ((x / 0.7) ** 2 + (y / 0.85) ** 2 > 0.9) & body
        slice_ = np.where(body, tissue, -1000 + r.normal(0, 2, x.shape) * (abs(x) < 0.95))
        volume[..., k] = np.where(bone, 900 + r.normal(0, 60, x.shape), slice_).T
    image = nibabel.Nifti1Image(volume, np.diag([0.5, 0.5, 1.0, 1.0]))
    image.header.set_slope_inter(1, -24)
    nibabel.save(image, path)
    return path


def _status(field):
    """A line of /proc/self/status in gigabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e9
    raise Unavailable(f"no {field}")


def works(ctx):
    depth = 60 if ctx.quick else 300
    gz, plain, big = (ctx.data / n for n in ("ct.nii.gz", "ct.nii", "gigabyte.nii"))
    amount = 512 * 512 * depth * 2 / 1e6

    def nib(path):
        def run():
            import nibabel
            import numpy as np

            nibabel.load(path).get_fdata(dtype=np.float32, caching="unchanged")

        return run

    def sitk(path):
        def run():
            import SimpleITK

            image = SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat32)
            SimpleITK.GetArrayViewFromImage(image)

        return run

    def zlib_alone():
        """zlib's own inflate of the same bytes, checks and all, into memory."""
        import time
        import zlib

        compressed = gz.read_bytes()
        start = time.perf_counter()
        zlib.decompress(compressed, 31, amount_bytes)
        return time.perf_counter() - start

    amount_bytes = 512 * 512 * depth * 2 + 352
    yield Work(
        ".nii.gz to float32", f"float32\t{gz}",
        {"nibabel": nib(gz), "SimpleITK": sitk(gz), "zlib inflate alone": zlib_alone},
        target={"nibabel": 1.6, "SimpleITK": 1.25, "zlib inflate alone": 0.92}, setup=lambda: _write(ctx.data, gz.name, depth),
        amount=amount, unit="MB")

    def peak():
        """What nibabel's process grew by at most, in gigabytes."""
        import gc

        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
        nib(gz)()
        return _status("VmHWM") - before

    yield Work(
        "most memory of .nii.gz to float32, GB, not seconds", f"peak\t{gz}", {"nibabel": peak},
        target=1.0, rounds=1)

    def cast():
        """A mapped file's numbers cast in one go: what memory allows."""
        import numpy as np

        np.memmap(plain, np.int16, "r", offset=352).astype(np.float32)

    yield Work(
        ".nii to float32", f"float32\t{plain}",
        {"nibabel": nib(plain), "SimpleITK": sitk(plain), "numpy's cast, mapped": cast}, target=1.0,
        setup=lambda: _write(ctx.data, plain.name, depth), amount=amount, unit="MB")

    def gigabyte():
        if not big.exists():
            head = _write(ctx.data, "small.nii", 4).read_bytes()[:352]
            with open(big, "wb") as f:
                f.write(head[:46] + (2048).to_bytes(2, "little") + head[48:])
                f.truncate(352 + 512 * 512 * 2048 * 2)

    def nib_slice():
        import nibabel
        import numpy as np

        np.asarray(nibabel.load(big).dataobj[..., 0])

    yield Work(
        "first slice of a 1 GB .nii", f"first-slice\t{big}",
        {"nibabel": nib_slice, "the limit of 5 ms": lambda: 0.005}, target=1.0,
        setup=gigabyte)
