package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

var (
	lifeFor  = flag.Duration("life", 20*time.Second, "how long TestNoRecordIsFrozenFalsifiedOrLost changes the model, the data and the state of the server")
	lifeSeed = flag.Uint64("life.seed", 0, "the seed of that test, to have a run again; 0 draws one")
)

// life is a database through many starts of the server, and what must be in it.
type life struct {
	*testing.T
	r       *rand.Rand
	program string
	flags   []string
	folder  string
	p       *process

	entities string       // the folder of the definitions
	served   *definitions // those in force
	filled   map[string]bool

	plots, tools, people []*kept
	next                 int
	story                []string
	starts, refused      int
	kinds                map[string]string // by the path of a spot, as it was last served
	comebacks            int               // of spots that have another type since, with values
}

// TestNoRecordIsFrozenFalsifiedOrLost changes the model of a site at random, as its
// admin could, writes, deletes, restores and merges, and kills the server meanwhile.
// Every record stays readable and writable with the values it was given, or the
// change of the model was refused.
func TestNoRecordIsFrozenFalsifiedOrLost(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		seed := *lifeSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		l := &life{
			T: t, r: rand.New(rand.NewPCG(seed, 0)), program: builtServer(t), folder: filepath.Join(t.TempDir(), "data"),
			entities: t.TempDir(), filled: map[string]bool{}, kinds: map[string]string{},
		}
		l.flags = append([]string{"--entities", l.entities}, flags...)
		l.served = newDefinitions(l.r)
		t.Cleanup(func() {
			t.Logf("-life.seed %d: %d starts, %d changes of the model refused, %d fields with values came back as another type, %d records", seed, l.starts, l.refused, l.comebacks, len(l.plots)+len(l.tools)+len(l.people))
			if t.Failed() {
				t.Log("what happened last:\n" + strings.Join(l.story[max(0, len(l.story)-300):], "\n"))
			}
		})
		l.start(l.served)
		for until := time.Now().Add(*lifeFor); time.Now().Before(until); {
			for range 20 + l.r.IntN(40) {
				l.step()
			}
			l.compare()
			l.changeModel()
			l.compare()
		}
	})
}

func (l *life) tell(format string, args ...any) {
	l.story = append(l.story, fmt.Sprintf(format, args...))
}

// start writes the definitions and starts the server, which refuses them or has
// them in force then.
func (l *life) start(d *definitions) {
	l.Helper()
	files := d.files()
	old, err := filepath.Glob(filepath.Join(l.entities, "*"))
	if err != nil {
		l.Fatal(err)
	}
	for _, name := range old {
		if files[filepath.Base(name)] == "" {
			if err := os.Remove(name); err != nil {
				l.Fatal(err)
			}
		}
	}
	for name, text := range files {
		write(l, filepath.Join(l.entities, name), text)
	}
	l.p = spawnProgram(l, l.program, l.folder, nil, l.flags...).ready()
	l.starts++
	if l.starts == 1 {
		l.serve(d)
		return
	}
	status, body := l.p.get("/readyz")
	switch {
	case status != 200:
		l.Fatalf("/readyz answers %d %s", status, body)
	case !strings.Contains(body, "definition"):
		l.serve(d)
		return
	}
	l.refused++
	l.tell("refused: %s", body)
	if !strings.Contains(body, ".yaml:") && !strings.Contains(body, "cannot be unique") {
		l.Fatalf("the refusal names neither a file nor a field: %s", body)
	}
	for path := range l.served.differs(d) {
		if l.filled[path] {
			return
		}
	}
	l.Fatalf("a change that hurts no record was refused: %s", body)
}

// serve notes what is in force.
func (l *life) serve(d *definitions) {
	for _, s := range d.spots {
		if !s.there {
			continue
		}
		if kind := l.kinds[s.path()]; kind != "" && kind != s.kind && l.filled[s.path()] && !l.served.spot(s.path()).there {
			l.comebacks++
		}
		l.kinds[s.path()] = s.kind
	}
	l.served = d
}

// end stops the server, one way or the other.
func (l *life) end() {
	if l.r.IntN(2) == 0 {
		l.p.kill()
		return
	}
	l.p.signal(syscall.SIGTERM)
	l.p.status()
}

// changeModel starts the server anew with another model.
func (l *life) changeModel() {
	d := l.served.clone()
	for range 1 + l.r.IntN(3) {
		l.tell("model: %s", d.change(l.r))
	}
	l.end()
	l.start(d)
}

// errInterrupted says that the server was killed before it answered.
var errInterrupted = errors.New("killed")

// send asks the server, which is killed meanwhile now and then. It runs again when
// send returns.
func (l *life) send(query string, variables map[string]any) (map[string]any, error) {
	l.Helper()
	l.tell("%s %s", query, show(variables))
	if l.r.IntN(60) == 0 {
		process := l.p.cmd.Process
		defer time.AfterFunc(time.Duration(l.r.IntN(4000))*time.Microsecond, func() { _ = process.Kill() }).Stop()
	}
	var answer map[string]any
	err := l.p.ask(query, variables, &answer)
	var gone *client.Unreachable
	select {
	case <-l.p.ended:
	default:
		if errors.As(err, &gone) {
			l.p.status()
		}
	}
	if !errors.As(err, &gone) {
		if err != nil {
			l.tell("answered: %s", refusal(err))
		}
		return answer, err
	}
	l.tell("killed")
	l.start(l.served)
	return nil, errInterrupted
}

// ask is send for what is asked until it is answered.
func (l *life) ask(query string, variables map[string]any) (map[string]any, error) {
	l.Helper()
	for {
		if answer, err := l.send(query, variables); !errors.Is(err, errInterrupted) {
			return answer, err
		}
	}
}

func (l *life) must(query string, variables map[string]any) map[string]any {
	l.Helper()
	answer, err := l.ask(query, variables)
	if err != nil {
		l.Fatalf("%s %s: %s", query, show(variables), refusal(err))
	}
	return answer
}

// field walks into an answer.
func field(answer any, path ...string) any {
	for _, name := range path {
		m, _ := answer.(map[string]any)
		answer = m[name]
	}
	return answer
}
