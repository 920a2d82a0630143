// Placeholder until the first type of the layer lands.
public import VolumeIO
internal import CPNG
