package plugintest

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"github.com/openxrm/xrm/sdk/contract/extension"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/contract/worktime"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Host is the other side of a plugin under test. It is safe for concurrent
// use, as a plugin's handlers are; what moves its clock is for the test alone.
type Host struct {
	t           testing.TB
	model       *schema.Model
	plugin      pluginpb.PluginClient
	description *pluginpb.DescribeResponse
	store       store

	asPlugin     bool                          // it may act for itself
	needs        *extension.Needs              // what it may add to the records of others; nil for anything
	unconfigured string                        // why the plugin could not be configured; "" when it is
	callable     []string                      // operations of others that its manifest asks for; nil without a manifest, when it may call all
	connections  map[string]connection.Address // that its manifest asks for; nil without a manifest, when there is no limit
	jobs         []*job

	mu         sync.Mutex // guards what follows
	now        time.Time
	user       *pluginpb.User // who causes calls from now on
	calls      int            // so far
	running    map[string]call
	finds      int
	generation int64
	events     []*pluginpb.Event // all that has happened
	queue      []*delivery
	dead       []DeadLetter
	timers     map[[2]string]*timer // by name and key
	state      map[string]value
	secrets    map[string]string
	mayMail    bool                      // the manifest asks for it
	mails      []Mail                    // that were sent
	posted     []string                  // the ids of their records
	calendars  *worktime.Calendars       // of the site; nil for none
	sites      map[string]http.Handler   // what answers the plugin's requests, by address
	lines      map[string]func(net.Conn) // what is at the other end of its connections, by name
	files      map[string]uploaded       // that were uploaded, by id
	requests   map[string]request        // by user and idempotency key
	keys       int
	broadcasts []Broadcast
	topics     map[string][]string                          // that calls listen to, by their tokens
	listened   chan struct{}                                // closed when one more does
	others     map[string]func(map[string]any) (any, error) // operations of other plugins
	services   map[string]chan struct{}                     // gets a word when the service has returned

	telling sync.Mutex // one thing at a time is told to those who listen
	posting sync.Mutex // one mail at a time is sent
}

// Start runs a plugin until the test ends. others hold the entities of other
// plugins that this one needs. A mistake in the plugin or in its entities ends
// the test.
func Start(t testing.TB, p sdk.Plugin, others ...fs.FS) *Host {
	t.Helper()
	h := newHost(t)
	p.Services = h.watched(p.Services)
	transport, err := sdk.NewTransport(p, func() {})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, &wire{Transport: transport, host: h})
	h.open(others)
	return h
}

// newHost is a host without a plugin.
func newHost(t testing.TB) *Host {
	h := &Host{
		t: t, store: store{byID: map[string]*stored{}, drawn: map[string]int64{}, gapless: map[string]int64{}, kept: map[string]made{}},
		now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), running: map[string]call{},
		timers: map[[2]string]*timer{}, state: map[string]value{}, secrets: map[string]string{}, sites: map[string]http.Handler{}, lines: map[string]func(net.Conn){}, files: map[string]uploaded{}, requests: map[string]request{},
		topics: map[string][]string{}, listened: make(chan struct{}),
		others: map[string]func(map[string]any) (any, error){},
	}
	h.As(sdk.User{ID: "tester", Name: "Tester", Roles: []string{"admin"}})
	return h
}

// open has the plugin describe itself, and holds that against its manifest and the
// entities.
func (h *Host) open(others []fs.FS) {
	t := h.t
	t.Helper()
	lifeline, err := h.plugin.Watch(context.Background(), &pluginpb.WatchRequest{})
	if err == nil {
		_, err = lifeline.Recv()
	}
	if err != nil {
		t.Fatalf("open the lifeline of the plugin: %v", err)
	}
	h.description, err = h.plugin.Describe(t.Context(), &pluginpb.DescribeRequest{Features: contract.Features()})
	if err != nil {
		t.Fatalf("ask the plugin what it is: %v", err)
	}
	if err := contract.CheckSize(h.description); err != nil {
		t.Fatalf("the plugin %s is too large:\n%v", h.description.GetName(), err)
	}
	if err := h.holdAgainst(); err != nil {
		t.Error(err)
	}
	h.load(others)
	for _, described := range h.description.GetJobs() {
		j, err := newJob(described, h.now)
		if err != nil {
			t.Fatal(err)
		}
		h.jobs = append(h.jobs, j)
	}
	h.configureByDefault()
}

// load checks the plugin's entities together with the shipped ones and the
// others, and that there is every entity that the plugin names elsewhere.
func (h *Host) load(others []fs.FS) {
	h.t.Helper()
	sources := entities.All()
	for _, other := range others {
		found, err := schema.ReadSources(mention.Another, "", other)
		if err != nil {
			h.t.Fatalf("the entities of another plugin: %v", err)
		}
		sources = append(sources, found...)
	}
	d := h.description
	var err error
	if h.model, err = schema.Load(append(sources, mention.Sources(d)...)...); err != nil {
		h.t.Fatalf("the entities of the plugin:\n%v", err)
	}
	h.model = h.model.In(region)
	_, unread := contract.Mails(d)
	err = errors.Join(mention.CheckDescription(h.model, d), mention.CheckParties(h.model, d), unread)
	if h.needs != nil {
		err = errors.Join(err, h.needs.Check(h.model, d.GetName(), mention.Sources(d)).Err())
	}
	if err != nil {
		h.t.Fatalf("the plugin %s:\n%v", d.GetName(), err)
	}
}
