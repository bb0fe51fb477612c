/// What a member may do in a shop; the table and the members file have the raw value.
public enum ShopRole: String, Hashable, Sendable, CaseIterable {
    /// May delete the messages of others.
    case admin
    /// May read and write.
    case member
}
