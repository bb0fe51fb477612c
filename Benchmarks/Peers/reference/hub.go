package main

// A publication is a message on its way to the subscribers of its shop.
type publication struct {
	shopID string
	text   []byte
}

// A hub knows who is subscribed to which shop. Its maps belong to the goroutine of run; all else goes through channels.
type hub struct {
	register   chan *client
	unregister chan *client
	broadcast  chan publication
	shops      map[string]map[*client]struct{}
	// Where messages are written down; nil for nowhere.
	store *store
}

func newHub(store *store) *hub {
	return &hub{
		register:   make(chan *client),
		unregister: make(chan *client),
		broadcast:  make(chan publication, sendBufferMessages),
		shops:      make(map[string]map[*client]struct{}),
		store:      store,
	}
}

func (hub *hub) run() {
	for {
		select {
		case added := <-hub.register:
			members := hub.shops[added.shopID]
			if members == nil {
				members = make(map[*client]struct{})
				hub.shops[added.shopID] = members
			}
			members[added] = struct{}{}
			close(added.registered)
		case client := <-hub.unregister:
			hub.remove(client)
		case publication := <-hub.broadcast:
			for client := range hub.shops[publication.shopID] {
				select {
				case client.send <- publication.text:
				default:
					// Too slow: its buffer is full. The write pump closes the connection.
					hub.remove(client)
				}
			}
		}
	}
}

// remove forgets the client, if it is known, and ends its write pump.
func (hub *hub) remove(client *client) {
	members := hub.shops[client.shopID]
	if _, isKnown := members[client]; !isKnown {
		return
	}
	delete(members, client)
	if len(members) == 0 {
		delete(hub.shops, client.shopID)
	}
	close(client.send)
}
