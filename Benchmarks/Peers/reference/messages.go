package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

const (
	bodyBytesMax    = 128 << 10
	messageBytesMax = 16 << 10
	timeLayout      = "2006-01-02T15:04:05.000000Z"
)

type createMessageBody struct {
	ShopID  string `json:"shop_id" binding:"required"`
	Message string `json:"message" binding:"required"`
}

// A message as clients know it.
type message struct {
	ID        string  `json:"id"`
	ShopID    string  `json:"shop_id"`
	UserID    string  `json:"user_id"`
	Message   string  `json:"message"`
	CreatedAt string  `json:"created_at"`
	UpdatedAt *string `json:"updated_at"`
	IsEdited  bool    `json:"is_edited"`
	ParentID  *string `json:"parent_id"`
}

type envelope struct {
	Status  int             `json:"status"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// createMessage asks for no membership: everybody is a member. Without a store a message lives until it is delivered.
func (hub *hub) createMessage(context *gin.Context) {
	context.Request.Body = http.MaxBytesReader(context.Writer, context.Request.Body, bodyBytesMax)
	var body createMessageBody
	if err := context.ShouldBindJSON(&body); err != nil || len(body.Message) > messageBytesMax {
		context.JSON(http.StatusBadRequest, gin.H{"message": "The body is not as it should be.", "code": "malformed_body"})
		return
	}
	createdAt := time.Now().UTC()
	message := message{
		ID:        uuid.NewString(),
		ShopID:    body.ShopID,
		UserID:    context.GetString(userIDKey),
		Message:   body.Message,
		CreatedAt: createdAt.Format(timeLayout),
	}
	text, err := json.Marshal(message)
	if err == nil && hub.store != nil {
		err = hub.store.append(message, createdAt)
	}
	if err != nil {
		context.Status(http.StatusInternalServerError)
		return
	}
	hub.broadcast <- publication{shopID: body.ShopID, text: text}
	context.JSON(http.StatusCreated, envelope{Status: http.StatusCreated, Message: "Message created", Data: text})
}
