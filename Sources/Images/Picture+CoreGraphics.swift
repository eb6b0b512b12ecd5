#if canImport(CoreGraphics)
  import CoreGraphics
  import Files
  import Foundation

  extension Picture {
    /// The picture that `image` shows, in sRGB; with opacity where `image` has some.
    ///
    /// - Throws: `FileError` where there is no memory to draw it
    public init(_ image: CGImage) throws {
      let (width, height) = (image.width, image.height)
      let isOpaque = [.none, .noneSkipFirst, .noneSkipLast].contains(image.alphaInfo)
      guard let space = CGColorSpace(name: CGColorSpace.sRGB),
        let context = CGContext(
          data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: 0, space: space,
          bitmapInfo: CGImageAlphaInfo.premultipliedLast.rawValue)
      else { throw Self.refusal(width, height) }
      context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
      guard let data = context.data else { throw Self.refusal(width, height) }
      try self.init(
        bytes: UnsafeRawBufferPointer(start: data, count: height * context.bytesPerRow), width: width, height: height,
        bytesPerRow: context.bytesPerRow, format: PixelFormat(.rgba, isOpaque ? .none : .premultiplied))
    }

    /// The picture for Core Graphics, its samples taken as sRGB.
    ///
    /// - Throws: `FileError` where the picture is empty, or there is no memory for it
    public func cgImage() throws -> CGImage {
      let bytes = try bytes(PixelFormat(.rgba, alpha == nil ? .none : .straight))
      let info = alpha == nil ? CGImageAlphaInfo.noneSkipLast : .last
      guard let space = CGColorSpace(name: CGColorSpace.sRGB),
        let provider = CGDataProvider(data: Data(bytes) as CFData),
        let image = CGImage(
          width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 32, bytesPerRow: 4 * width, space: space,
          bitmapInfo: CGBitmapInfo(rawValue: info.rawValue), provider: provider, decode: nil,
          shouldInterpolate: false, intent: .defaultIntent)
      else { throw Self.refusal(width, height) }
      return image
    }

    private static func refusal(_ width: Int, _ height: Int) -> FileError {
      FileError(path: nil, problem: "Core Graphics takes no picture of \(width) × \(height) pixels")
    }
  }
#endif
