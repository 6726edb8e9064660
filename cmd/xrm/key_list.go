package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
	"github.com/spf13/cobra"
)

func (p *program) keyListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the API keys: whose they are, what they may do, when they end and were used",
		Long:    "Lists the keys in the store of the server. The secret part is kept nowhere. When a\nkey was used last is known to the minute or so.",
		Example: "  xrm key list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.listKeys(cmd, config, asJSON)
		},
	}
	configFlags(cmd.Flags(), "data", "store")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// listedKey is what `key list --json` prints.
type listedKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	Party     string    `json:"party,omitempty"`
	CreatedAt time.Time `json:"createdAt"`

	ExpiresAt  time.Time `json:"expiresAt,omitzero"`
	LastUsedAt time.Time `json:"lastUsedAt,omitzero"`
}

func (p *program) listKeys(cmd *cobra.Command, c Config, asJSON bool) (err error) {
	s, err := openSharedStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	keys, err := s.Keys(cmd.Context())
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(p.out).Encode(listed(keys))
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tROLES\tPARTY\tCREATED\tEXPIRES\tLAST USED")
	for _, k := range listed(keys) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, printable(k.Name), strings.Join(k.Roles, ", "), k.Party,
			k.CreatedAt.Format(time.DateTime), orElse(k.ExpiresAt, "never"), orElse(k.LastUsedAt, "-"))
	}
	return table.Flush()
}

// orElse is a time, or what stands for none.
func orElse(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Format(time.DateTime)
}

func listed(keys []core.Key) []listedKey {
	list := []listedKey{}
	for _, k := range keys {
		list = append(list, listedKey{ID: k.ID, Name: k.Name, Roles: k.Roles, Party: k.Party, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt})
	}
	return list
}

func (p *program) keyRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Revoke an API key",
		Long:    "Removes a key. A running server refuses it within three seconds. The last key of an\nadministrator that does not expire cannot be removed.",
		Example: "  xrm key revoke 01a200c9-fe43-7f37-9e99-b35cac2ec466",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.revokeKey(cmd, config, args[0])
		},
	}
	configFlags(cmd.Flags(), "data", "store")
	return cmd
}

func (p *program) revokeKey(cmd *cobra.Command, c Config, id string) (err error) {
	s, err := openSharedStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	removed, err := identity.Desk{Keyring: s}.RemoveKey(cmd.Context(), id)
	if err != nil {
		return err
	}
	if !removed {
		return fmt.Errorf("there is no key with the id %s; xrm key list shows them", id)
	}
	_, err = fmt.Fprintf(p.out, "The key %s is revoked.\n", id)
	return err
}
