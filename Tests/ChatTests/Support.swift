import Primitives

@testable import Chat

/// An event that its number identifies.
func event(_ number: UInt8) -> EncodedEvent {
    EncodedEvent(.messageDeleted(MessageID("\(number)"), in: ShopID("s")), format: MessageFormat())
}
