/// The role of a member in a shop. The table and the members file contain the raw value.
public enum ShopRole: String, Hashable, Sendable, CaseIterable {
    /// May delete the messages of other members.
    case admin
    /// May read and write.
    case member
}
