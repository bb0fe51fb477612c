package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

const (
	pingPeriod         = 54 * time.Second
	pongWait           = 60 * time.Second
	writeWait          = 10 * time.Second
	readLimitBytes     = 512 << 10
	sendBufferMessages = 256
)

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 1024,
	CheckOrigin:     func(*http.Request) bool { return true },
}

// A client is one stream. The hub alone sends to its channel, and closes it.
type client struct {
	shopID     string
	connection *websocket.Conn
	send       chan []byte
	// registered is closed by the hub once the subscription stands.
	registered chan struct{}
}

func (hub *hub) openStream(context *gin.Context) {
	connection, err := upgrader.Upgrade(context.Writer, context.Request, nil)
	if err != nil {
		return // the upgrader has answered
	}
	client := &client{
		shopID:     context.Param("shop_id"),
		connection: connection,
		send:       make(chan []byte, sendBufferMessages),
		registered: make(chan struct{}),
	}
	hub.register <- client
	<-client.registered
	go client.writePump()
	go client.readPump(hub)
}

// readPump reads and drops what the client says, so that pongs and the close are noticed.
func (client *client) readPump(hub *hub) {
	defer func() {
		hub.unregister <- client
		_ = client.connection.Close()
	}()
	client.connection.SetReadLimit(readLimitBytes)
	extend := func(string) error { return client.connection.SetReadDeadline(time.Now().Add(pongWait)) }
	_ = extend("")
	client.connection.SetPongHandler(extend)
	for {
		if _, _, err := client.connection.NextReader(); err != nil {
			return
		}
	}
}

// writePump is the only one that writes to the connection after the upgrade, but for the library's own pongs and closes.
func (client *client) writePump() {
	ticker := time.NewTicker(pingPeriod)
	defer func() {
		ticker.Stop()
		_ = client.connection.Close()
	}()
	for {
		select {
		case text, isOpen := <-client.send:
			_ = client.connection.SetWriteDeadline(time.Now().Add(writeWait))
			if !isOpen {
				_ = client.connection.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			// One frame a message, built once and written in one call from the connection's buffer.
			if err := client.connection.WriteMessage(websocket.TextMessage, text); err != nil {
				return
			}
		case <-ticker.C:
			_ = client.connection.SetWriteDeadline(time.Now().Add(writeWait))
			if err := client.connection.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		}
	}
}
