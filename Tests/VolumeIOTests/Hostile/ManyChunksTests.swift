import Foundation
import Testing
import VolumeIO

/// A file of 888 bytes, found by the fuzz target, whose dataset claims millions of chunks.
struct ManyChunksTests {
  @Test(.timeLimit(.minutes(1)))
  func `chunks that a dataset only claims cost neither time nor memory`() throws {
    let bytes = try #require(
      Data(base64Encoded: Self.file, options: .ignoreUnknownCharacters).map { [UInt8]($0) })
    let start = ContinuousClock.now
    #expect(throws: VolumeError.self) { try HDF5File(bytes: bytes).volume() }
    // Laying the grid out took half a second and 200 MB with optimisation.
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  private static let file = """
    iUhERg0KGgoDCAgAAAAAAAAAAAD//////wMAACsDAAAAAAAAMAAAAAAAAACajHoRT0hEUgIAeAISAAAAAP//////////////
    //////8KAgABAAAGDAAAAQABeLMAAAAAAAAABvUAAAgAAWdRAwAAAAAAAAA4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAM2E+PZPSERSAgEAAQEkAAACAgEBBAAAAAAAAAADAAAAAAAAAP//////
    ////AwAnAAAAAAAAAAAAAAAAAAMMAAEQCAAAAgAAAAAAEAAFAgABAwsIFgAABAIAAwECAgIEIAQEEAq/AQAAAAAAAACkAAAA
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABwIA
    AAAAAAA5AwAAAAAAAEEDAAAAAAAASQMAAAAAAAD/////////////////////////////////////////////////////////
    //////////////////////////////////////////////////////////8AAAAAAP//////////////////////////////
    ////////////////////////////////////////////////////////////////////////////////////////AAAACP//
    ////////////////////////////////////////////////////////////////////////////////////////////////
    ////////////////////////////////////////////////////////////////////////////////////////////////
    ////////////wTDN8AIAAAAFAAAABgAHAAkACgAIAAAACwAAAE9IRFICAHgCEgAAAAD/////////////////////CgIAAQAA
    FRIABAAA/////////////////////wwjAAADAAIADAAEAABhABAIAAAIAABAAABAAAIAAAABAAAAAAAAAAAbAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAAAAAAAAAAADtnK84
    """
}
