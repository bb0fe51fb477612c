/// The bytes of one `send`, owned until its completion.
@safe struct OwnedSend {
    let bytes: UnsafeMutableRawBufferPointer
    var sentByteCount = 0
}
