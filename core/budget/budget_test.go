package budget_test

import (
	"context"
	"errors"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
)

const kib = 1 << 10

func begin(t *testing.T, s *budget.Server, key string) *budget.Request {
	t.Helper()
	_, r := budget.Begin(s.Of(t.Context(), key))
	return r
}

func TestBytesAreRefusedWhenARequestOrItsKeyOrAllHoldTooMany(t *testing.T) {
	const (
		tooMuch   = "The request would hold more than 100 KiB of memory, which is its limit: ask for fewer fields or a smaller page, or send less at once."
		ofTheKey  = "The requests of your key hold all of the 160 KiB of memory that a key may have at a time: wait 2 s and try again, or ask for fewer fields and smaller pages."
		ofTheRest = "The requests that run hold all of the 240 KiB of memory that there is for them: wait 2 s and try again, or ask for fewer fields and smaller pages."
	)
	s := budget.New(budget.Limits{Request: 100 * kib, Key: 160 * kib, Server: 240 * kib})
	first, second, other, last := begin(t, s, "a"), begin(t, s, "a"), begin(t, s, "b"), begin(t, s, "c")
	for _, tt := range []struct {
		what    string
		request *budget.Request
		bytes   int64
		code    core.Code
		want    string
	}{
		{"a part of what it may", first, 60 * kib, "", ""},
		{"the rest of it", first, 40 * kib, "", ""},
		{"one byte more", first, 1, core.Invalid, tooMuch},
		{"more at once than it may", second, 101 * kib, core.Invalid, tooMuch},
		{"more than its key may", second, 60 * kib, core.RateLimited, ofTheKey},
		{"what is left to its key", second, 40 * kib, "", ""},
		{"another key has its own", other, 75 * kib, "", ""},
		{"more than is left to all", last, 20 * kib, core.RateLimited, ofTheRest},
	} {
		err := tt.request.Take(tt.bytes)
		if code := core.CodeOf(err); code != tt.code || err != nil && err.Error() != tt.want {
			t.Errorf("%s: got %s %v\nwant %s %s", tt.what, code, err, tt.code, tt.want)
		}
		var ours *core.Error
		if errors.As(err, &ours) && (ours.RetryAfter > 0) != (tt.code == core.RateLimited) {
			t.Errorf("%s: try again after %s", tt.what, ours.RetryAfter)
		}
	}
	if err := second.Refused(); core.CodeOf(err) != core.Invalid {
		t.Errorf("refused first: %v, want what was Invalid", err)
	}
	first.Release()
	if err := last.Take(20 * kib); err != nil {
		t.Errorf("after another one was released: %v", err)
	}
	for _, r := range []*budget.Request{first, second, other, last} {
		r.Release()
	}
	if held, err := s.Held(), second.Refused(); held != 0 || err != nil {
		t.Errorf("after all were released %d bytes are held, and refused was %v", held, err)
	}
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	s := budget.New(budget.Limits{Request: 100 * kib})
	r := begin(t, s, "a")
	for range 1000 {
		if err := r.Take(90 * kib); err != nil {
			t.Fatal(err)
		}
		r.Give(90 * kib)
	}
	if r.Held() != 0 || s.Held() != 0 {
		t.Errorf("%d bytes are held, %d by all; want none", r.Held(), s.Held())
	}
}

func TestWithoutAServerNothingIsBounded(t *testing.T) {
	var none *budget.Server
	ctx, r := budget.Begin(none.Of(t.Context(), "a"))
	bounded, counted := budget.Begin(budget.New(budget.Limits{Request: 1}).Of(t.Context(), "a"))
	for name, ctx := range map[string]context.Context{"no server": ctx, "a context without": budget.Without(bounded)} {
		if err := budget.From(ctx).Take(1 << 40); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r.Refused() != nil || r.Held() != 0 || counted.Held() != 0 {
		t.Error("something was counted")
	}
	r.Give(1)
	r.Release()
}

func TestTheLimitsOfAServerFollowFromItsMemory(t *testing.T) {
	const mib = 1 << 20
	for memory, want := range map[int64]budget.Limits{
		240 * mib:    {Request: 10 * mib, Key: 20 * mib, Server: 60 * mib},
		1440 * mib:   {Request: 60 * mib, Key: 120 * mib, Server: 360 * mib},
		144000 * mib: {Request: 128 * mib, Key: 12000 * mib, Server: 36000 * mib},
	} {
		if got := budget.For(memory); got != want {
			t.Errorf("with %d bytes: %+v, want %+v", memory, got, want)
		}
	}
}

func TestAPluginHasAsMuchAsAKeyAndIsToldSo(t *testing.T) {
	s := budget.New(budget.Limits{Key: 160 * kib})
	_, one := budget.Begin(s.OfPlugin(t.Context(), "cti"))
	ctx, two := budget.Begin(s.OfPlugin(t.Context(), "cti"))
	if err := one.Take(100 * kib); err != nil {
		t.Fatal(err)
	}
	const want = "The callbacks and endpoints of the plugin cti hold all of the 160 KiB of memory that a plugin may have at a time: wait 2 s and try again, or ask for fewer fields and smaller pages."
	if err := two.Take(100 * kib); core.CodeOf(err) != core.RateLimited || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if budget.From(ctx) != two || budget.From(one.Context(ctx)) != one {
		t.Error("a context does not belong to the request that it was made of")
	}
	if err := begin(t, s, "cti").Take(160 * kib); err != nil {
		t.Errorf("a key of the same name: %v", err)
	}
}
