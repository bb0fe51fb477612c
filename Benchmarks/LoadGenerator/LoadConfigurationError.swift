/// What is wrong with the settings of a run, in one line that says what is expected.
package struct LoadConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line.
    package let description: String

    /// An error with its line.
    package init(_ description: String) {
        self.description = description
    }
}
