import Testing

import MLLMClients
