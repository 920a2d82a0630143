import Synchronization
import VolumeIO
import Windowing

/// Inputs that stay in memory between commands.
enum Store {
  static let volumes = Mutex<[String: Volume]>([:])
  /// Results that are written over.
  static let levels = Mutex<[UInt8]>([])
}
