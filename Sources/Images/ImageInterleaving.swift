extension PixelSamples {
  /// Samples of `channels` + 1 numbers a pixel, the last one alpha.
  init(width: Int, height: Int, channels: Int, interleaved: [Sample]) {
    let count = width * height
    var alpha: [Sample] = []
    let pixels = [Sample](unsafeUninitializedCapacity: count * channels) { pixels, pixelsCount in
      alpha = [Sample](unsafeUninitializedCapacity: count) { alpha, alphaCount in
        interleaved.withUnsafeBufferPointer { source in
          if channels == 1 {
            for i in 0..<count {
              pixels[i] = source[2 * i]
              alpha[i] = source[2 * i + 1]
            }
          } else {
            for i in 0..<count {
              pixels[3 * i] = source[4 * i]
              pixels[3 * i + 1] = source[4 * i + 1]
              pixels[3 * i + 2] = source[4 * i + 2]
              alpha[i] = source[4 * i + 3]
            }
          }
        }
        alphaCount = count
      }
      pixelsCount = count * channels
    }
    self.init(width: width, height: height, channels: channels, pixels: pixels, alpha: alpha)
  }

  /// The samples with alpha as the last one of each pixel; `pixels` themselves where there is no alpha.
  func interleavedWithAlpha() -> [Sample] {
    guard let alpha else { return pixels }
    let count = width * height
    return [Sample](unsafeUninitializedCapacity: count * (channels + 1)) { target, targetCount in
      pixels.withUnsafeBufferPointer { pixels in
        alpha.withUnsafeBufferPointer { alpha in
          if channels == 1 {
            for i in 0..<count {
              target[2 * i] = pixels[i]
              target[2 * i + 1] = alpha[i]
            }
          } else {
            for i in 0..<count {
              target[4 * i] = pixels[3 * i]
              target[4 * i + 1] = pixels[3 * i + 1]
              target[4 * i + 2] = pixels[3 * i + 2]
              target[4 * i + 3] = alpha[i]
            }
          }
        }
      }
      targetCount = count * (channels + 1)
    }
  }
}
