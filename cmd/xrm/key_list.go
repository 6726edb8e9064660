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
		Short:   "List the API keys: whose they are and what they may do",
		Long:    "Lists the keys in the store of the server. The secret part is kept nowhere.",
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
	fmt.Fprintln(table, "ID\tNAME\tROLES\tPARTY\tCREATED")
	for _, k := range listed(keys) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.ID, printable(k.Name), strings.Join(k.Roles, ", "), k.Party, k.CreatedAt.Format(time.DateTime))
	}
	return table.Flush()
}

func listed(keys []core.Key) []listedKey {
	list := []listedKey{}
	for _, k := range keys {
		list = append(list, listedKey{ID: k.ID, Name: k.Name, Roles: k.Roles, Party: k.Party, CreatedAt: k.CreatedAt})
	}
	return list
}

func (p *program) keyRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Revoke an API key",
		Long:    "Removes a key. A running server refuses it within three seconds. The last key of an\nadministrator cannot be removed.",
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
