package main

import (
	"database/sql"
	"time"

	_ "github.com/lib/pq"
)

// insertMessage is the statement that Shopstream prepares too.
const insertMessage = `
	INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited, parent_id, username)
	VALUES ($1, $2, $3, $4, $5, NULL, false, NULL, NULL) ON CONFLICT (id) DO NOTHING`

// A store writes messages into PostgreSQL, each in a transaction of its own, as a handler on database/sql does.
type store struct {
	insert *sql.Stmt
}

// openStore connects to the database, whose tables are there, with at most so many connections.
func openStore(url string, connectionsMax int) (*store, error) {
	database, err := sql.Open("postgres", url)
	if err != nil {
		return nil, err
	}
	database.SetMaxOpenConns(connectionsMax)
	database.SetMaxIdleConns(connectionsMax)
	insert, err := database.Prepare(insertMessage)
	if err != nil {
		return nil, err
	}
	return &store{insert: insert}, nil
}

// append returns when the message is durable.
func (store *store) append(message message, createdAt time.Time) error {
	_, err := store.insert.Exec(message.ID, message.ShopID, message.UserID, message.Message, createdAt)
	return err
}
