import API

extension RoutePrefixes {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        let name = "SHOPSTREAM_ROUTE_PREFIXES"
        guard let prefixes = RoutePrefixes(reader.list(name)) else {
            throw ConfigurationError(
                name: name, value: reader.value(name),
                allowed: "paths such as /api/v1, of letters, digits and -._~, separated by commas")
        }
        self = prefixes
    }
}
