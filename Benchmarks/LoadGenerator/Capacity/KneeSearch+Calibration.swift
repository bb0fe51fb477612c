extension KneeSearch {
    /// The next load with shops of another size; nil when all were run, or shops are as the scenario has them.
    ///
    /// With each number of streams and each size once. Of the lowest knee, K messages a second to M streams each, half
    /// the messages are sent, or the half of its deliveries if that is less: K ÷ 2 × min(1, M ÷ m) to m streams each.
    /// Neither messages nor deliveries are then more than at the knee, so the load is one that the server keeps up with.
    func calibrationPoint(_ knees: [Knee]) -> LoadPoint? {
        guard let membersPerShop else { return nil }
        let known = Set(observations.map(\.point))
        let lowest = Dictionary(grouping: knees, by: \.connectionCount).compactMapValues { knees in
            knees.compactMap(\.messagesPerSecond).min()
        }
        for (connectionCount, knee) in lowest.sorted(by: { $0.key < $1.key }) {
            for size in calibrationMembersPerShop where size != membersPerShop && size <= connectionCount {
                let rate = knee / 2 * min(1, Double(membersPerShop) / Double(size))
                let point = LoadPoint(
                    connectionCount: connectionCount, messagesPerSecond: Decimals.rounded(rate, digits: 3),
                    membersPerShop: size)
                if !known.contains(point) { return point }
            }
        }
        return nil
    }
}
