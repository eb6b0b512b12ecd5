import Foundation
import TestSupport
import Testing
@testable import Images

@Suite struct LabTests {
  /// Fixtures/images/lab.json.
  private struct Reference: Decodable {
    var rgb: [[Int]]
    var lab: [[Double]]
    var otherLab: [[Double]]
    var otherRGB: [[Double]]
  }

  private let reference: Reference

  init() throws {
    reference = try JSONDecoder().decode(
      Reference.self, from: Data(contentsOf: images.appendingPathComponent("lab.json")))
    #expect(reference.rgb.count == 81 && reference.otherLab.count == 48)
  }

  @Test func coloursAreThoseOfScikitImage() {
    for (rgb, lab) in zip(reference.rgb, reference.lab) {
      let found = Lab.lab(SIMD3(Double(rgb[0]), Double(rgb[1]), Double(rgb[2])) / 255)
      for axis in 0..<3 { #expect(abs(found[axis] - lab[axis]) < 1e-6, "\(rgb): \(found) for \(lab)") }
    }
    for (lab, rgb) in zip(reference.otherLab, reference.otherRGB) {
      let found = Lab.rgb(SIMD3(lab[0], lab[1], lab[2]))
      for axis in 0..<3 { #expect(abs(found[axis] - rgb[axis]) < 1e-6, "\(lab): \(found) for \(rgb)") }
    }
  }

  /// What networks of the public code see: L / 50 − 1, a / 110, b / 110; and back.
  @Test(arguments: [8, 16]) func picturesBecomeLightnessAndChroma(depth: Int) {
    let pixels = reference.rgb.flatMap { $0.map { UInt8($0) } }
    let picture = Picture(width: 27, height: 3, channels: 3, pixels: pixels).converted(bitDepth: depth)
    var lightness = [Float](repeating: 9, count: 2 * 81)
    var chroma = [Float](repeating: 9, count: 3 * 81)
    ImageTensor.write(picture, as: .lightness, to: &lightness, pixelStride: 2)
    ImageTensor.write(picture, as: .chroma, to: &chroma, pixelStride: 3)
    for (pixel, lab) in reference.lab.enumerated() {
      #expect(abs(Double(lightness[2 * pixel]) - (lab[0] / 50 - 1)) < 1e-6)
      #expect(abs(Double(chroma[3 * pixel]) - lab[1] / 110) < 1e-6)
      #expect(abs(Double(chroma[3 * pixel + 1]) - lab[2] / 110) < 1e-6)
      #expect(lightness[2 * pixel + 1] == 9 && chroma[3 * pixel + 2] == 9, "nothing else is written")
    }
    let back = ImageTensor.image(
      lightness: lightness, lightnessStride: 2, chroma: chroma, chromaStride: 3, width: 27, height: 3, bitDepth: depth)
    // The constants of both ways agree to some 1e-4 of white: at 16 bits that is a few steps.
    let tolerance = depth == 8 ? 0 : 40
    guard depth == 16 else {
      #expect(back == picture)
      return
    }
    guard case .words(let a) = back.content, case .words(let b) = picture.content else {
      Issue.record("16 bits stay 16 bits")
      return
    }
    let worst = zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? .max
    #expect(worst <= tolerance, "\(worst)")
  }

  /// A mirrored window of a picture with opacity as 4 and as 2 numbers, and back.
  @Test func opacityIsANumber() {
    let picture = Picture(
      width: 3, height: 2, channels: 3, pixels: (0..<18).map { UInt8($0 * 14) }, alpha: [0, 50, 100, 150, 200, 255])
    var four = [Float](repeating: 0, count: 24)
    ImageTensor.write(picture, as: .colourAndOpacity(3), to: &four, pixelStride: 4)
    #expect(four[3] == -1 && four[23] == 1 && four[7] == (50.0 / 255 - 0.5) / 0.5)
    #expect(ImageTensor.image(from: four, width: 3, height: 2, channels: 4, pixelStride: 4) == picture)
    var part = [Float](repeating: 0, count: 8)
    ImageTensor.write(
      picture, window: ImageTensor.Window(x: 1, y: 0, width: 2, height: 1), flipped: true, as: .colourAndOpacity(3),
      to: &part, pixelStride: 4)
    #expect(Array(part) == Array(four[8..<12]) + Array(four[4..<8]))
    // Without opacity a picture is opaque.
    let grey = Picture(width: 1, height: 1, channels: 1, pixels: [255])
    var two = [Float](repeating: 0, count: 2)
    ImageTensor.write(grey.prepared(for: PixelNumbers(count: 2)), as: .colourAndOpacity(1), to: &two, pixelStride: 2)
    #expect(two == [1, 1])
    #expect(picture.prepared(for: .colour(1)).hasAlpha == false && picture.prepared(for: .colourAndOpacity(1)).hasAlpha)
  }

  @Test func bordersAreThoseOfThePaddedPicture() {
    let picture = Picture(width: 5, height: 3, channels: 3, pixels: (0..<45).map { UInt8($0 * 5) })
    let padding = Padding(width: 5, height: 3, multiple: 16)
    var (direct, padded) = ([Float](repeating: 0, count: 768), [Float](repeating: 0, count: 768))
    ImageTensor.write(picture, padding, as: .colour(3), to: &direct, pixelStride: 3)
    ImageTensor.write(picture.padded(padding), to: &padded, pixelStride: 3)
    #expect(direct == padded)
  }
}
