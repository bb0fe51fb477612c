/// A stream's position in the sequences of its shop's writers.
extension Lane {
    /// Calls `body` for each writer of the stream's shop, with the channel, a number for the stream and the writer, and
    /// the stream's position.
    func forEachChannel(
        of stream: Int, _ body: (_ channel: UInt32, _ place: UInt32, _ order: inout StreamOrder) -> Void
    ) {
        let count = plan.writersPerShop
        for writer in 0..<count {
            let channel = streams[stream].shop * UInt32(count) + UInt32(writer)
            let place = UInt32(stream * count + writer)
            if writer == 0 {
                body(channel, place, &streams[stream].order)
            } else {
                body(channel, place, &otherOrders[stream * (count - 1) + writer - 1])
            }
        }
    }

    /// A shop's number among those that this lane posts to.
    func postedShop(_ shop: UInt32) -> Int { Int(shop) / (shopShare?.count ?? 1) }

    /// The connection that posts a writer's messages. The writers of one shop have different ones.
    func poster(ofShop shop: UInt32, writer: UInt32) -> Int {
        (postedShop(shop) * plan.writersPerShop + Int(writer)) % posters.count
    }
}
