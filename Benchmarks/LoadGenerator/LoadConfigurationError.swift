/// An error in the settings of a run: one line that says what is expected.
package struct LoadConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line.
    package let description: String

    /// An error with its line.
    package init(_ description: String) {
        self.description = description
    }
}
