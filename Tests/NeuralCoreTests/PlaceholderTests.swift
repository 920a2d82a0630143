import Testing

import NeuralCore
