// Whoever imports Translate can name its errors, shapes and network settings without knowing which module they are from.
@_exported import NeuralNet
@_exported import PatchDisc
@_exported import ResNet
@_exported import UNet
