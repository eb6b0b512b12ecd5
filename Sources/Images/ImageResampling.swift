extension Picture {
  /// The picture in another size; alpha is resampled like a channel of its own and not multiplied in.
  ///
  /// Two passes, first along rows, then along columns, with weights in fixed point: the method, and for 8 bits to the last
  /// bit the result, of Pillow's `Image.resize` (src/libImaging/Resample.c, Geometry.c).
  /// - Parameters:
  ///   - width: new columns, at least 1.
  ///   - height: new rows, at least 1.
  ///   - filter: how samples between pixels are found.
  package func resized(width: Int, height: Int, filter: ResamplingFilter = .bicubic) -> Picture {
    precondition(width > 0 && height > 0 && self.width > 0 && self.height > 0, "an image to resize has pixels")
    _ = Self.sampleCount(width: max(width, self.width), height: max(height, self.height), channels: channels)
    if width == self.width && height == self.height { return self }
    return switch content {
    case .bytes(let samples): Picture(.bytes(samples.resized(width, height, filter)))
    case .words(let samples): Picture(.words(samples.resized(width, height, filter)))
    }
  }
}

/// Samples of a depth that is resampled along one axis.
private protocol ResampledSample: PixelSample {
  /// (H, W, C) to (H, W′, C).
  static func resampledRows(
    _ samples: [Self], _ channels: Int, width: Int, height: Int, _ axis: ResamplingWeights
  ) -> [Self]
  /// (H, W, C) to (H′, W, C); `rowCount` is W × C.
  static func resampledColumns(_ samples: [Self], rowCount: Int, _ axis: ResamplingWeights) -> [Self]
}

extension PixelSamples where Sample: ResampledSample {
  fileprivate func resized(_ newWidth: Int, _ newHeight: Int, _ filter: ResamplingFilter) -> Self {
    mapPlanes(width: newWidth, height: newHeight) { samples, channels in
      if filter == .nearest { return Self.nearest(samples, channels, from: (width, height), to: (newWidth, newHeight)) }
      let rows =
        newWidth == width
        ? samples
        : Sample.resampledRows(
          samples, channels, width: width, height: height,
          ResamplingWeights(from: width, to: newWidth, filter: filter))
      guard newHeight != height else { return rows }
      return Sample.resampledColumns(
        rows, rowCount: newWidth * channels, ResamplingWeights(from: height, to: newHeight, filter: filter))
    }
  }

  private static func nearest(_ samples: [Sample], _ channels: Int, from old: (Int, Int), to new: (Int, Int))
    -> [Sample]
  {
    let columns = nearestPositions(from: old.0, to: new.0)
    let rows = nearestPositions(from: old.1, to: new.1)
    return [Sample](unsafeUninitializedCapacity: new.0 * new.1 * channels) { target, count in
      samples.withUnsafeBufferPointer { source in
        var to = 0
        for row in rows {
          for column in columns {
            let from = (row * old.0 + column) * channels
            for channel in 0..<channels { target[to + channel] = source[from + channel] }
            to += channels
          }
        }
      }
      count = new.0 * new.1 * channels
    }
  }

  /// Which old sample stands at each new place; the position is summed up as Pillow does, rounding errors included.
  private static func nearestPositions(from old: Int, to new: Int) -> [Int] {
    let scale = Double(old) / Double(new)
    var position = scale * 0.5
    return (0..<new).map { _ in
      defer { position += scale }
      return min(Int(position), old - 1)
    }
  }

}

extension UInt8: ResampledSample {
  fileprivate static func resampledRows(
    _ samples: [UInt8], _ channels: Int, width: Int, height: Int, _ axis: ResamplingWeights
  ) -> [UInt8] {
    let newWidth = axis.first.count
    let half = Int32(1) << (ResamplingWeights.fractionBits - 1)
    return [UInt8](unsafeUninitializedCapacity: newWidth * height * channels) { target, targetCount in
      samples.withUnsafeBufferPointer { source in
        axis.weights.withUnsafeBufferPointer { weights in
          axis.first.withUnsafeBufferPointer { first in
            axis.count.withUnsafeBufferPointer { count in
              var to = 0
              for row in 0..<height {
                for column in 0..<newWidth {
                  var from = (row * width + first[column]) * channels
                  let start = column * axis.stride
                  if channels == 3 {
                    var red = half
                    var green = half
                    var blue = half
                    for tap in start..<start + count[column] {
                      let weight = weights[tap]
                      red &+= weight &* Int32(source[from])
                      green &+= weight &* Int32(source[from + 1])
                      blue &+= weight &* Int32(source[from + 2])
                      from += 3
                    }
                    target[to] = clipped(red)
                    target[to + 1] = clipped(green)
                    target[to + 2] = clipped(blue)
                    to += 3
                  } else {
                    var sum = half
                    for tap in start..<start + count[column] {
                      sum &+= weights[tap] &* Int32(source[from])
                      from += 1
                    }
                    target[to] = clipped(sum)
                    to += 1
                  }
                }
              }
            }
          }
        }
      }
      targetCount = newWidth * height * channels
    }
  }

  fileprivate static func resampledColumns(_ samples: [UInt8], rowCount: Int, _ axis: ResamplingWeights) -> [UInt8] {
    let newHeight = axis.first.count
    let half = Int32(1) << (ResamplingWeights.fractionBits - 1)
    return [UInt8](unsafeUninitializedCapacity: newHeight * rowCount) { target, targetCount in
      samples.withUnsafeBytes { source in
        axis.weights.withUnsafeBufferPointer { weights in
          let bytes = UnsafeMutableRawBufferPointer(target)
          for row in 0..<newHeight {
            let top = axis.first[row] * rowCount
            let taps = axis.count[row]
            let start = row * axis.stride
            var column = 0
            while column + 16 <= rowCount {
              var sum = SIMD16<Int32>(repeating: half)
              for tap in 0..<taps {
                let line = source.loadUnaligned(fromByteOffset: top + tap * rowCount + column, as: SIMD16<UInt8>.self)
                sum &+= weights[start + tap] &* SIMD16<Int32>(truncatingIfNeeded: line)
              }
              let shifted = (sum &>> ResamplingWeights.fractionBits).clamped(
                lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 255))
              bytes.storeBytes(
                of: SIMD16<UInt8>(truncatingIfNeeded: shifted), toByteOffset: row * rowCount + column,
                as: SIMD16<UInt8>.self)
              column += 16
            }
            while column < rowCount {
              var sum = half
              for tap in 0..<taps {
                sum &+= weights[start + tap] &* Int32(source[top + tap * rowCount + column])
              }
              target[row * rowCount + column] = clipped(sum)
              column += 1
            }
          }
        }
      }
      targetCount = newHeight * rowCount
    }
  }

  /// A sum in fixed point as a sample.
  @inline(__always)
  private static func clipped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: Swift.max(0, Swift.min(255, sum &>> ResamplingWeights.fractionBits)))
  }
}

/// The same in 64 bits, which the larger samples need.
extension UInt16: ResampledSample {
  fileprivate static func resampledRows(
    _ samples: [UInt16], _ channels: Int, width: Int, height: Int, _ axis: ResamplingWeights
  ) -> [UInt16] {
    let newWidth = axis.first.count
    return [UInt16](unsafeUninitializedCapacity: newWidth * height * channels) { target, targetCount in
      samples.withUnsafeBufferPointer { source in
        axis.weights.withUnsafeBufferPointer { weights in
          var to = 0
          for row in 0..<height {
            for column in 0..<newWidth {
              let from = (row * width + axis.first[column]) * channels
              for channel in 0..<channels {
                var sum = half
                for tap in 0..<axis.count[column] {
                  sum &+= Int64(weights[column * axis.stride + tap]) &* Int64(source[from + tap * channels + channel])
                }
                target[to] = clipped(sum)
                to += 1
              }
            }
          }
        }
      }
      targetCount = newWidth * height * channels
    }
  }

  fileprivate static func resampledColumns(_ samples: [UInt16], rowCount: Int, _ axis: ResamplingWeights) -> [UInt16] {
    let newHeight = axis.first.count
    return [UInt16](unsafeUninitializedCapacity: newHeight * rowCount) { target, targetCount in
      samples.withUnsafeBufferPointer { source in
        axis.weights.withUnsafeBufferPointer { weights in
          for row in 0..<newHeight {
            let top = axis.first[row] * rowCount
            for column in 0..<rowCount {
              var sum = half
              for tap in 0..<axis.count[row] {
                sum &+= Int64(weights[row * axis.stride + tap]) &* Int64(source[top + tap * rowCount + column])
              }
              target[row * rowCount + column] = clipped(sum)
            }
          }
        }
      }
      targetCount = newHeight * rowCount
    }
  }

  private static let half = Int64(1) << Int64(ResamplingWeights.fractionBits - 1)

  /// A sum in fixed point as a sample.
  @inline(__always)
  private static func clipped(_ sum: Int64) -> UInt16 {
    UInt16(truncatingIfNeeded: Swift.max(0, Swift.min(65535, sum &>> Int64(ResamplingWeights.fractionBits))))
  }
}
