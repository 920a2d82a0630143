// Placeholder until the first type of the layer lands.
