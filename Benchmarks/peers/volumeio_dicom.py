"""Rows of VolumeIO for DICOM: series in several transfer syntaxes, and header scans."""

from pathlib import Path

import dcmtk
from bench import Unavailable, Work


def _dataset(rows, columns, index, series, pixels):
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = f"2.25.{series}.{index + 1}"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.Modality, d.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.PatientName, d.PatientID, d.Manufacturer = "Bench^Mark", "0", "none"
    d.StudyInstanceUID, d.SeriesInstanceUID = "2.25.7", f"2.25.7.{series}"
    d.FrameOfReferenceUID, d.SeriesNumber, d.InstanceNumber = "2.25.8", series, index + 1
    d.KVP, d.SliceThickness, d.GantryDetectorTilt = 120, 1, 0
    d.ImagePositionPatient, d.ImageOrientationPatient = [-125, -125, index], [1, 0, 0, 0, 1, 0]
    for k in range(60):
        d.add_new((0x0009, 0x1000 + k), "LO", f"a private value {k}")
    d.add_new((0x0009, 0x0010), "LO", "BENCH")
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.Rows, d.Columns, d.PixelSpacing = rows, columns, [0.5, 0.5]
    d.BitsAllocated = d.BitsStored = 16
    d.HighBit, d.PixelRepresentation = 15, 1
    d.WindowCenter, d.WindowWidth, d.RescaleIntercept, d.RescaleSlope = 40, 400, 0, 1
    d.PixelData = pixels
    return d


def _slices(depth):
    import numpy as np

    r = np.random.default_rng(5)
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    for k in range(depth):
        body = (x / 0.75) ** 2 + (y / 0.9) ** 2 < 1 - 0.3 * abs(k / depth - 0.5)
        tissue = 40 + 30 * np.sin(9 * x + k / 9) * np.cos(7 * y) + r.normal(0, 9, x.shape)
        bone = ((x / 0.7) ** 2 + (y / 0.85) ** 2 > 0.9) & body
        picture = np.where(body, tissue, -1000.0)
        yield np.where(bone, 900 + r.normal(0, 60, x.shape), picture).astype(np.int16)


def works(ctx):
    depth = 60 if ctx.quick else 300
    files = 1000 if ctx.quick else 10000
    plain, headers = ctx.data / "ct-explicit", ctx.data / "headers"
    kinds = {
        "deflated": ("1.2.840.10008.1.2.1.99", None),
        "RLE": ("1.2.840.10008.1.2.5", {"DCMTK": 2.0}),
    }

    def write_plain():
        if plain.exists():
            return
        plain.mkdir(parents=True)
        for k, picture in enumerate(_slices(depth)):
            d = _dataset(512, 512, k, 1, picture.tobytes())
            d.save_as(plain / f"{k:05d}.dcm", enforce_file_format=True)

    def write_headers():
        if headers.exists():
            return
        headers.mkdir(parents=True)
        for k in range(files):
            d = _dataset(32, 32, k % 200, 2 + k // 200, b"\0" * 2048)
            d.save_as(headers / f"{k:05d}.dcm", enforce_file_format=True)

    def write_kind(folder, uid):
        def run():
            import pydicom

            write_plain()
            if folder.exists():
                return
            folder.mkdir(parents=True)
            for path in sorted(plain.iterdir())[: depth // 5]:
                d = pydicom.dcmread(path)
                if uid.endswith(".99"):
                    d.file_meta.TransferSyntaxUID = uid
                else:
                    d.compress(uid, generate_instance_uid=False)
                d.save_as(folder / path.name, enforce_file_format=True)

        return run

    def pydicom_series(folder):
        def run():
            import pydicom

            # All slices are kept, as a volume keeps them.
            [pydicom.dcmread(path).pixel_array for path in sorted(folder.iterdir())]

        return run

    def sitk_series(folder):
        def run():
            import SimpleITK

            names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
            reader = SimpleITK.ImageSeriesReader()
            reader.SetFileNames(names)
            SimpleITK.GetArrayViewFromImage(reader.Execute())

        return run

    def gdcm_series(folder, decodes=True):
        def run():
            try:
                import gdcm
            except ImportError as error:
                raise Unavailable(str(error))
            kept = []
            for path in sorted(folder.iterdir()):
                reader = gdcm.ImageReader()
                reader.SetFileName(str(path))
                reader.Read()
                # Native pixels are read with the file; the binding would make a text of them.
                kept.append(reader.GetImage().GetBuffer() if decodes else reader)

        return run

    def pydicom_headers():
        import pydicom

        for path in sorted(headers.iterdir()):
            pydicom.dcmread(path, stop_before_pixels=True)

    yield Work(
        "DICOM series, uncompressed, 512² slices, one thread",
        f"series\t{plain}\tserial",
        {
            "pydicom": pydicom_series(plain),
            "SimpleITK": sitk_series(plain),
            "GDCM": gdcm_series(plain, decodes=False),
            "DCMTK": dcmtk.frames(ctx.data, plain),
        },
        target={"pydicom": 5, "SimpleITK": 8, "GDCM": 1, "DCMTK": 1},
        setup=write_plain,
        amount=depth,
        unit="slices",
    )
    for name, (uid, target) in kinds.items():
        folder = ctx.data / f"ct-{name}"
        yield Work(
            f"DICOM series, {name}, 512² slices, one thread",
            f"series\t{folder}\tserial",
            {
                "pydicom": pydicom_series(folder), "GDCM": gdcm_series(folder),
                "DCMTK": dcmtk.frames(ctx.data, folder),
            },
            target=target,
            setup=write_kind(folder, uid),
            amount=depth // 5,
            unit="slices",
            rounds=3,
        )
    yield Work(
        f"DICOM headers of {files} files, sorted into series",
        f"headers\t{headers}",
        {"pydicom": pydicom_headers},
        target=10,
        setup=write_headers,
        amount=files,
        unit="files",
        rounds=3,
    )
