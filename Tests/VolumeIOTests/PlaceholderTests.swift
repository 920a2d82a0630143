import Testing

import VolumeIO
