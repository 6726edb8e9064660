package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/openxrm/xrm/core/budget"
)

// firstRead is how much is read of a body before it must have brought more.
const firstRead = 16 << 10

// readAll reads all that a client sends, of size bytes or, if that is negative,
// nobody knows how many. The request takes the room for each piece before the
// piece is read: one that is announced and does not come holds nothing.
func readAll(r io.Reader, size int64, held *budget.Request) ([]byte, error) {
	var body []byte
	for {
		if len(body) == cap(body) {
			room := max(firstRead, 2*int64(cap(body)))
			if size >= 0 {
				room = min(room, size+1) // one more, to see the end
			}
			room = max(room, int64(len(body))+1)
			if err := held.Take(room - int64(cap(body))); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, room), body...)
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// weight is about how many bytes JSON takes when it is decoded.
func weight(text []byte) int64 {
	values := 1
	for _, sign := range []string{",", "{", "["} {
		values += bytes.Count(text, []byte(sign))
	}
	return int64(len(text)) + 64*int64(values)
}

// body reads the body of a request, in the time that there is for it.
func (h *Handler) body(ctx context.Context, w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	limit, within := orDefault(h.MaxBodyBytes, DefaultMaxBodyBytes), orDefault(h.BodyTimeout, DefaultBodyTimeout)
	connection, held := http.NewResponseController(w), budget.From(ctx)
	timed := connection.SetReadDeadline(time.Now().Add(within)) == nil
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength, held)
	if err == nil {
		err = held.Take(weight(body))
	}
	if timed && err == nil {
		err = connection.SetReadDeadline(time.Time{}) // which would end the request while it is answered
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case held.Refused() != nil:
		return nil, &problem{refused: h.shown(ctx, err)}
	case errors.As(err, &tooLarge):
		return nil, &problem{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("The request is longer than %d bytes, which is the limit; send it in smaller pieces.", limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &problem{status: http.StatusRequestTimeout, message: fmt.Sprintf("The request did not come within %s, which is the limit; send it in smaller pieces.", within)}
	}
	return nil, badRequest("The request ended before it was complete.")
}
