package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/openxrm/xrm/core/budget"
)

// subprotocol is that of https://github.com/enisdenjo/graphql-ws, PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// What the subprotocol closes a connection with.
const (
	badMessage       websocket.StatusCode = 4400
	unauthorized     websocket.StatusCode = 4401
	forbidden        websocket.StatusCode = 4403
	badSubprotocol   websocket.StatusCode = 4406
	initTimeout      websocket.StatusCode = 4408
	subscriberExists websocket.StatusCode = 4409
	tooManyInits     websocket.StatusCode = 4429
	internalError    websocket.StatusCode = 4500
)

// farewell is why we close a connection.
type farewell struct {
	code   websocket.StatusCode
	reason string
}

func (f *farewell) Error() string { return f.reason }

// maxReason is how many bytes of a reason fit into a frame.
const maxReason = 123

func (f *farewell) say(socket *websocket.Conn) {
	reason := f.reason
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	_ = socket.Close(f.code, reason) // a client that is gone needs no reason
}

func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// serveWebSocket returns when the connection is closed.
func (h *Handler) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	leave := h.streams.connect()
	if leave == nil {
		http.Error(w, serverStops, http.StatusServiceUnavailable)
		return
	}
	defer leave()
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return // it has been answered
	}
	defer socket.CloseNow() //nolint:errcheck // it is closed already, or nobody is there to be told
	socket.SetReadLimit(maxGreeting)
	ctx, cancel := context.WithCancel(r.Context())
	c := &connection{handler: h, socket: socket, ctx: ctx, gone: cancel, box: newOutbox(ctx), running: map[string]*operation{}}
	var why *farewell
	if err := c.serve(r); errors.As(err, &why) {
		why.say(socket)
	}
	cancel()
	c.work.Wait()
	c.box.held.Release() // what was never sent
}

// maxGreeting is how many bytes a message may have of whom nobody knows yet.
const maxGreeting = 64 << 10

// message is what goes in both directions.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// next waits for a message and reads it, in the time that there is for one that
// has begun. The request that it is holds it.
func (c *connection) next(held *budget.Request) (message, error) {
	kind, r, err := c.socket.Reader(c.ctx)
	if err != nil {
		return message{}, err
	}
	defer time.AfterFunc(orDefault(c.handler.BodyTimeout, DefaultBodyTimeout), c.gone).Stop()
	text, err := readAll(r, -1, held)
	if err == nil {
		err = held.Take(int64(len(text)) + weight(text))
	}
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil || kind != websocket.MessageText {
		return message{}, &farewell{badMessage, "The message is not the JSON of a message."}
	}
	return m, nil
}

// greet waits for the client to say who it is, and returns the request with
// which it may ask.
func (c *connection) greet(r *http.Request) (*http.Request, error) {
	if c.socket.Subprotocol() != subprotocol {
		return nil, &farewell{badSubprotocol, "Subprotocol not acceptable; speak " + subprotocol + "."}
	}
	late := time.AfterFunc(orDefault(c.handler.InitTimeout, defaultInitTimeout), func() {
		(&farewell{initTimeout, "Connection initialisation timeout"}).say(c.socket)
	})
	defer late.Stop()
	for {
		m, err := c.next(nil)
		if err != nil {
			return nil, err
		}
		switch m.Type {
		case "connection_init":
			return withKey(r, m.Payload)
		case "ping":
			err = c.socket.Write(c.ctx, websocket.MessageText, []byte(pong))
		case "pong", "complete":
		case "subscribe":
			err = &farewell{unauthorized, "Unauthorized: send connection_init first."}
		default:
			err = unknownType(m)
		}
		if err != nil {
			return nil, err
		}
	}
}

// withKey takes the key from the message, since browsers cannot send it in the
// header of the request; a key in the message is the one that counts.
func withKey(r *http.Request, payload json.RawMessage) (*http.Request, error) {
	var said struct{ Authorization string }
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &said); err != nil {
			return nil, &farewell{badMessage, `The payload of connection_init must be an object such as {"Authorization": "Bearer KEY"}.`}
		}
	}
	if said.Authorization != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", said.Authorization)
	}
	return r, nil
}

func unknownType(m message) error {
	return &farewell{badMessage, "There is no message of the type " + m.Type + " to send here."}
}

// refuses says with what a connection is closed whose client may not ask.
func (h *Handler) refuses(ctx context.Context, err error) error {
	shown := h.shown(ctx, err)
	switch statusOf(codeOf(shown)) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &farewell{forbidden, shown.Message}
	case http.StatusInternalServerError:
		return &farewell{internalError, shown.Message}
	}
	return &farewell{websocket.StatusTryAgainLater, shown.Message}
}
