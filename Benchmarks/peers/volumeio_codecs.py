"""Rows of VolumeIO for the codecs of DICOM: frames of 512² on one thread."""

import dcmtk
from bench import Unavailable, Work
from volumeio_dicom import _dataset, _slices

_BASE = "1.2.840.10008.1.2."


def _encoders():
    """Name -> transfer syntax, encoder of a slice, decoder of a codestream, bits."""
    import imagecodecs as ic
    import numpy as np

    def byte(a):
        return np.clip((a.astype(np.int32) + 1000) // 8, 0, 255).astype(np.uint8)

    def twelve(a):
        return np.clip(a.astype(np.int32) + 1024, 0, 4095).astype(np.uint16)

    def colour(a):
        b = byte(a)
        return np.stack([b, np.roll(b, 3, 0) // 2 + 60, 255 - np.roll(b, 5, 1)], -1)

    def one(b):
        return ic.jpeg2k_decode(b, numthreads=1)

    return {
        "JPEG lossless": (
            _BASE + "4.70", lambda a: ic.jpeg8_encode(twelve(a), lossless=True, predictor=1,
                                                      bitspersample=16),
            ic.jpeg8_decode, "libjpeg-turbo", 12, 1),
        "JPEG-LS": (_BASE + "4.80", lambda a: ic.jpegls_encode(twelve(a)), ic.jpegls_decode,
                    "CharLS", 12, 1),
        "JPEG baseline, grey": (
            _BASE + "4.50", lambda a: ic.jpeg8_encode(byte(a), level=90), ic.jpeg8_decode,
            "libjpeg-turbo", 8, 1),
        "JPEG baseline, colour 4:2:0": (
            _BASE + "4.50", lambda a: ic.jpeg8_encode(colour(a), level=90, subsampling="420"),
            ic.jpeg8_decode, "libjpeg-turbo", 8, 3),
        "JPEG baseline, colour 4:4:4": (
            _BASE + "4.50", lambda a: ic.jpeg8_encode(colour(a), level=90, subsampling="444"),
            ic.jpeg8_decode, "libjpeg-turbo", 8, 3),
        "JPEG extended, 12 bit": (
            _BASE + "4.51", lambda a: ic.jpeg8_encode(twelve(a), level=90, bitspersample=12),
            ic.jpeg8_decode, "libjpeg-turbo", 12, 1),
        "JPEG 2000 lossless": (
            _BASE + "4.90", lambda a: ic.jpeg2k_encode(twelve(a), level=0, reversible=True,
                                                       codecformat="j2k"),
            one, "OpenJPEG", 12, 1),
        "JPEG 2000 lossy": (
            _BASE + "4.91", lambda a: ic.jpeg2k_encode(twelve(a), level=75, reversible=False,
                                                       codecformat="j2k"),
            one, "OpenJPEG", 12, 1),
    }


_TARGETS = {
    "JPEG lossless": {"GDCM": 1.4},
    "JPEG-LS": {"pydicom": 1.0},
    "JPEG baseline, grey": {"libjpeg-turbo alone": 0.8},
    "JPEG baseline, colour 4:2:0": {"libjpeg-turbo alone": 0.8},
    "JPEG baseline, colour 4:4:4": {"libjpeg-turbo alone": 0.8},
    "JPEG extended, 12 bit": {"libjpeg-turbo alone": 0.8},
    "JPEG 2000 lossless": {"OpenJPEG alone": 0.7},
    "JPEG 2000 lossy": {"OpenJPEG alone": 0.7},
}

# What DCMTK decodes at all, and the ratio to reach.
_DCMTK = {
    "JPEG lossless": 1.4, "JPEG-LS": 1.0, "JPEG baseline, grey": None,
    "JPEG baseline, colour 4:2:0": None, "JPEG baseline, colour 4:4:4": None,
    "JPEG extended, 12 bit": None,
}


def works(ctx):
    depth = 12 if ctx.quick else 24

    def setup(name, folder):
        def run():
            if folder.exists():
                return
            import pydicom
            from pydicom.encaps import encapsulate

            uid, encode, _, _, bits, samples = _encoders()[name]
            folder.mkdir(parents=True)
            streams = [encode(a) for a in _slices(depth)]
            for k, stream in enumerate(streams):
                d = _dataset(512, 512, 0, 1, encapsulate([stream]))
                d.file_meta.TransferSyntaxUID = pydicom.uid.UID(uid)
                d.BitsAllocated = 8 if bits == 8 else 16
                d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits - 1, 0
                d.SamplesPerPixel = samples
                if samples == 3:
                    d.PhotometricInterpretation, d.PlanarConfiguration = "YBR_FULL_422", 0
                d["PixelData"].VR = "OB"
                d["PixelData"].is_undefined_length = True
                d.save_as(folder / f"{k:03d}.dcm", enforce_file_format=True)
            for k, stream in enumerate(streams):
                (folder / f"{k:03d}.stream").write_bytes(stream)

        return run

    def files(folder):
        return sorted(folder.glob("*.dcm"))

    def pydicom_frames(folder):
        def run():
            import pydicom
            from pydicom.pixels import pixel_array

            for path in files(folder):
                pixel_array(pydicom.dcmread(path), raw=True)

        return run

    def gdcm_frames(folder):
        def run():
            try:
                import gdcm
            except ImportError as error:
                raise Unavailable(str(error))
            for path in files(folder):
                reader = gdcm.ImageReader()
                reader.SetFileName(str(path))
                if not reader.Read():
                    raise Unavailable("cannot read it")
                reader.GetImage().GetBuffer()

        return run

    def alone(name, folder):
        def run():
            import time

            decode = _encoders()[name][2]
            streams = [p.read_bytes() for p in sorted(folder.glob("*.stream"))]
            start = time.perf_counter()
            for stream in streams:
                decode(stream)
            return time.perf_counter() - start

        return run

    libraries = {
        "JPEG lossless": "libjpeg-turbo", "JPEG-LS": "CharLS", "JPEG 2000 lossless": "OpenJPEG",
        "JPEG 2000 lossy": "OpenJPEG",
    }
    for name, targets in _TARGETS.items():
        folder = ctx.data / name.replace(" ", "-").replace(":", "").replace(",", "")
        library = libraries.get(name, "libjpeg-turbo")
        peers = {
            f"{library} alone": alone(name, folder), "pydicom": pydicom_frames(folder),
        }
        if "12 bit" not in name:  # which GDCM's package refuses
            peers["GDCM"] = gdcm_frames(folder)
        targets = dict(targets)
        if name in _DCMTK:
            peers["DCMTK"] = dcmtk.frames(ctx.data, folder)
            targets["DCMTK"] = _DCMTK[name]
        yield Work(
            f"{name}, {depth} frames of 512², one thread", f"frames\t{folder}", peers,
            target=targets, setup=setup(name, folder), amount=depth, unit="frames", rounds=9)
    for name in ("JPEG 2000 lossless", "JPEG 2000 lossy"):
        folder = ctx.data / name.replace(" ", "-")
        yield Work(
            f"{name}, {depth} frames of 512², all cores", f"frames-parallel\t{folder}",
            {"pydicom": pydicom_frames(folder)}, target=1.0, setup=setup(name, folder),
            amount=depth, unit="frames", rounds=9)
