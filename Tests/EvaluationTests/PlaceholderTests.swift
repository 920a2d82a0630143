import Testing

import Evaluation
