"""Evaluation against the packages that a study would otherwise need."""

import time

from bench import Unavailable, Work

SMALL = ((40, 512, 512), (5.0, 0.45, 0.45))
LARGE = ((300, 512, 512), (1.0, 0.75, 0.75))


def blob(shape, spacing, centre, radii, seed):
    """A noisy ellipsoid: a lesion or an organ as a reader and a network would draw it."""
    import numpy as np
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    low = [max(0, int(c - 1.6 * r)) for c, r in zip(centre, radii)]
    high = [min(s, int(c + 1.6 * r) + 1) for s, c, r in zip(shape, centre, radii)]
    grids = np.ogrid[tuple(slice(a, b) for a, b in zip(low, high))]
    field = sum(((g - c) / r) ** 2 for g, c, r in zip(grids, centre, radii))
    noise = ndimage.gaussian_filter(rng.standard_normal(field.shape), 2.0 / np.array(spacing))
    field = field + 0.35 * noise / noise.std()
    out = np.zeros(shape, np.uint8)
    out[tuple(slice(a, b) for a, b in zip(low, high))] = field < 1
    return out


def pair(ctx, name, shape, spacing, centre, radii):
    import numpy as np

    made = {}

    def load():
        if made:
            return
        for k, shift in enumerate((0, 2)):
            path = ctx.data / f"{name}-{k}.raw"
            if not path.exists():
                c = [centre[0], centre[1] + shift, centre[2] + shift]
                blob(shape, spacing, c, radii, 11 + k).tofile(path)
            made[k] = np.fromfile(path, np.uint8).reshape(shape)

    return made, load


def join(*words):
    return "\t".join(str(w) for w in words)


def grid(shape, spacing):
    return "x".join(map(str, shape)), "x".join(map(str, spacing))


def surface_works(ctx):
    for name, (shape, spacing), centre, radii, targets in [
        ("lesion 512x512x40", SMALL, (20, 250, 260), (5, 55, 50),
         {"surface-distance": 3.5, "MONAI": 20}),
        ("organ 512x512x300", LARGE, (150, 256, 256), (85, 110, 130), {"MONAI": 7}),
    ]:
        made, load = pair(ctx, name.split()[0], shape, spacing, centre, radii)
        key = name.split()[0]
        paths = [ctx.data / f"{key}-{k}.raw" for k in (0, 1)]

        def deepmind(made=made, spacing=spacing):
            import surface_distance as sd

            p, r = made[0].astype(bool), made[1].astype(bool)
            start = time.perf_counter()
            d = sd.compute_surface_distances(r, p, spacing)
            sd.compute_robust_hausdorff(d, 95)
            sd.compute_average_surface_distance(d)
            for t in (1, 2, 3):
                sd.compute_surface_dice_at_tolerance(d, t)
            sd.compute_dice_coefficient(r, p)
            return time.perf_counter() - start

        def monai(made=made, spacing=spacing):
            import torch
            from monai.metrics import (compute_average_surface_distance, compute_dice,
                                       compute_hausdorff_distance, compute_surface_dice)

            torch.set_num_threads(1)
            p = torch.from_numpy(made[0])[None, None].float()
            r = torch.from_numpy(made[1])[None, None].float()
            start = time.perf_counter()
            compute_dice(p, r)
            compute_hausdorff_distance(p, r, include_background=True, percentile=95,
                                       spacing=spacing)
            compute_average_surface_distance(p, r, include_background=True, symmetric=True,
                                             spacing=spacing)
            for t in (1, 2, 3):
                compute_surface_dice(p, r, [t], include_background=True, spacing=spacing)
            return time.perf_counter() - start

        peers = {"surface-distance": deepmind, "MONAI": monai}
        if key == "organ":
            peers = {"MONAI": monai}
        yield Work(f"Dice, IoU, HD95, ASSD, NSD at 3 tolerances: {name}",
                   join("surfaces", *paths, *grid(shape, spacing)), peers, targets, load,
                   rounds=3)


def volume_works(ctx):
    shape, spacing = LARGE
    made, load = pair(ctx, "organ", shape, spacing, (150, 256, 256), (85, 110, 130))
    path = ctx.data / "organ-0.raw"

    def edt_peer():
        import edt

        a = made[0] == 0
        start = time.perf_counter()
        edt.edt(a, anisotropy=spacing, parallel=1)
        return time.perf_counter() - start

    def cc3d_peer():
        import cc3d

        start = time.perf_counter()
        cc3d.connected_components(made[0], connectivity=26)
        return time.perf_counter() - start

    yield Work("exact distance transform, 78.6 M voxels", join("edt", path, *grid(shape, spacing)),
               {"edt": edt_peer}, 1.0, load, rounds=3)
    yield Work("connected components (26), 78.6 M voxels",
               join("components", path, *grid(shape, spacing)), {"cc3d": cc3d_peer}, 1.0, load,
               rounds=3)


def number_works(ctx):
    import numpy as np

    rng = np.random.default_rng(5)
    truth = (rng.random(1_000_000) < 0.3).astype(float)
    scores = rng.standard_normal(1_000_000) + truth
    y = rng.choice(6, 2000, p=[.3, .25, .2, .12, .08, .05])
    p = np.where(rng.random(2000) < .7, y, rng.choice(6, 2000))

    def write():
        truth.tofile(ctx.data / "auc-truth.f64")
        scores.tofile(ctx.data / "auc-scores.f64")
        y.astype(float).tofile(ctx.data / "f1-truth.f64")
        p.astype(float).tofile(ctx.data / "f1-predictions.f64")

    def sklearn_auc():
        from sklearn.metrics import roc_auc_score

        start = time.perf_counter()
        roc_auc_score(truth, scores)
        return time.perf_counter() - start

    yield Work("AUC of 1,000,000 scores",
               join("auc", ctx.data / "auc-scores.f64", ctx.data / "auc-truth.f64"),
               {"scikit-learn": sklearn_auc}, 6, write)

    def sklearn_loop():
        # A hundredth of the resamples; the loop is linear in them.
        from sklearn.metrics import f1_score

        r = np.random.default_rng(1)
        start = time.perf_counter()
        for _ in range(100):
            i = r.integers(0, 2000, 2000)
            f1_score(y[i], p[i], labels=range(6), average="macro", zero_division=0)
        return (time.perf_counter() - start) * 100

    def vectorised():
        r = np.random.default_rng(1)
        start = time.perf_counter()
        cm = np.zeros((6, 6))
        np.add.at(cm, (y, p), 1)
        draws = r.multinomial(2000, cm.ravel() / 2000, 10_000).reshape(-1, 6, 6)
        tp = np.einsum("bii->bi", draws)
        d = draws.sum(1) + draws.sum(2)
        f = np.where(d > 0, 2 * tp / np.maximum(d, 1), 0).mean(1)
        np.quantile(f, [.025, .975])
        return time.perf_counter() - start

    def indexed():
        r = np.random.default_rng(1)
        start = time.perf_counter()
        flat = (6 * y + p).astype(np.int64)
        out = []
        for _ in range(10):
            i = r.integers(0, 2000, (1000, 2000))
            codes = flat[i] + 36 * np.arange(1000)[:, None]
            draws = np.bincount(codes.ravel(), minlength=36000).reshape(-1, 6, 6)
            tp = np.einsum("bii->bi", draws)
            d = draws.sum(1) + draws.sum(2)
            out.append(np.where(d > 0, 2 * tp / np.maximum(d, 1), 0).mean(1))
        np.quantile(np.concatenate(out), [.025, .975])
        return time.perf_counter() - start

    yield Work("macro-F1, 10,000 resamples, n = 2,000",
               join("bootstrap-f1", ctx.data / "f1-truth.f64", ctx.data / "f1-predictions.f64"),
               {"scikit-learn loop": sklearn_loop, "numpy, resampled indices": indexed,
                "numpy, multinomial": vectorised},
               {"scikit-learn loop": 300, "numpy, resampled indices": 4}, write)


def detection_works(ctx):
    import json

    import numpy as np

    rng = np.random.default_rng(3)
    truths, found = [], []
    for image in range(1, 5001):
        for _ in range(rng.poisson(7)):
            w, h = rng.uniform(8, 160, 2)
            x, y = rng.uniform(0, 480, 2)
            k = int(rng.integers(1, 21))
            truths.append((image, k, x, y, w, h, w * h * rng.uniform(.5, 1), float(rng.random() < .02)))
            for _ in range(rng.poisson(2)):
                s = rng.normal(0, .12, 4)
                found.append((image, k if rng.random() < .9 else int(rng.integers(1, 21)),
                              x + s[0] * w, y + s[1] * h, w * np.exp(s[2]), h * np.exp(s[3]),
                              round(float(rng.random()), 4)))
        for _ in range(rng.poisson(6)):
            found.append((image, int(rng.integers(1, 21)), *rng.uniform(0, 480, 2),
                          *rng.uniform(8, 160, 2), round(float(rng.random()) * .6, 4)))
    gt = {"images": [{"id": i, "width": 640, "height": 640} for i in range(1, 5001)],
          "categories": [{"id": k, "name": str(k)} for k in range(1, 21)],
          "annotations": [{"id": n + 1, "image_id": a[0], "category_id": a[1],
                           "bbox": list(a[2:6]), "area": a[6], "iscrowd": int(a[7])}
                          for n, a in enumerate(truths)]}
    dt = [{"image_id": a[0], "category_id": a[1], "bbox": list(a[2:6]), "score": a[6]}
          for a in found]

    def write():
        np.array(truths).tofile(ctx.data / "coco-truth.f64")
        np.array(found).tofile(ctx.data / "coco-found.f64")
        (ctx.data / "coco-gt.json").write_text(json.dumps(gt))
        (ctx.data / "coco-dt.json").write_text(json.dumps(dt))

    def faster():
        from faster_coco_eval import COCO, COCOeval_faster

        c = COCO(str(ctx.data / "coco-gt.json"))
        d = c.loadRes(str(ctx.data / "coco-dt.json"))
        e = COCOeval_faster(c, d, "bbox")
        start = time.perf_counter()
        e.evaluate()
        e.accumulate()
        return time.perf_counter() - start

    def hot():
        import hotcoco

        c = hotcoco.COCO(str(ctx.data / "coco-gt.json"))
        d = c.load_res(str(ctx.data / "coco-dt.json"))
        e = hotcoco.COCOeval(c, d, "bbox")
        start = time.perf_counter()
        e.evaluate()
        e.accumulate()
        return time.perf_counter() - start

    yield Work("COCO mAP, 5,000 images",
               join("coco", ctx.data / "coco-truth.f64", ctx.data / "coco-found.f64"),
               {"faster-coco-eval": faster, "hotcoco": hot},
               {"faster-coco-eval": 10, "hotcoco": 1.0}, write, rounds=3)


def text_works(ctx):
    import numpy as np

    rng = np.random.default_rng(9)
    words = ["".join(rng.choice(list("abcdefghilmnoprstuv"), rng.integers(2, 10)))
             for _ in range(4000)]
    p = 1 / np.arange(1, 4001)
    p /= p.sum()
    references = [" ".join(words[i] for i in rng.choice(4000, rng.integers(30, 80), p=p)) + "."
                  for _ in range(10_000)]
    hypotheses = []
    for r in references:
        tokens = r.split()
        hypotheses.append(" ".join(t for t in tokens if rng.random() < .8))
    hp, rp = ctx.data / "hypotheses.txt", ctx.data / "references.txt"

    def write():
        hp.write_text("\n".join(hypotheses) + "\n")
        rp.write_text("\n".join(references) + "\n")

    def bleu():
        import sacrebleu

        sacrebleu.corpus_bleu(hypotheses, [references])

    def chrf():
        import sacrebleu

        sacrebleu.corpus_chrf(hypotheses, [references])

    def rouge():
        from rouge_score import rouge_scorer

        s = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
        for h, r in zip(hypotheses, references):
            s.score(r, h)

    def cider():
        try:
            from pycocoevalcap.cider.cider import Cider
        except ImportError as error:
            raise Unavailable(str(error)) from error
        Cider().compute_score({i: [r] for i, r in enumerate(references)},
                              {i: [h] for i, h in enumerate(hypotheses)})

    for name, peer, call in [("BLEU", "sacreBLEU", bleu), ("chrF", "sacreBLEU", chrf),
                             ("ROUGE-1/2/L", "rouge-score", rouge),
                             ("CIDEr-D", "pycocoevalcap", cider)]:
        key = {"ROUGE-1/2/L": "rouge", "CIDEr-D": "cider"}.get(name, name.lower())
        yield Work(f"{name} of 10,000 reports", join("text", key, hp, rp), {peer: call}, 20, write,
                   rounds=2)


def embedding_works(ctx):
    import numpy as np

    rng = np.random.default_rng(2)
    centres = rng.standard_normal((8, 50)) * 4
    data = centres[rng.integers(0, 8, 2000)] + rng.standard_normal((2000, 50))
    path = ctx.data / "tsne.f64"

    def sklearn_tsne():
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        # One thread, as ours; with two, OpenMP's waiting makes it slower on a busy machine.
        with threadpool_limits(1):
            start = time.perf_counter()
            TSNE(perplexity=30, init="pca", random_state=0).fit_transform(data)
            return time.perf_counter() - start

    yield Work("t-SNE of 2,000 points, ours exact", join("tsne", path, 50),
               {"scikit-learn Barnes-Hut": sklearn_tsne}, 2, lambda: data.tofile(path), rounds=2)


def works(ctx):
    for group in (number_works, text_works, detection_works, surface_works, volume_works,
                  embedding_works):
        yield from group(ctx)
