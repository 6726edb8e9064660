package mongo

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
)

// cut is a process that is killed at one of its writes: before the server gets it, or
// before the answer is there.
type cut struct {
	mu       sync.Mutex
	left     int  // writes that go well
	unasked  bool // whether the server does not get it
	fell     bool
	awaiting bool // the answer to the last write
}

// asks says whether a request is the one at which the process is killed, and is not
// to be passed on.
func (c *cut) asks(request []byte) (killed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fell || !isWrite(request) {
		return c.fell
	}
	if c.left > 0 {
		c.left--
		return false
	}
	c.fell, c.awaiting = c.unasked, !c.unasked
	return c.fell
}

// answered says whether an answer is the one that does not come through any more.
func (c *cut) answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fell = c.fell || c.awaiting
	return c.fell
}

func (c *cut) has() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fell
}

// isWrite reads the name of a command where the protocol has it: after the header, the
// flags, the kind of the section and the length and type of the first element.
func isWrite(request []byte) bool {
	return slices.Contains([]string{"insert", "update", "delete", "findAndModify"}, commandIn(request))
}

const opMsg = 2013

func commandIn(request []byte) string {
	const name = 26
	if len(request) <= name || binary.LittleEndian.Uint32(request[12:]) != opMsg {
		return ""
	}
	command, _, _ := bytes.Cut(request[name:], []byte{0})
	return string(command)
}

// requests lets what a client says through, unless it is killed by that.
type requests struct {
	door   *door
	client io.Writer
	server io.Writer
}

func (r requests) Write(p []byte) (int, error) {
	r.door.mu.Lock()
	cut, victims := r.door.cut, r.door.victims
	r.door.mu.Unlock()
	if victims != nil && victims.takes(p) {
		_, err := r.client.Write(refusal(p))
		return len(p), err
	}
	if cut != nil && cut.asks(p) {
		r.door.Shut()
		return 0, net.ErrClosed
	}
	return r.server.Write(p)
}
