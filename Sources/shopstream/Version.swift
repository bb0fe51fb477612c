/// The version of the command, which `tools/package` gives to packages too. Semantic versioning (semver.org).
enum Version {
    static let number = "0.1.0"
}
