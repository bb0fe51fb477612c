// The reference peer: the classic design of a chat server in Go, each client a channel and two goroutines around one
// hub. See ../README.md.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "`address` to listen on, of loopback only")
	postgres := flag.String("postgres", "", "`URL` of a migrated database to write messages into; none: nowhere")
	connections := flag.Int("connections", 8, "to the database, at most")
	flag.Parse()
	secret := os.Getenv("AUTH_JWT_SECRET")
	if secret == "" {
		log.Fatal("AUTH_JWT_SECRET is not set")
	}
	address, err := net.ResolveTCPAddr("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	if !address.IP.IsLoopback() {
		log.Fatalf("%s is not of loopback: this server is there to be compared with, not to serve", *listen)
	}
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		log.Fatal(err)
	}

	var messages *store
	if *postgres != "" {
		if messages, err = openStore(*postgres, *connections); err != nil {
			log.Fatal(err)
		}
	}

	hub := newHub(messages)
	go hub.run()
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/healthz", func(context *gin.Context) { context.Status(http.StatusOK) })
	authorized := router.Group("/api/v1/shops", requireToken([]byte(secret)))
	authorized.POST("/messages", hub.createMessage)
	authorized.GET("/:shop_id/messages/stream", hub.openStream)
	log.Fatal(http.Serve(listener, router))
}
