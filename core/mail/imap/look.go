package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/incoming"
)

// atOnce is of how many mails it is asked at a time how large they are.
const atOnce = 100

// look hands over what lies beyond a place, and returns the place that is reached then.
func (s *session) look(ctx context.Context, at mail.Place, take func(context.Context, mail.Found, mail.Place) error) (mail.Place, error) {
	if at.Validity != s.validity { // the numbers of before are those of other mails
		at.Validity, at.UID = s.validity, 0
	}
	beyond := imap.UIDSet{imap.UIDRange{Start: imap.UID(at.UID) + 1}}
	var found *imap.SearchData
	err := s.within(s.patience, func() (err error) {
		found, err = s.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{beyond}, Since: at.Since}, nil).Wait()
		return err
	})
	if err != nil {
		return at, fmt.Errorf("look for new mails: %w", err)
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(uid imap.UID) bool { return uint32(uid) <= at.UID }) // n:* always has the last one
	slices.Sort(uids)
	for some := range slices.Chunk(uids, atOnce) {
		var mails []mail.Found
		err := s.within(s.patience, func() (err error) { mails, err = s.sizes(some); return err })
		if err != nil {
			return at, err
		}
		for _, f := range mails {
			if err := s.within(s.patience, func() error { return s.fetch(&f) }); err != nil {
				return at, err
			}
			at.UID = f.UID
			if err := take(ctx, f, at); err != nil {
				return at, err
			}
		}
	}
	return at, nil
}

// sizes says what there is of some mails; those that are gone are left out.
func (s *session) sizes(uids []imap.UID) (mails []mail.Found, err error) {
	said, err := s.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, fmt.Errorf("ask how large mails are: %w", err)
	}
	for _, m := range said {
		mails = append(mails, mail.Found{UID: uint32(m.UID), Size: m.RFC822Size, At: m.InternalDate})
	}
	slices.SortFunc(mails, func(a, b mail.Found) int { return int(int64(a.UID) - int64(b.UID)) })
	return mails, nil
}

// fetch reads a mail: all of it, or its header where the rest is too large. One that the
// server does not give out has a problem, which is none of those after it.
func (s *session) fetch(f *mail.Found) error {
	section := &imap.FetchItemBodySection{Peek: true}
	if f.Size > incoming.MaxSize {
		section.Specifier = imap.PartSpecifierHeader
	}
	asked := s.client.Fetch(imap.UIDSetNum(imap.UID(f.UID)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	there := false
	for m := asked.Next(); m != nil; m = asked.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			body, isBody := item.(imapclient.FetchItemDataBodySection)
			if !isBody || body.Literal == nil {
				continue
			}
			raw, err := io.ReadAll(io.LimitReader(body.Literal, incoming.MaxSize+1))
			if err != nil {
				_ = asked.Close()
				return fmt.Errorf("read a mail: %w", err)
			}
			f.Raw, there = raw, true
		}
	}
	err := asked.Close()
	var said *imap.Error
	switch {
	case errors.As(err, &said):
		f.Problem = "The mail server does not give it out: " + said.Error()
	case err != nil:
		return fmt.Errorf("read a mail: %w", err)
	case !there:
		f.Problem = "The mail server does not give it out, and does not say why."
	case section.Specifier == imap.PartSpecifierNone:
		f.Size = int64(len(f.Raw)) // what the server said before may be wrong
	}
	return nil
}
