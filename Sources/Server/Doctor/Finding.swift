/// How much a finding matters. In ascending order.
public enum FindingSeverity: String, Sendable, CaseIterable {
    /// As it should be.
    case ok
    /// Nothing to repair, but the operator should know it.
    case note
    /// The server runs, and may disappoint later.
    case warning
    /// The server does not start, or not for the wished number of streams.
    case failure
}

/// One result of an examination.
public struct Finding: Sendable, Hashable {
    /// What was found; its row has the severity and the subject.
    public let code: FindingCode
    /// What was found here, in one line. Contains no secret.
    public let text: String
    /// A command, or a setting with its value; nil when there is nothing to repair.
    public let fix: String?

    init(_ code: FindingCode, _ text: String, fix: String? = nil) {
        self.code = code
        self.text = text
        self.fix = fix
    }

    /// How much it matters.
    public var severity: FindingSeverity { code.row.severity }
    /// What it is about.
    public var subject: String { code.row.subject }
}
