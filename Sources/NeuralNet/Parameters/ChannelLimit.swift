/// How wide networks can be.
package enum ChannelLimit {
  /// Channels of images and of a first convolution that a network can be made with: no product of the numbers that follow
  /// from them overflows, and no network that anybody trains is wider.
  package static let channels = 1...65536

  /// Channels after the first convolution of a network that is trained or applied.
  package static let filters = 1...1024
}
