package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line, and the longest row of several lines, that is
// read; it bounds the memory.
const maxLine = 1 << 20

// line is one line of the file as it stands there.
type line struct {
	number int
	text   string // without its end; cut where the line is longer than maxLine
	fault  string // why the line cannot be part of any row
}

// lines hands out the lines of a file and takes them back.
type lines struct {
	in     *bufio.Reader
	number int
	offset int64
	back   []line // taken back, the next one last
}

func newLines(r io.Reader) *lines {
	return &lines{in: bufio.NewReaderSize(r, 64<<10)}
}

// next returns io.EOF behind the last line.
func (l *lines) next() (line, error) {
	if n := len(l.back); n > 0 {
		first := l.back[n-1]
		l.back = l.back[:n-1]
		return first, nil
	}
	var text []byte
	length := 0
	for {
		part, err := l.in.ReadSlice('\n')
		length += len(part)
		l.offset += int64(len(part))
		if room := maxLine + 2 - len(text); room > 0 {
			text = append(text, part[:min(room, len(part))]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return line{}, err
		}
		if length == 0 {
			return line{}, io.EOF
		}
		break
	}
	l.number++
	return l.check(text), nil
}

func (l *lines) check(text []byte) line {
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	read := line{number: l.number, text: string(text)}
	switch {
	case len(text) > maxLine:
		read.text = strings.ToValidUTF8(read.text[:maxLine], "\uFFFD")
		read.fault = fmt.Sprintf("the line is longer than %d bytes", maxLine)
	case !utf8.Valid(text):
		read.fault = notUTF8(text)
		read.text = strings.ToValidUTF8(read.text, "\uFFFD")
	}
	return read
}

// unread gives lines back, to be handed out again in their order.
func (l *lines) unread(read []line) {
	for i := len(read) - 1; i >= 0; i-- {
		l.back = append(l.back, read[i])
	}
}

func notUTF8(text []byte) string {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return fmt.Sprintf("is not UTF-8 (byte 0x%X behind %q); save the file as UTF-8 or name its encoding in the map", text[at], tail(string(text[:at])))
}

// tail is the end of a text, to find the place by.
func tail(s string) string {
	r := []rune(s)
	return string(r[max(0, len(r)-20):])
}
