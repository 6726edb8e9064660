package mail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// report is what a mail server says about a mail, for each recipient in a line:
// ADDRESS ACTION STATUS.
func report(messageID string, fates ...string) string {
	var b strings.Builder
	for _, f := range fates {
		parts := strings.Fields(f)
		fmt.Fprintf(&b, "\nFinal-Recipient: rfc822; %s\nAction: %s\nStatus: %s\nDiagnostic-Code: smtp; 550 %[3]s in its words\n", parts[0], parts[1], parts[2])
	}
	return `Return-Path: <>
From: MAILER-DAEMON@mx.example.com
Subject: Undelivered Mail
Message-ID: <` + strings.Join(strings.Fields(strings.Join(fates, "")), "") + `@mx.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
` + b.String() + `
--b
Content-Type: text/rfc822-headers

Message-ID: <` + messageID + `>
--b--
`
}

// sentTo sends a mail, and returns its id and Message-ID.
func (w *world) sentTo(to ...string) (id, messageID string) {
	w.Helper()
	id = w.post(core.Mail{Plugin: "complaints", Key: strings.Join(to, " "), To: to, Subject: "Your complaint", Text: "We have it."}).ID
	w.look()
	return id, id + "@example.org"
}

// suppressed are the addresses to which nothing is sent, and why.
func (w *world) suppressed() (all []string) {
	for _, v := range w.all("suppression") {
		all = append(all, fmt.Sprint(v["address"], " ", v["reason"], ": ", v["detail"]))
	}
	return all
}

func (w *world) wantSuppressed(want ...string) {
	w.Helper()
	if got := w.suppressed(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.Errorf("suppressed are %q, want %q", got, want)
	}
}

func TestAMailThatComesBackIsKnownToHaveBounced(t *testing.T) {
	onBothStores(t, func(w *world) {
		id, messageID := w.sentTo("ada@example.com", "bob@müller.example", "eve@example.com", "joe@example.com")
		w.takeIn(report(messageID, "Ada@Example.com failed 5.1.1", "bob@xn--mller-kva.example failed 5.2.2", "eve@example.com delayed 4.4.1", "joe@example.com failed 4.4.7"))
		w.wantState(id, "sent", "bounced", "bounced", "accepted", "bounced")
		var replies []string
		for _, r := range w.is(id)["recipients"].([]any) {
			replies = append(replies, fmt.Sprint(r.(values)["reply"]))
		}
		want := "failed 5.1.1 550 5.1.1 in its words|failed 5.2.2 550 5.2.2 in its words|delayed 4.4.1 550 4.4.1 in its words|failed 4.4.7 550 4.4.7 in its words"
		if got := strings.Join(replies, "|"); got != want {
			w.Errorf("the replies are %s, want %s", got, want)
		}
		w.wantSuppressed() // each of them knows the Message-ID, and could report the others
		got := w.all("receivedMail")
		if len(got) != 1 || got[0]["kind"] != "report" || got[0]["mail"] != id || got[0]["text"] != "It could not be delivered." {
			w.Errorf("the report is %v", got)
		}
	})
}

func TestAnAddressThatNobodyReadsIsSuppressed(t *testing.T) {
	onBothStores(t, func(w *world) {
		for address, status := range map[string]string{"ada@example.com": "5.1.1", "bob@example.com": "5.2.2", "joe@example.com": "4.4.7"} {
			_, messageID := w.sentTo(address)
			w.takeIn(report(messageID, address+" failed "+status))
		}
		// A full mailbox and a host that was away say nothing about the address.
		w.wantSuppressed("ada@example.com bounced: failed 5.1.1 550 5.1.1 in its words")
	})
}

// Anybody can write to the mailbox.
func TestAForgedReportSuppressesNobody(t *testing.T) {
	onBothStores(t, func(w *world) {
		id, messageID := w.sentTo("ada@example.com")
		w.takeIn(
			report("019a-guessed@example.org", "ada@example.com failed 5.1.1"),
			report("", "ada@example.com failed 5.1.1"),
			report(messageID, "stranger@example.net failed 5.1.1"),
			"From: MAILER-DAEMON@example.com\nSubject: Undelivered\nReferences: <"+messageID+">\n\n550 5.1.1 ada@example.com does not exist",
		)
		w.wantState(id, "sent", "accepted")
		w.wantSuppressed()
		if got := w.all("receivedMail"); len(got) != 4 || got[0]["mail"] != nil || got[2]["mail"] != id || got[3]["kind"] != "automatic" {
			w.Errorf("there are %v", got)
		}
	})
}

func TestAReportThatIsFoundAgainSuppressesNoAddressThatSomebodyHasFreed(t *testing.T) {
	onBothStores(t, func(w *world) {
		_, messageID := w.sentTo("ada@example.com")
		back := report(messageID, "ada@example.com failed 5.1.1")
		w.takeIn(back)
		e := w.on.Model.Entity("suppression")
		found, err := w.records.As(core.Actor{ID: "ada", Roles: []string{core.AdminRole}}, w.on).Find(w.Context(), e, core.Query{First: 1})
		if err != nil || len(found) != 1 {
			w.Fatal(err, len(found))
		}
		w.save("suppression", record.Draft{Action: core.Deleted, ID: found[0].ID})
		w.takeIn(back)
		w.wantSuppressed()
	})
}

func TestAnAddressThatIsSuppressedAlreadyStaysAsItIs(t *testing.T) {
	onBothStores(t, func(w *world) {
		id, messageID := w.sentTo("ada@example.com")
		w.save("suppression", record.Draft{Action: core.Created, Set: values{"address": "ada@example.com", "reason": "asked", "detail": "by phone"}})
		w.takeIn(report(messageID, "ada@example.com failed 5.1.1"))
		w.wantState(id, "sent", "bounced")
		w.wantSuppressed("ada@example.com asked: by phone")
	})
}

func TestAnswersAndOwnMailsKnowOurMail(t *testing.T) {
	onBothStores(t, func(w *world) {
		id, messageID := w.sentTo("ada@example.com")
		own := w.server.letters()[0].content
		w.takeIn(
			strings.ReplaceAll(question, "Subject", "In-Reply-To: <"+messageID+">\nSubject"),
			strings.ReplaceAll(question, "Message-ID: <q1@example.com>", "Message-ID: <q2@example.com>\nReferences: <x@example.org> <"+messageID+">\n <y@example.org>"),
			"From: ada@example.com\nAuto-Submitted: auto-replied\nIn-Reply-To: <"+messageID+">\n\nI am on holiday.",
			strings.ReplaceAll(own, "\r\n", "\n"),
		)
		got := w.all("receivedMail")
		if len(got) != 4 {
			w.Fatalf("there are %v", got)
		}
		for i, want := range []string{"message", "message", "automatic", "own"} {
			if got[i]["mail"] != id || got[i]["kind"] != want {
				w.Errorf("the mail %d is of the kind %v about %v; want %s about %s", i, got[i]["kind"], got[i]["mail"], want, id)
			}
		}
		// A machine at the other end knows that no person has written it.
		if !strings.Contains(own, "Auto-Submitted: auto-generated") {
			w.Errorf("what went out is\n%s", own)
		}
	})
}
