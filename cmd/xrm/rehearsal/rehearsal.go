package rehearsal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// opening is the first line: where the plugin and the host find each other, and the
// folders with the entities of other plugins.
type opening struct {
	Plugin   string
	Host     string
	Entities []string
}

// request is every other line that comes: Do says what with which arguments, or Answer
// is what the test says to a question of the host.
type request struct {
	ID     int
	Do     string
	With   json.RawMessage
	Answer *answer
}

// answer is how a request has ended.
type answer struct {
	Value   any      `json:"value,omitempty"`
	Refused *refusal `json:"refused,omitempty"`
	Failed  string   `json:"failed,omitempty"` // what is wrong with the test, or with the plugin
}

type refusal struct {
	Code       string          `json:"code"`
	Message    string          `json:"message"`
	Violations []sdk.Violation `json:"violations,omitempty"`
}

// question is what the host asks the test: what another plugin, or another host, says.
type question struct {
	Of   string `json:"of"` // operation, or site
	Name string `json:"name"`
	With any    `json:"with"`
}

// line is what goes out: an answer to a request, a question, or a line of the log.
type line struct {
	ID     int       `json:"id,omitempty"`
	Answer *answer   `json:"answer,omitempty"`
	Asks   *question `json:"asks,omitempty"`
	Log    string    `json:"log,omitempty"`
}

// stage is one host with its plugin.
type stage struct {
	bench *bench
	host  *plugintest.Host

	mu      sync.Mutex // guards what follows
	out     *json.Encoder
	asked   int
	waiting map[int]chan answer
	lasts   map[int]*lasting // by the id of the request
}

// Run carries out what is asked for until in ends.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := json.NewDecoder(bufio.NewReader(in))
	s := &stage{out: json.NewEncoder(out), waiting: map[int]chan answer{}, lasts: map[int]*lasting{}}
	ctx, cancel := context.WithCancel(ctx)
	s.bench = &bench{ctx: ctx, log: func(text string) { s.send(line{Log: text}) }}
	defer s.bench.close()
	defer cancel()
	var o opening
	if err := lines.Decode(&o); err != nil {
		return fmt.Errorf("read where the plugin is: %w", err)
	}
	opened := s.try(func() (any, error) {
		var others []fs.FS
		for _, folder := range o.Entities {
			others = append(others, os.DirFS(folder))
		}
		s.host = plugintest.Attach(s.bench, o.Plugin, o.Host, others...)
		return nil, nil
	})
	s.send(line{Answer: &opened})
	for opened.Failed == "" {
		var r request
		if err := lines.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		if r.Answer != nil {
			s.answered(r.ID, *r.Answer)
			continue
		}
		go func() {
			ended := s.try(func() (any, error) { return s.carryOut(r) })
			s.send(line{ID: r.ID, Answer: &ended})
		}()
	}
	return nil
}

func (s *stage) send(l line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(l) // a test that is gone needs no answer
}

// try turns all ways in which something ends into an answer.
func (s *stage) try(do func() (any, error)) (a answer) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case fatal:
			a = answer{Failed: string(p)}
		default:
			panic(p)
		}
		if failures := s.bench.failures(); failures != "" && a.Failed == "" {
			a = answer{Failed: failures}
		}
	}()
	value, err := do()
	var refused *sdk.Error
	switch {
	case errors.As(err, &refused):
		return answer{Refused: &refusal{refused.Code, refused.Message, refused.Violations}}
	case err != nil:
		return answer{Refused: &refusal{Code: sdk.CodeInternal, Message: err.Error()}}
	}
	return answer{Value: value}
}

// ask has the test say something, in the place of others.
func (s *stage) ask(q question) (any, error) {
	s.mu.Lock()
	s.asked++
	id, came := s.asked, make(chan answer, 1)
	s.waiting[id] = came
	s.mu.Unlock()
	s.send(line{ID: id, Asks: &q})
	select {
	case a := <-came:
		if a.Refused != nil {
			return nil, &sdk.Error{Code: a.Refused.Code, Message: a.Refused.Message, Violations: a.Refused.Violations}
		}
		return a.Value, nil
	case <-s.bench.ctx.Done():
		return nil, s.bench.ctx.Err()
	}
}

func (s *stage) answered(id int, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if came := s.waiting[id]; came != nil {
		came <- a
		delete(s.waiting, id)
	}
}

// values keep whole numbers whole.
type values map[string]any

func (v *values) UnmarshalJSON(data []byte) (err error) {
	if string(data) == "null" {
		return nil
	}
	*v, err = pluginpb.Decode(data)
	return err
}
