// Lists of cases, tables of labels, reports in sections.
import VolumeIO

let table = try Table(parsing: Array("case,label\nhead-1,1\n\"head, second\",0\n".utf8))
print(table["case"] ?? [], table[0, "label"] ?? "")

let manifest = try DatasetManifest(
  try JSONValue(
    parsing: Array(
      #"{"labels": {"0": "background", "1": "liver"}, "training": [{"image": "a.nii", "label": "b.nii"}]}"#
        .utf8)),
  folder: ".")
print(manifest.labels[1] ?? "", manifest.training[0].images)

let report = RadiologyReport(text: "FINDINGS: Lungs are clear.\nIMPRESSION: Normal chest.")
print(report.findings ?? "", "|", report.impression ?? "")

let masks = try Volume(
  .uint8([0, 63, 126, 189, 252, 0]),
  geometry: Geometry(size: [3, 2, 1], affine: Affine(spacing: [1, 1, 1])))
print(try masks.labeled(by: .chaosMR).samples)
