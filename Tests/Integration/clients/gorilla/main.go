// The client on Go's gorilla/websocket; see ../README.md.
package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func say(event string, more map[string]interface{}) {
	line := map[string]interface{}{"event": event}
	for key, value := range more {
		line[key] = value
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	header := http.Header{}
	if len(os.Args) > 2 {
		header.Set("Authorization", "Bearer "+os.Args[2])
	}
	stream, response, err := websocket.DefaultDialer.Dial(os.Args[1], header)
	if err != nil {
		if response != nil {
			say("refused", map[string]interface{}{"status": response.StatusCode})
			return
		}
		say("error", map[string]interface{}{"text": err.Error()})
		return
	}
	say("open", nil)
	go func() {
		if bufio.NewScanner(os.Stdin).Scan() {
			text := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = stream.WriteControl(websocket.CloseMessage, text, time.Now().Add(5*time.Second))
		}
	}()
	for {
		kind, data, err := stream.ReadMessage()
		if err != nil {
			code := websocket.CloseAbnormalClosure
			if closed, ok := err.(*websocket.CloseError); ok {
				code = closed.Code
			}
			say("closed", map[string]interface{}{"code": code})
			return
		}
		if kind == websocket.TextMessage {
			say("message", map[string]interface{}{"data": string(data)})
		}
	}
}
