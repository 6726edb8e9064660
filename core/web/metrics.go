package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what Prometheus reads. Each server has its own. Make them with
// NewMetrics.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
	calls    *prometheus.HistogramVec
}

// NewMetrics makes metrics that ask for the state of the plugins, for the events
// that wait for them, and for the requests that do, whenever they are read.
func NewMetrics(plugins func() []core.Plugin, backlog func(context.Context) ([]core.Backlog, error), requests func() []fairqueue.Count) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xrm_plugin_call_seconds", Help: "How long calls to plugins took, by what came of them.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10),
		}, []string{"plugin", "call", "code"}),
	}
	m.registry.MustRegister(m.calls, pluginCollector{plugins, backlog}, requestCollector{requests},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// Observe counts one call to a plugin; code is OK or that of the error.
func (m *Metrics) Observe(plugin, call, code string, took time.Duration) {
	m.calls.WithLabelValues(plugin, call, code).Observe(took.Seconds())
}

// pluginCollector looks at the plugins when it is asked.
type pluginCollector struct {
	plugins func() []core.Plugin
	backlog func(context.Context) ([]core.Backlog, error)
}

var (
	pluginState    = prometheus.NewDesc("xrm_plugin_state", "1 for the state that a plugin is in.", []string{"plugin", "version", "state"}, nil)
	pluginRestarts = prometheus.NewDesc("xrm_plugin_restarts_total", "How often the process of a plugin was started again.", []string{"plugin"}, nil)
	pluginEvents   = prometheus.NewDesc("xrm_plugin_events", "Events that wait for a plugin, and those that were put aside as dead.", []string{"plugin", "state"}, nil)
)

// Describe implements prometheus.Collector.
func (c pluginCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- pluginState
	descriptions <- pluginRestarts
	descriptions <- pluginEvents
}

// scrapeTimeout is how long the database may take, so that Prometheus gets the
// rest.
const scrapeTimeout = 2 * time.Second

// Collect implements prometheus.Collector.
func (c pluginCollector) Collect(found chan<- prometheus.Metric) {
	plugins := c.plugins()
	for _, p := range plugins {
		found <- prometheus.MustNewConstMetric(pluginState, prometheus.GaugeValue, 1, p.Name, p.Version, p.State)
		found <- prometheus.MustNewConstMetric(pluginRestarts, prometheus.CounterValue, float64(p.Restarts), p.Name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	backlog, err := c.backlog(ctx)
	if err != nil {
		return // the database is down, which /readyz tells
	}
	of := map[string]core.Backlog{}
	for _, b := range backlog {
		of[b.Subscriber] = b
	}
	for _, p := range plugins { // nothing that waits is 0, and not silence
		found <- prometheus.MustNewConstMetric(pluginEvents, prometheus.GaugeValue, float64(of[p.Name].Waiting), p.Name, "waiting")
		found <- prometheus.MustNewConstMetric(pluginEvents, prometheus.GaugeValue, float64(of[p.Name].Dead), p.Name, "dead")
	}
}

// requestCollector counts the requests to the API when it is asked.
type requestCollector struct{ counts func() []fairqueue.Count }

var (
	requests        = prometheus.NewDesc("xrm_requests", "Requests to the API that run, and those that wait for their turn, by how much they ask for.", []string{"kind", "state"}, nil)
	requestsRefused = prometheus.NewDesc("xrm_requests_refused_total", "Requests to the API that were RATE_LIMITED, by how much they asked for.", []string{"kind"}, nil)
)

// Describe implements prometheus.Collector.
func (c requestCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- requests
	descriptions <- requestsRefused
}

// Collect implements prometheus.Collector.
func (c requestCollector) Collect(found chan<- prometheus.Metric) {
	for _, n := range c.counts() {
		found <- prometheus.MustNewConstMetric(requests, prometheus.GaugeValue, float64(n.Running), n.Kind, "running")
		found <- prometheus.MustNewConstMetric(requests, prometheus.GaugeValue, float64(n.Waiting), n.Kind, "waiting")
		found <- prometheus.MustNewConstMetric(requestsRefused, prometheus.CounterValue, float64(n.Refused), n.Kind)
	}
}

// monitorRole is the shipped role that may read metrics, as an administrator
// may.
const monitorRole = "monitor"

// serveMetrics answers who has a key with the role for it.
func (s *Site) serveMetrics(w http.ResponseWriter, r *http.Request) {
	actor, err := s.Authenticator.Identify(r)
	switch {
	case core.CodeOf(err) == core.Unauthenticated:
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "Send an API key with the role "+monitorRole+": Authorization: Bearer KEY.", http.StatusUnauthorized)
	case err != nil:
		s.Log.Warn("the key of a request for metrics cannot be checked", "error", err)
		http.Error(w, "The database cannot be reached.", http.StatusServiceUnavailable)
	case !slices.Contains(actor.Roles, monitorRole) && !slices.Contains(actor.Roles, core.AdminRole):
		http.Error(w, "Metrics are for keys with the role "+monitorRole+".", http.StatusForbidden)
	default:
		s.Metrics.handler.ServeHTTP(w, r)
	}
}
