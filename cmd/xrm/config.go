package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema"
)

// Config is what an operator can set: every field is a key of xrm.yaml and a
// variable XRM_...; the plain texts are flags too. The doc tags are shown in
// the help.
type Config struct {
	Listen    string `yaml:"listen" koanf:"listen" doc:"address and port where the server listens"`
	Data      string `yaml:"data" koanf:"data" doc:"folder of the embedded store and of the first key"`
	Store     string `yaml:"store" koanf:"store" doc:"sqlite, the mongodb:// URI of a database, or memory: empty at the start, and gone at the end"`
	Plugins   string `yaml:"plugins" koanf:"plugins" doc:"folder of the plugins, one folder for each"`
	Trust     string `yaml:"trust" koanf:"trust" doc:"approved: only plugins that an admin has approved run; any: all that lie there do, for development"`
	Entities  string `yaml:"entities" koanf:"entities" doc:"folder of your own entity definitions"`
	Roles     string `yaml:"roles" koanf:"roles" doc:"folder of your own roles"`
	Calendars string `yaml:"calendars" koanf:"calendars" doc:"folder of the calendars of your working time"`
	Region    string `yaml:"region" koanf:"region" doc:"country whose national phone numbers are understood where a record names none"`
	Collation string `yaml:"collation" koanf:"collation" doc:"language in whose order names sort, such as de, sv or de-u-co-phonebk"`
	Server    string `yaml:"server" koanf:"server" doc:"URL of the server that a client command talks to (default http://LISTEN)"`
	KeyFile   string `yaml:"keyFile" koanf:"keyFile" doc:"file with the API key of a client command (default DATA/admin.key; XRM_KEY holds the key itself)"`

	Pages   Pages   `yaml:"pages" koanf:"pages"`
	Mail    Mail    `yaml:"mail" koanf:"mail"`
	Log     Log     `yaml:"log" koanf:"log"`
	Limits  Limits  `yaml:"limits" koanf:"limits"`
	Timeout Timeout `yaml:"timeout" koanf:"timeout"`
}

// Mail says how mails are sent. The password lies in a file, so that it is in no
// environment and no list of processes.
type Mail struct {
	Server       string `yaml:"server" koanf:"server" doc:"host and port of the mail server that takes your mails, such as mail.example.com:587; none are sent without"`
	Security     string `yaml:"security" koanf:"security" doc:"starttls, tls, or none for a server on the same machine"`
	From         string `yaml:"from" koanf:"from" doc:"who mails are from, such as Example Ltd <service@example.com>"`
	User         string `yaml:"user" koanf:"user" doc:"name at the mail server; none where it asks for none"`
	PasswordFile string `yaml:"passwordFile" koanf:"passwordFile" doc:"file with the password of that user"`
	Inbox        Inbox  `yaml:"inbox" koanf:"inbox"`
}

// Inbox says where mails come in.
type Inbox struct {
	Server       string `yaml:"server" koanf:"server" doc:"host and port of the IMAP server with the mailbox whose mails are taken in, such as imap.example.com:993; none are taken in without"`
	Security     string `yaml:"security" koanf:"security" doc:"tls, starttls, or none for a server on the same machine"`
	User         string `yaml:"user" koanf:"user" doc:"whose mailbox that is"`
	PasswordFile string `yaml:"passwordFile" koanf:"passwordFile" doc:"file with the password of that user"`
	Folder       string `yaml:"folder" koanf:"folder" doc:"folder of the mailbox"`
}

// Pages says where the pages of plugins are.
type Pages struct {
	Host string `yaml:"host" koanf:"host" doc:"host name of the server, such as crm.example.com, below which each plugin has one for its pages: NAME.crm.example.com; without it they are kept in a sandbox"`
}

// hostName is one that a policy and a certificate can name.
var hostName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// Log says how the server logs.
type Log struct {
	Format string `yaml:"format" koanf:"format" doc:"text or json"`
	Level  string `yaml:"level" koanf:"level" doc:"debug, info, warn or error"`
}

// Limits bound what one request may ask for.
type Limits struct {
	Page          int `yaml:"page" koanf:"page" doc:"records on one page"`
	Count         int `yaml:"count" koanf:"count" doc:"where totalCount stops counting"`
	Depth         int `yaml:"depth" koanf:"depth" doc:"fields inside one another"`
	Cost          int `yaml:"cost" koanf:"cost" doc:"values that the answer to one request may have"`
	DocumentBytes int `yaml:"documentBytes" koanf:"documentBytes" doc:"length of a GraphQL document"`
	BodyBytes     int `yaml:"bodyBytes" koanf:"bodyBytes" doc:"length of a whole request, its variables included"`
	FileBytes     int `yaml:"fileBytes" koanf:"fileBytes" doc:"size of one uploaded file"`
	Subscriptions int `yaml:"subscriptions" koanf:"subscriptions" doc:"subscriptions of all clients that run at the same time"`
	Connections   int `yaml:"connections" koanf:"connections" doc:"open connections; more wait until one is closed"`
	RequestMemory int `yaml:"requestMemory" koanf:"requestMemory" doc:"bytes that one request may hold in memory; 0 for a share of what the server may use"`
	KeyMemory     int `yaml:"keyMemory" koanf:"keyMemory" doc:"bytes that the requests of one key may hold together; 0 for a share"`
	TotalMemory   int `yaml:"totalMemory" koanf:"totalMemory" doc:"bytes that all requests may hold together; 0 for a share"`
}

// Timeout bounds how long things may take.
type Timeout struct {
	Request  time.Duration `yaml:"request" koanf:"request" doc:"for one request, or one event of a subscription"`
	Body     time.Duration `yaml:"body" koanf:"body" doc:"until the body of a request to the API must have come"`
	Store    time.Duration `yaml:"store" koanf:"store" doc:"until a database that does not answer counts as unavailable"`
	Plugin   time.Duration `yaml:"plugin" koanf:"plugin" doc:"for which the start waits for plugins"`
	Shutdown time.Duration `yaml:"shutdown" koanf:"shutdown" doc:"for what still runs when the server is told to stop"`
}

// defaultConfig is what holds where nothing is set. Where something below has a
// default of its own, it is that one.
func defaultConfig() Config {
	limits := execution.DefaultLimits()
	return Config{
		Listen: "127.0.0.1:8080", Data: "./data", Store: "sqlite", Plugins: "./bin/plugins", Trust: string(pluginhost.TrustApproved), Region: "DE", Collation: schema.DefaultCollation,
		Mail: Mail{Security: string(mail.StartTLS), Inbox: Inbox{Security: string(mail.TLS), Folder: "INBOX"}},
		Log:  Log{Format: "text", Level: "info"},
		Limits: Limits{
			Page: graphql.DefaultMaxPageSize, Count: graphql.DefaultMaxCount,
			Depth: limits.Depth, Cost: limits.Cost, DocumentBytes: limits.DocumentBytes,
			BodyBytes: transport.DefaultMaxBodyBytes, Subscriptions: transport.DefaultMaxSubscriptions,
			Connections: 10_000, FileBytes: file.DefaultMaxSize,
		},
		Timeout: Timeout{Request: limits.EventTime, Body: transport.DefaultBodyTimeout, Store: 5 * time.Second, Plugin: 2 * time.Second, Shutdown: 10 * time.Second},
	}
}

// ServerURL is where a client command finds the server.
func (c Config) ServerURL() string {
	if c.Server != "" {
		return strings.TrimRight(c.Server, "/")
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "http://" + c.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// check reports every setting that cannot be meant, all at once.
func (c Config) check() error {
	var faults []error
	fault := func(key, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s (%s) "+format, append([]any{key, variable(key)}, args...)...))
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		fault("listen", "must be an address with a port such as 127.0.0.1:8080, not %q", c.Listen)
	}
	// The value is not repeated: it may hold a password.
	if !slices.Contains([]string{"sqlite", "memory"}, c.Store) && !strings.HasPrefix(c.Store, "mongodb://") && !strings.HasPrefix(c.Store, "mongodb+srv://") {
		fault("store", "must be sqlite, memory, or begin with mongodb://")
	}
	if trusts := []string{string(pluginhost.TrustApproved), string(pluginhost.TrustAny)}; !slices.Contains(trusts, c.Trust) {
		fault("trust", "must be approved or any, not %q", c.Trust)
	}
	if phonenumbers.GetCountryCodeForRegion(c.Region) == 0 {
		fault("region", "must be a country by its two letters such as DE, not %q", c.Region)
	}
	if _, err := schema.NewCollation(c.Collation); err != nil {
		fault("collation", "must be a language whose order is known, %w", err)
	}
	if c.Server != "" && !strings.HasPrefix(c.Server, "http://") && !strings.HasPrefix(c.Server, "https://") {
		fault("server", "must begin with http:// or https://, not %q", c.Server)
	}
	if c.Pages.Host != "" && !hostName.MatchString(c.Pages.Host) {
		fault("pages.host", "must be a host name in lower case such as crm.example.com, without a port, not %q", c.Pages.Host)
	}
	c.Mail.check(fault)
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		fault("log.format", "must be text or json, not %q", c.Log.Format)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		fault("log.level", "must be debug, info, warn or error, not %q", c.Log.Level)
	}
	for _, s := range settingsOf(c) {
		if shared := strings.HasSuffix(s.key, "Memory"); shared && s.value.Int() < 0 {
			fault(s.key, "must be 0 or more, not %v", s.value)
		} else if !shared && s.value.CanInt() && s.value.Int() <= 0 {
			fault(s.key, "must be more than 0, not %v", s.value)
		}
	}
	return errors.Join(faults...)
}
