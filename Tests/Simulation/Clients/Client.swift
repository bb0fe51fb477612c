/// A client of the server with one connection at a time.
protocol Client: AnyObject {
    /// Whether nothing more will happen here.
    var isOver: Bool { get }
    /// Takes one random step.
    func step()
    /// Called after each turn of a reactor: checks what is visible without reading.
    func observe()
    /// Whether the server owes nothing here.
    var isAtRest: Bool { get }
    /// The server had all the time that it needs: messages that are still owed are missing.
    func checkSettled()
    /// The server has stopped.
    func checkStopped()
}

extension Client {
    func observe() {}
}
