package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playPostman is a plugin that sends receipts.
func playPostman(p *sdk.Plugin) {
	type order struct {
		To  string `json:"to"`
		Key string `json:"key"`
	}
	p.Mails = fstest.MapFS{"mails/receipt.de.txt": {Data: []byte("Subject: Ihre Anfrage {{.key}}\n\nWir haben sie.\n")}}
	p.Operations = []sdk.Operation{sdk.Mutation("sendReceipt", func(ctx context.Context, host sdk.Host, in order) (string, error) {
		mail, err := host.SendMail(ctx, sdk.Mail{Key: in.Key, To: []string{in.To}, Template: "receipt", Values: map[string]any{"key": in.Key}})
		return mail.ID, err
	}).ForEverybody()}
}

// post is a mail server that can be told to think about each mail that it has been given.
type post struct {
	address string

	mu    sync.Mutex
	mails []string
	slow  bool
	given chan struct{} // gets one for each mail that it thinks about
}

func servePost(t *testing.T) *post {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{address: listener.Addr().String(), given: make(chan struct{}, 100)}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.talk(conn)
		}
	}()
	return p
}

func (p *post) talk(conn net.Conn) {
	defer conn.Close()
	say := func(line string) { fmt.Fprint(conn, line+"\r\n") }
	say("220 post.example.org")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		switch verb := strings.ToUpper(strings.Fields(lines.Text() + " x")[0]); verb {
		case "DATA":
			say("354 go on")
			var content strings.Builder
			for lines.Scan() && lines.Text() != "." {
				content.WriteString(lines.Text() + "\n")
			}
			p.mu.Lock()
			p.mails = append(p.mails, content.String())
			slow := p.slow
			p.mu.Unlock()
			if slow {
				p.given <- struct{}{}
				for lines.Scan() { // until whoever waits is gone
				}
				return
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

func (p *post) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.mails...)
}

func (p *post) thinks(slow bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = slow
}

// mailIs returns how a mail stands for an administrator.
func (p *process) mailIs(id string) (state string) {
	p.t.Helper()
	var data struct{ Mail struct{ State string } }
	if err := json.Unmarshal([]byte(p.must(`query($id: ID!) { mail(id: $id) { state } }`, map[string]any{"id": id})), &data); err != nil {
		p.t.Fatal(err)
	}
	return data.Mail.State
}

func (p *process) sendsReceipt(key string) (id string) {
	p.t.Helper()
	var data struct{ SendReceipt string }
	if err := json.Unmarshal([]byte(p.must(`mutation($key: String!) { sendReceipt(to: "ada@example.com", key: $key) }`, map[string]any{"key": key})), &data); err != nil {
		p.t.Fatal(err)
	}
	return data.SendReceipt
}

func TestAMailIsNeverSentTwiceThoughTheServerIsKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		office := servePost(t)
		plugins := t.TempDir()
		cast(t, plugins, "postman", "needs: {mail: true}")
		data := t.TempDir()
		environ := []string{"XRM_MAIL_SERVER=" + office.address, "XRM_MAIL_SECURITY=none", "XRM_MAIL_FROM=Example Ltd <service@example.org>"}
		flags = append(flags, "--plugins", plugins)
		p := spawn(t, data, environ, flags...).ready()
		wanted := func(id, state string) {
			t.Helper()
			eventually(t, func() string {
				if is := p.mailIs(id); is != state {
					return "the mail is " + is
				}
				return ""
			})
		}

		first := p.sendsReceipt("1")
		wanted(first, "sent")
		if again := p.sendsReceipt("1"); again != first {
			t.Errorf("the mail with the key is %s, and %s when it is sent again", first, again)
		}

		office.thinks(true)
		second := p.sendsReceipt("2")
		<-office.given // all of it, and has not answered yet
		p.kill()
		office.thinks(false)
		p = spawn(t, data, environ, flags...).ready()
		wanted(second, "unknown")
		wanted(p.sendsReceipt("3"), "sent") // so the sender has looked
		if got := office.got(); len(got) != 3 || !strings.Contains(got[1], "Message-Id: <"+second+"@example.org>") {
			t.Errorf("the mail server got %q", got)
		}
		if got := p.must(`{ mails(filter: {state: {eq: unknown}}) { nodes { subject messageId } } }`, nil); got != fmt.Sprintf(`{"mails":{"nodes":[{"subject":"Ihre Anfrage 2","messageId":"%s@example.org"}]}}`, second) {
			t.Errorf("for a person to look at: %s", got)
		}
		p.must(`mutation($id: ID!) { transitionMail(id: $id, to: queued) { mail { state } } }`, map[string]any{"id": second})
		wanted(second, "sent")
	})
}

func TestAPluginThatWasNotGrantedToSendsNoMail(t *testing.T) {
	t.Parallel()
	office := servePost(t)
	plugins := t.TempDir()
	cast(t, plugins, "postman", "")
	p := spawn(t, t.TempDir(), []string{"XRM_MAIL_SERVER=" + office.address, "XRM_MAIL_SECURITY=none", "XRM_MAIL_FROM=service@example.org"}, "--plugins", plugins).ready()
	want := "The plugin postman may not send mails: nobody has granted that. Under needs its plugin.yaml has to have mail: true. Then approve it: xrm plugin approve postman."
	if err := p.ask(`mutation { sendReceipt(to: "ada@example.com", key: "1") }`, nil, &struct{}{}); !strings.Contains(refusal(err), want) && !strings.Contains(p.log.String(), want) {
		t.Errorf("got %s", refusal(err))
	}
}

func TestASiteWithoutAMailServerHasNoMailsAndSaysSo(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "postman", "needs: {mail: true}")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	want := "UNAVAILABLE No mail can be sent: the site has no mail server yet. An administrator sets mail.server and mail.from."
	if got := refusal(p.ask(`mutation { sendReceipt(to: "ada@example.com", key: "1") }`, nil, &struct{}{})); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	if got := refusal(p.ask(`{ mails { nodes { id } } }`, nil, &struct{}{})); !strings.Contains(got, `Cannot query field "mails"`) {
		t.Errorf("got %s", got)
	}
}
