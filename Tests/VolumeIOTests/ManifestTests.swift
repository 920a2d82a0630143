import Testing
import VolumeIO

struct ManifestTests {
  @Test func `quoted fields hold separators, quotes and line breaks`() throws {
    let text = "\u{FEFF}name,\"a \"\"b\"\"\",c\r\n1,\"x,\ny\",\n\n,\"\",z"
    let table = try Table(parsing: Array(text.utf8))
    #expect(table.columns == ["name", "a \"b\"", "c"])
    #expect(table.rows == [["1", "x,\ny", ""], ["", "", "z"]])
    #expect(table[0, "c"] == "" && table["name"] == ["1", ""])
    #expect(try Table(parsing: Array(table.csv().utf8)) == table)
  }

  @Test(arguments: ["", "a,b\n1", "a\n\"x", "a\n\"x\"y", "a\n1,2"])
  func `a broken table is an error`(_ text: String) {
    #expect(throws: VolumeError.self) { try Table(parsing: Array(text.utf8)) }
  }

  @Test func `JSON keeps what it holds`() throws {
    let text = #"{"a":[1,-2.5e3,true,null,"x\n\u00e9\ud83d\ude00"],"b":{}}"#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value["a"]?.array?[4].string == "x\né😀")
    #expect(try JSONValue(parsing: Array(value.description.utf8)) == value)
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: VolumeError.self) { try JSONValue(parsing: Array(deep.utf8)) }
    for bad in ["", "{", "[1,]", "{\"a\" 1}", "01x", "\"", "\"\\x\"", "1 2", "tru"] {
      #expect(throws: VolumeError.self, "\(bad)") { try JSONValue(parsing: Array(bad.utf8)) }
    }
  }

  @Test func `a decathlon manifest names cases that stay in its folder`() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("imagesTr/a.nii.gz", [1])
    let path = try folder.file(
      "dataset.json",
      Array(
        """
        {"name": "Prostate", "modality": {"0": "T2", "1": "ADC"},
         "labels": {"0": "background", "1": "PZ"},
         "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}],
         "test": ["./imagesTs/b.nii.gz", {"image": ["x", "y"]}]}
        """.utf8))
    let manifest = try DatasetManifest(contentsOf: path)
    #expect(manifest.modalities == [0: "T2", 1: "ADC"] && manifest.labels[1] == "PZ")
    #expect(manifest.test[1].images == ["x", "y"])
    #expect(
      try manifest.path(of: manifest.training[0].images[0]).hasSuffix("imagesTr/a.nii.gz"))
    for bad in ["../x", "/etc/passwd", "a/../../x", ""] {
      let error = #expect(throws: VolumeError.self) { try manifest.path(of: bad) }
      #expect(error?.code == .escapesFolder)
    }
  }
}
