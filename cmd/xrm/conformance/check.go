package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mark is how a check has ended.
type Mark string

// The marks. Only Failed speaks against the plugin.
const (
	Passed        Mark = "passed"
	Failed        Mark = "failed"
	NotApplicable Mark = "not applicable" // the plugin has nothing that could be checked, or a check before has failed
)

// Result is what one check has shown.
type Result struct {
	Check        string `json:"check"`
	Mark         Mark   `json:"outcome"`
	Expected     string `json:"expected"`
	Seen         string `json:"seen,omitempty"`   // what happened instead, or why the check does not apply
	Remedy       string `json:"remedy,omitempty"` // how to mend it
	Milliseconds int64  `json:"milliseconds"`
}

// Settings are what a plugin may need to be checked.
type Settings struct {
	Config   []byte          // JSON object that Configure gets; nil: one is made up from the schema
	Entities []schema.Source // those of other plugins that this one mentions
}

// check is one thing that every plugin has to get right.
type check struct {
	name     string
	expected string // completes "expected: ..."
	remedy   string // how a plugin that fails is mended
	run      func(ctx context.Context, b *bench) error
}

// inapplicable is the error of a check that has nothing to look at.
type inapplicable string

func (i inapplicable) Error() string { return string(i) }

const (
	notStarted   inapplicable = "the plugin did not start"
	notDescribed inapplicable = "the plugin did not describe itself"
)

// checkTimeout is what a check may take, the start of a process included.
const checkTimeout = 30 * time.Second

// Run carries out every check in order and reports each as soon as it is done.
// It leaves no process behind.
func Run(ctx context.Context, p Program, s Settings, report func(Result)) error {
	model, err := schema.Load(append(entities.All(), s.Entities...)...)
	if err != nil {
		return fmt.Errorf("load the entities of other plugins: %w", err)
	}
	own, err := newIdentity()
	if err != nil {
		return err
	}
	b := &bench{program: p, settings: s, own: own, host: newHost(p.Name, model)}
	defer b.close()
	for _, c := range checks() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		report(b.carryOut(ctx, c))
	}
	return nil
}

func checks() []check {
	var all []check
	for _, group := range [][]check{startChecks(), describeChecks(), modelChecks(), configChecks(), callChecks(), twiceChecks(), eventChecks(), loadChecks(), endChecks()} {
		all = append(all, group...)
	}
	return all
}

// bench holds a plugin that runs, as long as it does.
type bench struct {
	program  Program
	settings Settings
	own      *identity
	host     *host

	main        *link
	second      *link // runs beside main, and is the one that is stopped
	startErr    error // why main never ran
	description *pluginpb.DescribeResponse
	config      []byte            // that the plugin has taken
	refusals    []*pluginpb.Error // all that it has answered with
	talkative   *handler          // one that calls the host back; nil until there was one
}

func (b *bench) carryOut(ctx context.Context, c check) Result {
	result := Result{Check: c.name, Mark: Passed, Expected: c.expected}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	began := time.Now()
	err := c.run(ctx, b)
	result.Milliseconds = time.Since(began).Milliseconds()
	if crash := b.crash(brokenOff(err)); crash != nil {
		err = crash // says more than the call that broke
	}
	var why inapplicable
	switch {
	case err == nil:
	case errors.As(err, &why):
		result.Mark, result.Seen = NotApplicable, string(why)
	default:
		result.Mark, result.Seen, result.Remedy = Failed, strings.TrimSpace(err.Error()), c.remedy
	}
	return result
}

// crash says why the plugin does not run any more, once; the next check gets
// a new process. After a call that broke off the process may just be ending.
func (b *bench) crash(suspected bool) error {
	if b.main == nil {
		return nil
	}
	if suspected {
		b.main.process.endsWithin(200 * time.Millisecond)
	}
	err := b.main.alive()
	if err != nil {
		b.main.close()
		b.main = nil
	}
	return err
}

// plugin returns the plugin, and starts it when it does not run.
func (b *bench) plugin(ctx context.Context) (*link, error) {
	if b.main != nil {
		return b.main, nil
	}
	if b.startErr != nil {
		return nil, notStarted
	}
	l, err := b.start(ctx)
	if err != nil {
		b.startErr = err
		return nil, err
	}
	b.main = l
	return l, nil
}

// start starts one more process, with the configuration that it is to have.
func (b *bench) start(ctx context.Context) (*link, error) {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l, err := start(starting, b.program, b.own, b.host)
	if err != nil || b.config == nil {
		return l, err
	}
	if _, err = l.plugin.Configure(starting, &pluginpb.ConfigureRequest{Generation: 1, Config: b.config}); err != nil {
		l.close()
		return nil, fmt.Errorf("configure the plugin: %w", err)
	}
	return l, nil
}

// described returns the plugin and what it has said of itself.
func (b *bench) described(ctx context.Context) (*link, *pluginpb.DescribeResponse, error) {
	l, err := b.plugin(ctx)
	if err == nil && b.description == nil {
		err = notDescribed
	}
	return l, b.description, err
}

func (b *bench) close() {
	for _, l := range []*link{b.main, b.second} {
		if l != nil {
			l.close()
		}
	}
}
