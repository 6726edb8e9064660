package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk"
)

// with is what may come with a request.
type with struct {
	Entity, ID, Operation, Field, Name, Topic, Key, From, Into, Value string

	Version      int64
	To           int
	Values       values
	Filter       values
	Arguments    values
	Parents      []string
	Files        []string
	Payload      any
	Milliseconds int64
	Method       string
	Target       string
	Headers      [][2]string
	Body         []byte
	User         sdk.User
	Goes         int // the request that has begun what goes on
}

func (s *stage) carryOut(r request) (any, error) {
	act, known := acts[r.Do]
	if !known {
		s.bench.Fatalf("there is nothing called %q to do%s", r.Do, strictyaml.Suggest(r.Do, slices.Sorted(maps.Keys(acts))))
	}
	var w with
	if len(r.With) > 0 {
		if err := json.Unmarshal(r.With, &w); err != nil {
			return nil, fmt.Errorf("read what %s is to be done with: %w", r.Do, err)
		}
	}
	return act(s, r.ID, w)
}

type act func(s *stage, id int, w with) (any, error)

// done is an act that never fails.
func done(do func(s *stage, w with)) act {
	return func(s *stage, _ int, w with) (any, error) {
		do(s, w)
		return nil, nil
	}
}

// acts are all that a test may ask for, each as the method of plugintest.Host.
var acts = map[string]act{
	"add": func(s *stage, _ int, w with) (any, error) { return record(s.host.Add(w.Entity, w.Values), nil) },
	"get": func(s *stage, _ int, w with) (any, error) { return record(s.host.Get(w.Entity, w.ID), nil) },
	"find": func(s *stage, _ int, w with) (any, error) {
		return records(s.host.Find(w.Entity, sdk.Filter(w.Filter))), nil
	},
	"save": func(s *stage, _ int, w with) (any, error) {
		return record(s.host.Save(&sdk.Record{Entity: w.Entity, ID: w.ID, Version: w.Version, Values: w.Values}))
	},
	"delete": func(s *stage, _ int, w with) (any, error) { return nil, s.host.Delete(w.Entity, w.ID) },
	"call": func(s *stage, _ int, w with) (any, error) {
		if w.Key != "" {
			return s.host.CallOnce(w.Key, w.Operation, w.Arguments)
		}
		return s.host.Call(w.Operation, w.Arguments)
	},
	"resolve": func(s *stage, _ int, w with) (any, error) {
		var parents []*sdk.Record
		for _, id := range w.Parents {
			parents = append(parents, &sdk.Record{Entity: w.Entity, ID: id})
		}
		return s.host.Resolve(w.Entity, w.Field, parents...)
	},
	"finds":        func(s *stage, _ int, _ with) (any, error) { return s.host.Finds(), nil },
	"as":           done(func(s *stage, w with) { s.host.As(w.User) }),
	"subscribe":    follow,
	"next":         next,
	"startService": start,
	"runService":   func(s *stage, _ int, w with) (any, error) { return nil, s.host.RunService(w.Name) },
	"stop":         done(func(s *stage, w with) { s.going(w.Goes).stop() }),
	"deliver":      done(func(s *stage, _ with) { s.host.Deliver() }),
	"events":       func(s *stage, _ int, w with) (any, error) { return events(s.host.Events(w.Topic)), nil },
	"redeliver":    redeliver,
	"deadLetters":  deadLetters,
	"advance":      done(func(s *stage, w with) { s.host.Advance(time.Duration(w.Milliseconds) * time.Millisecond) }),
	"now":          func(s *stage, _ int, _ with) (any, error) { return s.host.Now(), nil },
	"runJob":       func(s *stage, _ int, w with) (any, error) { return nil, s.host.RunJob(w.Name) },
	"configure":    func(s *stage, _ int, w with) (any, error) { return nil, s.host.Configure(w.Values) },
	"setSecret":    done(func(s *stage, w with) { s.host.SetSecret(w.Name, w.Value) }),
	"setCalendars": done(func(s *stage, w with) { s.host.SetCalendars(w.Files...) }),
	"mergeParty":   done(func(s *stage, w with) { s.host.MergeParty(w.From, w.Into) }),
	"eraseParty":   done(func(s *stage, w with) { s.host.EraseParty(w.ID) }),
	"exportParty":  func(s *stage, _ int, w with) (any, error) { return s.host.ExportParty(w.ID) },
	"broadcast":    done(func(s *stage, w with) { s.host.Broadcast(w.Topic, w.Payload) }),
	"migrate": func(s *stage, _ int, w with) (any, error) {
		return s.host.Migrate(w.Entity, int(w.Version), w.To, w.Values)
	},
	"text":    func(s *stage, _ int, w with) (any, error) { return s.host.Text(w.Key, w.Value), nil },
	"upload":  func(s *stage, _ int, w with) (any, error) { return s.host.Upload(w.Name, w.Body), nil },
	"content": func(s *stage, _ int, w with) (any, error) { return s.host.Content(w.ID), nil },
	"pageFile": func(s *stage, _ int, w with) (any, error) {
		if content, found := s.host.PageFile(w.Name, w.Target); found {
			return append([]byte{}, content...), nil
		}
		return nil, nil
	},
	"mails":          func(s *stage, _ int, _ with) (any, error) { return mails(s.host.Mails()), nil },
	"broadcasts":     func(s *stage, _ int, _ with) (any, error) { return broadcasts(s.host.Broadcasts()), nil },
	"missBroadcasts": done(func(s *stage, _ with) { s.host.MissBroadcasts() }),
	"awaitListener":  done(func(s *stage, w with) { s.host.AwaitListener(w.Topic) }),
	"http":           serve,
	"offer": done(func(s *stage, w with) {
		s.host.Offer(w.Operation, func(arguments map[string]any) (any, error) {
			return s.ask(question{"operation", w.Operation, arguments})
		})
	}),
	"site": done(func(s *stage, w with) { s.host.Site(w.Name, site{s, w.Name}) }),
}

// lasting is a subscription, which the test follows at its own pace, or a service.
type lasting struct {
	next func() (any, error, bool)
	stop func()
}

func follow(s *stage, id int, w with) (any, error) {
	next, stop := iter.Pull2(s.host.Subscribe(w.Operation, w.Arguments))
	return s.keep(id, &lasting{next, stop}), nil
}

func start(s *stage, id int, w with) (any, error) {
	return s.keep(id, &lasting{stop: s.host.StartService(w.Name)}), nil
}

func (s *stage) keep(id int, l *lasting) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lasts[id] = l
	return id
}

func (s *stage) going(id int) *lasting {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lasts[id]
}

// next is a list with what comes next, or an empty one at the end.
func next(s *stage, _ int, w with) (any, error) {
	value, err, more := s.going(w.Goes).next()
	if err != nil || !more {
		return []any{}, err
	}
	return []any{value}, nil
}

// serve sends the plugin a request, and reads the whole answer.
func serve(s *stage, _ int, w with) (any, error) {
	r := httptest.NewRequestWithContext(s.bench.ctx, w.Method, w.Target, bytes.NewReader(w.Body))
	for _, h := range w.Headers {
		r.Header.Add(h[0], h[1])
	}
	answer := s.host.HTTP(r)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return map[string]any{"status": answer.StatusCode, "headers": pairs(answer.Header), "body": body}, err
}

func pairs(header http.Header) [][2]string {
	list := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			list = append(list, [2]string{name, value})
		}
	}
	return list
}

// site is a host outside, which the test plays.
type site struct {
	stage *stage
	name  string
}

// ServeHTTP implements http.Handler.
func (p site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var said any
		said, err = p.stage.ask(question{"site", p.name, map[string]any{"method": r.Method, "url": r.URL.String(), "headers": pairs(r.Header), "body": body}})
		if err == nil {
			err = write(w, said)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func write(w http.ResponseWriter, said any) error {
	var answer struct {
		Status  int
		Headers map[string]string
		Body    []byte
	}
	encoded, err := json.Marshal(said)
	if err == nil {
		err = json.Unmarshal(encoded, &answer)
	}
	if err != nil {
		return err
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.Status)
	_, err = w.Write(answer.Body)
	return err
}
