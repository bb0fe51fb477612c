// Tables of other services may be in another schema or of another shape. The migration reports it, rather than the
// first request.

extension PostgresMigrator {
    /// Rejects a migration that would create tables in one schema while the search path finds those of an existing
    /// backend in another.
    static func checkPlace(_ connection: PostgresBlockingConnection) throws(StorageError) {
        if try connection.execute("SELECT current_schema()").first == "" {
            throw StorageError(.incompatible, detail: "the search path names no schema that exists")
        }
        let elsewhere = try connection.execute(
            """
            SELECT format('table %s is in schema %I, but new ones would be made in %I: set the search_path',
                c.relname, n.nspname, current_schema())
            FROM unnest(ARRAY['shops', 'shop_members', 'users', 'shop_messages']) AS t (name)
            JOIN pg_class c ON c.oid = to_regclass(quote_ident(t.name)) JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname <> current_schema()
            """)
        if let reason = elsewhere.first { throw StorageError(.incompatible, detail: reason) }
    }

    /// Rejects tables on which a statement cannot run, or that round times.
    static func checkTables(_ connection: PostgresBlockingConnection) throws(StorageError) {
        let rounded = try connection.execute(
            """
            SELECT c.column_name FROM information_schema.columns c
            WHERE c.table_schema = current_schema() AND c.table_name = 'shop_messages'
                AND c.column_name IN ('created_at', 'updated_at') AND c.datetime_precision < 6
            """)
        if let column = rounded.first {
            throw StorageError(.incompatible, detail: "column shop_messages.\(column) keeps no microseconds")
        }
        // ON CONFLICT looks for its index only when a plan is made, which must not depend on the parameters' values
        // here.
        try connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        let shape = try PostgresTableShape(connection)
        for statement in PostgresStatement.allCases {
            do throws(StorageError) {
                try connection.execute("PREPARE \(statement.rawValue) AS \(statement.sql(shape))")
                let count = try connection.execute(
                    """
                    SELECT coalesce(cardinality(parameter_types), 0) FROM pg_prepared_statements
                    WHERE name = '\(statement.rawValue.lowercased())'
                    """)
                let nulls = [String](repeating: "NULL", count: count.first.flatMap { Int($0) } ?? 0)
                let parameters = nulls.isEmpty ? "" : "(\(nulls.joined(separator: ", ")))"
                try connection.execute("EXPLAIN EXECUTE \(statement.rawValue) \(parameters)")
            } catch {
                throw StorageError(
                    error.kind, detail: "the tables do not suit the statement \(statement.rawValue): \(error.detail)")
            }
        }
        try connection.execute("DEALLOCATE ALL")
    }
}
