/// The version of the server and of its command, which `tools/package` gives to packages too. Semantic versioning
/// (semver.org).
public enum Version {
    /// Major, minor and patch.
    public static let number = "0.1.0"
}
