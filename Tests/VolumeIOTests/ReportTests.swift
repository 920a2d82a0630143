import Testing
import VolumeIO

struct ReportTests {
  @Test func `a report falls into its sections`() {
    let report = RadiologyReport(
      text: """
                                         FINAL REPORT
         EXAMINATION:  CHEST (PA AND LAT)

         INDICATION:  ___ year old woman with cough  // r/o pneumonia

         FINDINGS:

         The lungs are clear.  Ratio: normal.
         No effusion.

         IMPRESSION:
         No acute process.
        """)
    #expect(report.findings == "The lungs are clear. Ratio: normal. No effusion.")
    #expect(report.impression == "No acute process.")
    #expect(report.indication == "___ year old woman with cough // r/o pneumonia")
    #expect(report.sections.first?.text == "FINAL REPORT")
    #expect(report["TECHNIQUE"] == nil)
  }

  @Test func `an OpenI report gives texts and pictures`() throws {
    let xml = """
      <?xml version="1.0" encoding="utf-8"?><!DOCTYPE eCitation [<!ELEMENT x (y)>]>
      <eCitation><MedlineCitation><Article><Abstract>
      <AbstractText Label="COMPARISON">None.</AbstractText>
      <AbstractText Label="FINDINGS">Heart size &lt; 50 &amp; normal. XXXX&#176;</AbstractText>
      <AbstractText Label="IMPRESSION"/>
      </Abstract></Article></MedlineCitation><!-- a > b -->
      <parentImage id="CXR1_1"><url>x</url></parentImage><parentImage id='CXR1_2'/></eCitation>
      """
    let report = try RadiologyReport(openI: Array(xml.utf8))
    #expect(report.findings == "Heart size < 50 & normal. XXXX°")
    #expect(report.impression == nil)
    #expect(report.images == ["CXR1_1", "CXR1_2"])
  }

  @Test func `XML that would grow or never ends is an error`() {
    for text in [
      "", "<a>", "<a></b>", "<a b></a>", "<a>&x;</a>", "<a/><b/>", "<a b=\"c></a>",
      String(repeating: "<a>", count: 100_000), "<!DOCTYPE a [", "<a>&#xFFFFFFFFF;</a>",
    ] {
      #expect(throws: VolumeError.self) { try XMLElement(parsing: Array(text.utf8)) }
    }
  }
}
