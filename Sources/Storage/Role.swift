/// What a member may do in a shop; the raw value is what stands in the table and in the members file.
public enum Role: String, Hashable, Sendable, CaseIterable {
    /// May delete the messages of others.
    case admin
    /// May read and write.
    case member
}
