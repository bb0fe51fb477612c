/// The limits of this module.
public enum Limits {
    /// The number of shops that a reactor keeps open. Beyond it, idle ones are closed and reopened from the store
    /// later.
    public static let openShopCountMax = 65_536
}
