// Whoever imports Translate can name its pictures, weights and errors without knowing which module they are from.
@_exported import Files
@_exported import Images
@_exported import Weights
@_exported import enum NeuralNet.Precision
