package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Config is the configuration of a plugin, typed by a struct whose fields have
// these tags: json names them, doc describes them, default is their value
// where the admin says nothing, enum lists the values that are allowed, with
// commas between. A field without a default must be given, unless it is a
// pointer. The types are string, bool, the int types, Decimal, Duration,
// structs, and slices of these.
//
//	type settings struct {
//		SLA Duration `json:"sla" default:"48h" doc:"Time until a complaint is overdue."`
//	}
//
//	config := &sdk.Config[settings]{}
//
// The admin writes it under config in PLUGINS/NAME.yaml. xrm checks it against
// the JSON Schema that is made of the struct, and hands over every change while
// the plugin runs. The zero Config is ready for use.
type Config[T any] struct {
	// Check refuses what the types cannot: Reject("sla", "must be a working day
	// at least"). nil takes everything.
	Check func(T) error

	value atomic.Pointer[T]
}

// Get returns the configuration as it is now. It is safe for concurrent use,
// and the zero T until the plugin has been configured, which is before any
// other handler runs.
func (c *Config[T]) Get() T {
	if value := c.value.Load(); value != nil {
		return *value
	}
	var none T
	return none
}

// Configurable is a *Config.
type Configurable interface {
	describe(t *typer) []byte
	set(encoded []byte) error
}

func (c *Config[T]) set(encoded []byte) error {
	var value T
	if err := json.Unmarshal(encoded, &value); err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	if c.Check != nil {
		if err := c.Check(value); err != nil {
			return err
		}
	}
	c.value.Store(&value)
	return nil
}

// Duration is a time span in a Config: "48h", "1h30m", "14d". A day has 24 hours.
type Duration time.Duration

// MarshalText writes it as the admin does.
func (d Duration) MarshalText() ([]byte, error) {
	const day = Duration(24 * time.Hour)
	if days := d / day; d%day == 0 && days != 0 {
		return fmt.Appendf(nil, "%dd", days), nil
	}
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads "1d12h30m".
func (d *Duration) UnmarshalText(text []byte) error {
	const mostDays = int64(math.MaxInt64 / (24 * time.Hour))
	head, rest, has := strings.Cut(string(text), "d")
	if !has {
		head, rest = "0", string(text)
	}
	days, err := strconv.ParseInt(head, 10, 64)
	if err != nil || days < 0 || days > mostDays {
		return fmt.Errorf("%q is no time span; write it as 14d, 48h or 1d12h30m", text)
	}
	var within time.Duration
	if rest != "" || !has {
		if within, err = time.ParseDuration(rest); err != nil {
			return err
		}
	}
	if *d = Duration(time.Duration(days)*24*time.Hour + within); *d < Duration(within) {
		return fmt.Errorf("%q is longer than the 292 years that a time span can have", text)
	}
	return nil
}

// Std returns it as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

func (s *server) Configure(_ context.Context, r *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	answer := &pluginpb.ConfigureResponse{}
	if s.plugin.Config == nil {
		return answer, nil
	}
	answer.Error = s.run(nil, "Configure", func(Host) error { return s.plugin.Config.set(bytes.Clone(r.GetConfig())) })
	return answer, nil
}
