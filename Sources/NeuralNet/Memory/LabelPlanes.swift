extension MutableTensorView where Element == Float {
  /// Writes the planes of labels, as many as this tensor (N, L, H, W) has channels: `value` in all pixels of the plane of
  /// an image's own label, 0 in the others.
  ///
  /// So a convolution, which sees a neighbourhood, is told in every one of them what the vector of Mirza and Osindero
  /// (Conditional Generative Adversarial Nets, 2014) tells a whole network; zeros are what padding adds around a picture.
  ///
  /// - Parameters:
  ///   - labels: the place of each image's label, N of them in 0 ..< L
  ///   - value: what stands in the plane of an image's own label
  package func setPlanes(of labels: [Int], value: Float = 1) {
    precondition(labels.count == shape.n, "one label for each image")
    let pixels = shape.h * shape.w
    for (image, label) in labels.enumerated() {
      precondition((0..<shape.c).contains(label), "a label is the place of a plane")
      for pixel in image * pixels..<(image + 1) * pixels {
        let place = base + pixel * stride
        place.update(repeating: 0, count: shape.c)
        place[label] = value
      }
    }
  }
}
