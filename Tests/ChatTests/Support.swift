import Primitives

@testable import Chat

/// An event that is told from others by its number.
func event(_ number: UInt8) -> EncodedEvent {
    EncodedEvent(.messageDeleted(MessageID("\(number)"), in: ShopID("s")), format: MessageFormat())
}
