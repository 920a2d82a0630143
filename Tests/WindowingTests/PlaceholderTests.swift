import Testing

import Windowing
